package pipelines

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/snapshot"
)

func TestScriptsOfAPackageAreThoseThatNPMWouldRun(t *testing.T) {
	for name, c := range map[string]struct {
		says *snapshot.PackageFacts
		want []Lifecycle
	}{
		"nothing is known": {nil, nil},
		"none":             {&snapshot.PackageFacts{}, nil},
		"npm's order": {&snapshot.PackageFacts{Scripts: map[string]string{"postinstall": "c", "install": "b", "preinstall": "a"}},
			[]Lifecycle{{"preinstall", "a"}, {"install", "b"}, {"postinstall", "c"}}},
		"a binding.gyp alone": {&snapshot.PackageFacts{Gyp: true}, []Lifecycle{{"install", NodeGyp}}},
		"a binding.gyp and a postinstall": {&snapshot.PackageFacts{Gyp: true, Scripts: map[string]string{"postinstall": "c"}},
			[]Lifecycle{{"install", NodeGyp}, {"postinstall", "c"}}},
		"a binding.gyp that its own script builds": {&snapshot.PackageFacts{Gyp: true, Scripts: map[string]string{"install": "b"}}, []Lifecycle{{"install", "b"}}},
		"a binding.gyp and a preinstall":           {&snapshot.PackageFacts{Gyp: true, Scripts: map[string]string{"preinstall": "a"}}, []Lifecycle{{"preinstall", "a"}}},
	} {
		if diff := cmp.Diff(c.want, LifecycleOf(c.says)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestABlockForAVersionGoesBeforeOneForAnyVersion(t *testing.T) {
	n := Npm{Scripts: []Script{{Package: "a", Reason: "any"}, {Package: "a@2.0.0", Reason: "two"}}}
	for version, want := range map[string]string{"1.0.0": "any", "2.0.0": "two"} {
		if got := n.Allows("a", version); got == nil || got.Reason != want {
			t.Errorf("%s: %+v", version, got)
		}
	}
	if n.Allows("b", "1.0.0") != nil {
		t.Error("b is allowed")
	}
}
