package comparison_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom"
	"github.com/nbuild/nbuild/sbom/comparison"
	"github.com/nbuild/nbuild/sbom/dynamism"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

func finding(kind source.Kind, line int, symbol string) source.Finding {
	return source.Finding{Kind: kind, File: "lib/a.js", Line: line, Column: 3, Excerpt: fmt.Sprintf("  %s at %d: x", symbol, line), Symbol: symbol}
}

// lodash is a package in whose files things were found.
func lodash(version string, findings ...source.Finding) sbom.Package {
	return sbom.Package{
		Path: "node_modules/lodash", Name: "lodash", Version: version, Facts: &snapshot.PackageFacts{Name: "lodash", Version: version},
		Found: &dynamism.Package{Findings: findings, Files: 3},
	}
}

// read returns what is read back from a BOM of packages.
func read(t *testing.T, packages ...sbom.Package) *sbom.Inventory {
	t.Helper()
	c := &sbom.Contents{Project: sbom.Project{Name: "shop"}, Packages: packages, Complete: true}
	for _, p := range packages {
		c.Project.DependsOn = append(c.Project.DependsOn, p.Path)
	}
	doc, err := sbom.Write(c, sbom.Options{})
	if err != nil {
		t.Fatal(err)
	}
	bom, err := sbom.Parse(doc, "bom.json")
	if err != nil {
		t.Fatal(err)
	}
	return bom.Inventory()
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
		{"machine code is reported once", nil, []source.Finding{{Kind: source.NativeAddon, File: "x.node", Excerpt: "x.node"}},
			[]string{"high: - -> x.node"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before, after := lodash("1.0.0", test.a...), lodash("1.0.1", test.b...)
			for _, p := range []*sbom.Package{&before, &after} {
				for _, f := range p.Found.Findings {
					if f.Kind == source.NativeAddon {
						p.Facts.Natives = []string{f.File}
					}
				}
			}
			d := comparison.Compare(read(t, before), read(t, after))
			var got []string
			for _, c := range d.Changes {
				if c.Class == comparison.Upgrade {
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
	d := comparison.Compare(read(t, blind), read(t, lodash("1.0.1", finding(source.Eval, 1, "eval"))))
	if slices.ContainsFunc(d.Changes, func(c comparison.Change) bool { return c.Class == comparison.NewDynamism }) {
		t.Errorf("new dynamism since a BOM that has none: %v", d.Changes)
	}
}

func TestANewPackageIsMeasuredAgainstNothing(t *testing.T) {
	d := comparison.Compare(read(t), read(t, lodash("1.0.0", finding(source.Eval, 1, "eval"))))
	if !slices.ContainsFunc(d.Changes, func(c comparison.Change) bool { return c.Class == comparison.NewDynamism && c.From == nil }) {
		t.Errorf("eval of a new package is not reported: %v", d.Changes)
	}
}
