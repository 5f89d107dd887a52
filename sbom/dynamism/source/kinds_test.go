package source

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var exampleBlock = regexp.MustCompile("(?ms)^```js\n(.*?)^```$")

// TestEveryKindHasAPageWhoseExamplesHold runs the examples of docs/kinds: under
// "Found" the lines that end with "// found" have a finding of the kind and no other
// line has, under "Not found" there is none.
func TestEveryKindHasAPageWhoseExamplesHold(t *testing.T) {
	const folder = "../../../docs/kinds"
	pages, err := filepath.Glob(folder + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if kind := Kind(strings.TrimSuffix(filepath.Base(page), ".md")); !slices.Contains(Kinds(), kind) {
			t.Errorf("%s is of no kind", page)
		}
	}
	for _, kind := range Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			src, err := os.ReadFile(filepath.Join(folder, string(kind)+".md"))
			if err != nil {
				t.Fatal(err)
			}
			found, clear, _ := strings.Cut(string(src), "## Not found\n")
			examples := exampleBlock.FindAllStringSubmatch(found, -1)
			negatives := exampleBlock.FindAllStringSubmatch(clear, -1)
			if slices.Contains(KindsByFile(), kind) && (len(examples) == 0 || len(negatives) == 0) {
				t.Fatal("the page has no examples both ways")
			}
			for _, m := range append(examples, negatives...) {
				r := Analyse([]byte(m[1]), "example.js", Options{})
				if len(r.Errors) > 0 {
					t.Errorf("%s\n%v", m[1], r.Errors)
				}
				for i, line := range strings.Split(m[1], "\n") {
					want := strings.HasSuffix(line, "// found")
					got := slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Kind == kind && f.Line == i+1 })
					if got != want {
						t.Errorf("found %v, want %v: %s", got, want, line)
					}
				}
			}
		})
	}
}
