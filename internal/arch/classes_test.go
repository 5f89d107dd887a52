package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// byComparisonAlone are the classes of change that no script reaches through the
// command: tests of the comparison itself do. The list may only become shorter.
var byComparisonAlone = []string{
	"evaluator-changed", "guard-changed", "guard-tightened", "new-evaluator", "new-generated-code", "new-native-addon",
	"new-prebuilt-binary", "new-source", "registry-changed", "removed-evaluator", "removed-generated-code", "removed-source",
	"source-format-changed",
}

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
		reached := regexp.MustCompile(`(?m)^(?:stdout '\^)?  ` + c[1] + ` |"class":"` + c[1] + `"`).MatchString(told.String())
		if listed := slices.Contains(byComparisonAlone, c[1]); reached == listed {
			t.Errorf("%s: reached by a script %v, listed as not reached %v", c[1], reached, listed)
		}
	}
}
