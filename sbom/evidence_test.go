package sbom

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// lodash is a package in whose files things were found.
func lodash(version string, findings ...source.Finding) Package {
	return Package{
		Path: "node_modules/lodash", Name: "lodash", Version: version, Facts: &snapshot.PackageFacts{Name: "lodash", Version: version},
		Found: &dynamism.Package{Findings: findings, Files: 3},
	}
}

func contentsOf(packages ...Package) *Contents {
	c := &Contents{Project: Project{Name: "shop"}, Packages: packages, Complete: true}
	for _, p := range packages {
		c.Project.DependsOn = append(c.Project.DependsOn, p.Path)
	}
	return c
}

func written(t *testing.T, c *Contents, version string) *BOM {
	t.Helper()
	doc, err := Write(c, Options{Version: version})
	if err != nil {
		t.Fatal(err)
	}
	if err := Validate(doc, "bom.json").Err(); err != nil {
		t.Fatal(err)
	}
	bom, err := Parse(doc, "bom.json")
	if err != nil {
		t.Fatal(err)
	}
	return bom
}

func finding(kind source.Kind, line int, symbol string) source.Finding {
	return source.Finding{Kind: kind, File: "lib/a.js", Line: line, Column: 3, Excerpt: fmt.Sprintf("  %s at %d: x", symbol, line), Symbol: symbol}
}

func TestABOMTellsWhereCodeComesToLife(t *testing.T) {
	c := contentsOf(lodash("1.0.0", finding(source.Eval, 1, "eval"), finding(source.ChildProcess, 2, "node:child_process.exec"),
		source.Finding{Kind: source.Network, File: "b.js", Line: 9, Column: 1, Excerpt: "got(x)", Through: "got"}))
	c.Packages[0].Found.Unparsed = []dynamism.Unparsed{{File: "c.js", Why: "it is cut off"}}
	for _, version := range []string{"1.5", "1.6", "1.7"} {
		raw := string(written(t, c, version).Raw())
		for _, want := range []string{
			`{"name":"nbuild:dynamism:eval","value":"1"}`, `{"name":"nbuild:dynamism:child_process","value":"1"}`,
			`{"name":"nbuild:inventory","value":"file"}`, `{"name":"nbuild:dynamism-unparsed","value":"1"}`,
		} {
			if !strings.Contains(raw, want) {
				t.Errorf("the BOM of version %s does not have %s:\n%s", version, want, raw)
			}
		}
		place := `{"location":"lib/a.js","line":1,"offset":3,"symbol":"eval","additionalContext":"eval: eval at 1: x"}`
		through := `{"location":"b.js","line":9,"offset":1,"additionalContext":"network through got: got(x)"}`
		if has := strings.Contains(raw, place) && strings.Contains(raw, through); has != (version != "1.5") {
			t.Errorf("the BOM of version %s has the places: %v\n%s", version, has, raw)
		}
		if n := strings.Count(raw, `"nbuild:dynamism:eval"`); n != 2 {
			t.Errorf("eval is counted %d times, not of the package and in all", n)
		}
	}
	item := written(t, c, "1.6").Inventory().Packages[0]
	want := []Sites{
		{Kind: "child_process", Count: 1, Symbols: []string{"node:child_process.exec"}, Places: []string{"lib/a.js:2: node:child_process.exec at 2: x"}},
		{Kind: "eval", Count: 1, Symbols: []string{"eval"}, Places: []string{"lib/a.js:1: eval at 1: x"}},
		{Kind: "network", Count: 1, Symbols: []string{""}, Places: []string{"b.js:9: got(x)"}},
	}
	if diff := cmp.Diff(want, canonicalSites(item.Sites)); diff != "" || !item.Searched {
		t.Error(diff)
	}
}

func TestABOMTellsAFewPlacesOfEachKindAndHowManyMore(t *testing.T) {
	var many []source.Finding
	for i := range bounds.Occurrences + 5 {
		many = append(many, finding(source.Filesystem, i+1, "node:fs.readFile"))
	}
	bom := written(t, contentsOf(lodash("1.0.0", many...)), "1.6")
	if n := strings.Count(string(bom.Raw()), `"location"`); n != bounds.Occurrences {
		t.Errorf("%d places, want %d", n, bounds.Occurrences)
	}
	if !strings.Contains(string(bom.Raw()), `{"name":"nbuild:dynamism-more:filesystem","value":"5"}`) {
		t.Error("it does not say how many more there are")
	}
	if s := bom.Inventory().Packages[0].Sites[0]; !s.Cut || s.Count != bounds.Occurrences+5 {
		t.Errorf("read back as %d sites, cut %v", s.Count, s.Cut)
	}
}
