package gate

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/sbom"
	"github.com/nbuild/nbuild/sbom/comparison"
)

func TestGate(t *testing.T) {
	d := comparison.Compare(
		&sbom.Inventory{Packages: []sbom.Item{{Purl: "pkg:npm/a@1.0.0", Version: "1.0.0", Path: "p", Hashes: []string{"SHA-512:1"}}}},
		&sbom.Inventory{Packages: []sbom.Item{
			{Purl: "pkg:npm/a@1.0.0", Version: "1.0.0", Path: "p", Hashes: []string{"SHA-512:2"}},
			{Purl: "pkg:npm/b@1.0.0", Version: "1.0.0", Path: "q", Inventory: true, Scripts: []string{"install: x"}},
		}},
	)
	tests := []struct {
		name string
		gate Gate
		want []string
	}{
		{"an empty gate", Gate{}, nil},
		{"deny", Gate{Deny: []comparison.Class{comparison.IntegrityChanged}}, []string{"NB3000"}},
		{"review", Gate{Review: []comparison.Class{comparison.NewPackage}}, []string{"NB3100"}},
		{"new-dynamism holds scripts", Gate{Review: []comparison.Class{comparison.NewDynamism}}, []string{"NB3100"}},
		{"denied first", Gate{Deny: []comparison.Class{comparison.NewPackage}, Review: []comparison.Class{comparison.IntegrityChanged}}, []string{"NB3000", "NB3100"}},
		{"the default", DefaultGate(), []string{"NB3000", "NB3000"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, p := range test.gate.Check(d) {
				got = append(got, string(p.Code))
				if p.Remedy == "" {
					t.Error("no remedy")
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAGateNamesClassesOfTheGuard(t *testing.T) {
	d := comparison.Diff{Changes: []comparison.Change{
		{Class: comparison.SourceChanged, Severity: comparison.Critical, Path: "/app/node_modules/x/a.js"},
	}}
	for _, test := range []struct {
		name  string
		gate  Gate
		asks  bool
		stops int
	}{
		{"the default", DefaultGate(), true, 1},
		{"the class", Gate{Deny: []comparison.Class{comparison.SourceChanged}}, true, 1},
		{"a review of it", Gate{Review: []comparison.Class{comparison.SourceChanged}}, true, 1},
		{"another of the list", Gate{Deny: []comparison.Class{comparison.NewSource, comparison.GuardRemoved}}, true, 0},
		{"none of the list", Gate{Deny: []comparison.Class{comparison.Upgrade}, Review: []comparison.Class{comparison.NewDynamism}}, false, 0},
	} {
		if got := test.gate.Check(d); len(got) != test.stops || test.gate.AsksGuards() != test.asks {
			t.Errorf("%s: %v, asks %v", test.name, got, test.gate.AsksGuards())
		}
	}
}

func TestAGateOnNewDynamismLetsEverydayChangesPass(t *testing.T) {
	change := func(s comparison.Severity) comparison.Diff {
		return comparison.Diff{Changes: []comparison.Change{{Class: comparison.NewDynamism, Severity: s}}}
	}
	back := comparison.Diff{Changes: []comparison.Change{{Class: comparison.OriginChanged, Severity: comparison.Low}}}
	if len(DefaultGate().Check(back)) > 0 {
		t.Error("a move back to the configured registry is stopped")
	}
	for _, test := range []struct {
		gate    Gate
		stopped []comparison.Severity
	}{
		{Gate{Review: []comparison.Class{comparison.NewDynamism}}, []comparison.Severity{comparison.Critical, comparison.High, comparison.Medium}},
		{DefaultGate(), []comparison.Severity{comparison.Critical, comparison.High}},
		{Gate{Deny: []comparison.Class{comparison.Upgrade}}, nil},
	} {
		for _, s := range []comparison.Severity{comparison.Critical, comparison.High, comparison.Medium, comparison.Low, comparison.Info} {
			if got := len(test.gate.Check(change(s))) > 0; got != slices.Contains(test.stopped, s) {
				t.Errorf("%+v stops %s: %v", test.gate, s, got)
			}
		}
	}
}
