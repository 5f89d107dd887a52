package format

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
)

const (
	rough  = "a = 1\nlong=2\nb {\n}\n# end\n"
	smooth = "a    = 1\nlong = 2\nb {\n}\n# end\n"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t *testing.T, path string) string {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

func TestFilesRewrites(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "build.hcl", rough)
	r, err := Files(dir, []string{"build.hcl"}, Options{})
	if err != nil || len(r.Changed) != 1 || content(t, path) != smooth {
		t.Fatalf("%v %v %q", err, r, content(t, path))
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v", info.Mode())
	}
	if r, err = Files(dir, []string{"build.hcl"}, Options{Check: true}); err != nil || len(r.Changed) != 0 {
		t.Errorf("the second time: %v %v", err, r)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".nbuild*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCheckAndDiffLeaveTheFile(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "build.hcl", rough)
	_, err := Files(dir, []string{"build.hcl"}, Options{Check: true})
	if ps := diag.All(err); len(ps) != 1 || ps[0].Code != CodeUnformatted || diag.Exit(err) != 3 || ps[0].Pos.Line != 1 {
		t.Errorf("check: %v", err)
	}
	r, err := Files(dir, []string{"build.hcl"}, Options{Diff: true})
	want := "--- build.hcl\n+++ build.hcl\n@@ -1,5 +1,5 @@\n-a = 1\n-long=2\n+a    = 1\n+long = 2\n b {\n }\n # end\n"
	if diff := cmp.Diff(want, r.Diff); diff != "" || err != nil {
		t.Errorf("diff: %v (-want +got):\n%s", err, diff)
	}
	if content(t, path) != rough {
		t.Errorf("changed: %q", content(t, path))
	}
}

func TestWhatDoesNotParseIsNeverTouched(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "build.hcl", "a = = 1\n")
	_, err := Files(dir, []string{"build.hcl", "absent.hcl"}, Options{})
	if ps := diag.All(err); len(ps) != 2 || ps[1].Code != CodeAbsent || diag.Exit(err) != 3 {
		t.Errorf("%v", err)
	}
	if content(t, path) != "a = = 1\n" {
		t.Errorf("changed: %q", content(t, path))
	}
}
