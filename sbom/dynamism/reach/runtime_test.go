package reach

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/resolution"
)

var (
	apps = flag.String("apps", "", "entries of installed programs that end by themselves, with commas between them")
	node = flag.String("node", "node", "the Node that runs them")
)

// TestMissesNothingThatLoads runs each program with a preload that writes down what
// it loads, and looks for all of it in what is found without running it.
func TestMissesNothingThatLoads(t *testing.T) {
	if *apps == "" {
		t.Skip("needs -apps DIR/ENTRY.js,…: the programs of testdata/programs, beside what they require; CI installs that")
	}
	version, err := exec.Command(*node, "--version").Output()
	if err != nil {
		t.Skipf("%v; CI installs Node", err)
	}
	for entry := range strings.SplitSeq(*apps, ",") {
		t.Run(filepath.Base(entry), func(t *testing.T) {
			loaded := record(t, entry)
			root, name := "/", strings.TrimPrefix(entry, "/")
			if dir := filepath.Dir(entry); dir != "." {
				root, name = dir, filepath.Base(entry)
			}
			res, err := Run(resolution.DirFS(root), []string{name}, Options{Node: strings.TrimSpace(string(version))})
			if err != nil {
				t.Fatal(err)
			}
			missed := 0
			for _, file := range loaded {
				at := slices.IndexFunc(res.Files, func(f File) bool { return filepath.Join(root, f.Path) == file })
				switch {
				case at < 0:
					t.Errorf("%s was loaded and not found", file)
					missed++
				case res.Files[at].Format == resolution.Other:
					t.Errorf("%s was loaded and is listed as only read", file)
				}
			}
			t.Logf("%d loaded, %d missed; %d found, %d warnings", len(loaded), missed, len(res.Files), len(res.Warnings))
			for _, w := range res.Warnings {
				t.Logf("%s:%d:%d: %s", w.File, w.Line, w.Column, w.Message)
			}
		})
	}
}

// record runs a program and returns the files that it loads, sorted.
func record(t *testing.T, entry string) []string {
	preload, err := filepath.Abs("testdata/record.cjs")
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "list")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, *node, filepath.Base(entry))
	cmd.Dir = filepath.Dir(entry)
	cmd.Env = []string{"NODE_OPTIONS=--require " + preload, "RECORD=" + list, "HOME=" + t.TempDir()}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); line != preload {
			files = append(files, line)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}
