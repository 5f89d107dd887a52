package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryClassOfChangeStopsWhereItIsDenied looks for the lines of scripts that hold
// the command to a class: it is reported with the severity that the page gives it, and a gate
// that names it stops. A class that nothing real reaches is a gate that never closes.
func TestEveryClassOfChangeStopsWhereItIsDenied(t *testing.T) {
	page, err := os.ReadFile("../../docs/diff-classes.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("../../cmd/nbuild/testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(text)
	}
	classes := regexp.MustCompile(`(?m)^\| ([a-z-]+) \| (critical|high|medium|low|info) \|`).FindAllStringSubmatch(string(page), -1)
	if len(classes) < 30 {
		t.Fatalf("the page has %d classes", len(classes))
	}
	for _, c := range classes {
		line := "\ndenied " + c[1] + " " + c[2] + " "
		if !strings.Contains(lines.String(), line) {
			t.Errorf("no script has a line %q", strings.TrimSpace(line))
		}
	}
}
