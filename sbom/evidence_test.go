package sbom

import (
	"fmt"
	"slices"
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
			t.Errorf("the BOM of version %s tells the places: %v\n%s", version, has, raw)
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

func TestNewDynamismIsToldByKindAndName(t *testing.T) {
	eval, spawn, exec := finding(source.Eval, 1, "eval"), finding(source.ChildProcess, 2, "node:child_process.spawn"), finding(source.ChildProcess, 3, "node:child_process.exec")
	tests := []struct {
		name string
		a, b []source.Finding
		want []string
	}{
		{"nothing new", []source.Finding{eval, spawn}, []source.Finding{eval, spawn}, nil},
		{"less", []source.Finding{eval, spawn}, []source.Finding{spawn}, nil},
		{"another line", []source.Finding{eval}, []source.Finding{finding(source.Eval, 99, "eval")}, nil},
		{"a new kind", []source.Finding{spawn}, []source.Finding{spawn, eval},
			[]string{"high: - -> eval: 1 place\nlib/a.js:1: eval at 1: x"}},
		{"more of it", []source.Finding{eval}, []source.Finding{eval, finding(source.Eval, 7, "eval")},
			[]string{"high: eval: 1 place -> eval: 2 places\nlib/a.js:7: eval at 7: x"}},
		{"another function", []source.Finding{spawn}, []source.Finding{exec},
			[]string{"high: child_process: 1 place -> child_process: 1 place, new are node:child_process.exec\nlib/a.js:3: node:child_process.exec at 3: x"}},
		{"everyday", nil, []source.Finding{finding(source.LazyRequire, 1, "require")},
			[]string{"low: - -> lazy-require: 1 place\nlib/a.js:1: require at 1: x"}},
		{"machine code is told once", nil, []source.Finding{{Kind: source.NativeAddon, File: "x.node", Excerpt: "x.node"}},
			[]string{"high: - -> x.node"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before, after := lodash("1.0.0", test.a...), lodash("1.0.1", test.b...)
			for _, p := range []*Package{&before, &after} {
				for _, f := range p.Found.Findings {
					if f.Kind == source.NativeAddon {
						p.Facts.Natives = []string{f.File}
					}
				}
			}
			d := Compare(written(t, contentsOf(before), "1.6").Inventory(), written(t, contentsOf(after), "1.6").Inventory())
			var got []string
			for _, c := range d.Changes {
				if c.Class == Upgrade {
					continue
				}
				from := "-"
				if c.From != nil {
					from = *c.From
				}
				got = append(got, fmt.Sprintf("%s: %s -> %s", c.Severity, from, *c.To))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatNobodyLookedIntoIsNotCompared(t *testing.T) {
	blind := lodash("1.0.0")
	blind.Found = nil
	d := Compare(written(t, contentsOf(blind), "").Inventory(), written(t, contentsOf(lodash("1.0.1", finding(source.Eval, 1, "eval"))), "").Inventory())
	if slices.ContainsFunc(d.Changes, func(c Change) bool { return c.Class == NewDynamism }) {
		t.Errorf("new dynamism since a BOM that tells none: %v", d.Changes)
	}
}

func TestANewPackageIsMeasuredAgainstNothing(t *testing.T) {
	d := Compare(written(t, contentsOf(), "").Inventory(), written(t, contentsOf(lodash("1.0.0", finding(source.Eval, 1, "eval"))), "").Inventory())
	if !slices.ContainsFunc(d.Changes, func(c Change) bool { return c.Class == NewDynamism && c.From == nil }) {
		t.Errorf("eval of a new package is not told: %v", d.Changes)
	}
}

func TestAGateOnNewDynamismLetsEverydayChangesPass(t *testing.T) {
	change := func(s Severity) Diff { return Diff{Changes: []Change{{Class: NewDynamism, Severity: s}}} }
	for _, test := range []struct {
		gate    Gate
		stopped []Severity
	}{
		{Gate{Review: []Class{NewDynamism}}, []Severity{Critical, High, Medium}},
		{DefaultGate(), []Severity{Critical, High}},
		{Gate{Deny: []Class{Upgrade}}, nil},
	} {
		for _, s := range severities {
			if got := len(test.gate.Check(change(s), false)) > 0; got != slices.Contains(test.stopped, s) {
				t.Errorf("%+v stops %s: %v", test.gate, s, got)
			}
		}
	}
}
