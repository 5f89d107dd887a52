package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryClassOfChangeIsReachedThroughTheCommand looks for the lines of diffs in the
// scripts that run the command: a class that nothing real reaches is a gate that never
// closes.
func TestEveryClassOfChangeIsReachedThroughTheCommand(t *testing.T) {
	page, err := os.ReadFile("../../docs/diff-classes.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("../../cmd/nbuild/testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		told.Write(text)
	}
	classes := regexp.MustCompile(`(?m)^\| ([a-z-]+) \| (?:critical|high|medium|low|info) \|`).FindAllStringSubmatch(string(page), -1)
	if len(classes) < 30 {
		t.Fatalf("the page has %d classes", len(classes))
	}
	for _, c := range classes {
		reached := regexp.MustCompile(`(?m)^(?:stdout '\^)?  ` + c[1] + ` |^[^!\n]*"class":"` + c[1] + `"`)
		if !reached.MatchString(told.String()) {
			t.Errorf("no script reaches %s", c[1])
		}
	}
}
