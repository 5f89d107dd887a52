package project_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/machine"
)

// A problem quotes the line that it is about. In a pull request that line would be
// of whatever file of the machine a link names.
func TestAProjectShowsNothingOfAFileThatALinkLeadsOutTo(t *testing.T) {
	files := map[string]string{
		"build.hcl":         "nbuild = \"1\"\nproject \"app\" {}\n",
		"package.json":      `{"name":"app"}`,
		"package-lock.json": `{"name":"app","lockfileVersion":3,"packages":{"":{"name":"app"}}}`,
		"nbuild.lock":       "nbuild-lock 1\n",
	}
	for _, linked := range []string{"build.hcl", "package-lock.json", "nbuild.lock"} {
		for _, where := range []string{"outside", "inside"} {
			t.Run(linked+" "+where, func(t *testing.T) {
				dir, home := t.TempDir(), t.TempDir()
				write := func(path, text string) {
					t.Helper()
					if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				for name, text := range files {
					if name != linked {
						write(filepath.Join(dir, name), text)
					}
				}
				target := filepath.Join(home, "credentials")
				write(target, "token = hunter2\n")
				if where == "inside" {
					target = "real"
					write(filepath.Join(dir, target), files[linked])
				}
				if err := os.Symlink(target, filepath.Join(dir, linked)); err != nil {
					t.Fatal(err)
				}
				host := machine.Host{Dir: dir, File: "build.hcl", StoreDir: filepath.Join(home, "store"), Now: time.Now, Events: event.Discard}
				p, err := project.Open(context.Background(), host)
				if err == nil {
					defer p.Close()
					_, err = p.Lock()
				}
				if where == "inside" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				if diag.Exit(err) != 3 {
					t.Fatalf("exit %d: %v", diag.Exit(err), err)
				}
				said := err.Error()
				for _, problem := range diag.All(err) {
					said += problem.Text()
				}
				if strings.Contains(said, "hunter2") {
					t.Errorf("it is reported: %s", said)
				}
			})
		}
	}
}
