package machine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/machine"
)

func TestNoProgramOfThePackagesIsRun(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"project/node_modules/.bin", "project/tools", "other/node_modules/.bin", "system"} {
		path := filepath.Join(root, dir, "git")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("project/tools", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	paths := []string{"tools", ".", ""}
	for _, dir := range []string{"project/node_modules/.bin", "project/tools", "other/node_modules/.bin", "link", "system"} {
		paths = append(paths, filepath.Join(root, dir))
	}
	host := machine.Host{Dir: filepath.Join(root, "project"), Environ: []string{"PATH=" + strings.Join(paths, ":")}}
	got, err := host.Program("git")
	if want := filepath.Join(root, "system", "git"); err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
