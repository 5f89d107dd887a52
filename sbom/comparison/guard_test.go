package comparison

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/sbom"
)

func TestCompareTellsWhatBecameOfTheGuard(t *testing.T) {
	set := func(change func(*sbom.Guard)) sbom.Guard {
		g := loads("server.js 1")
		g.Lets = []sbom.Setting{{Name: "guard.children", Value: "/bin/git"}, {Name: "guard.permission", Value: "fs-write=/tmp/*"}, {Name: "guard.permission", Value: "worker"}}
		g.Files = []sbom.Setting{{Name: "/.nbuild/guard.cjs", Value: "sha256:1"}, {Name: "/.nbuild/hooks.mjs", Value: "sha256:1"}}
		if change != nil {
			change(&g)
		}
		return g
	}
	off := sbom.Guard{Workdir: "/app"}
	tests := []struct {
		name string
		a, b sbom.Guard
		want []string
	}{
		{"nothing", set(nil), set(nil), nil},
		{"none on either side", off, off, nil},
		{"it is gone", set(nil), off, []string{"guard-removed  guard.mode | enforce | -"}},
		{"it is new", off, set(nil), []string{"guard-added  guard.mode | - | enforce"}},
		{"it only reports", set(nil), set(func(g *sbom.Guard) { g.Mode, g.Eval = "report", "report" }),
			[]string{"guard-weakened  guard.eval | enforce | report", "guard-weakened  guard.mode | enforce | report"}},
		{"it enforces again", set(func(g *sbom.Guard) { g.Mode = "report" }), set(nil), []string{"guard-tightened  guard.mode | report | enforce"}},
		{"eval is bounded no more", set(nil), set(func(g *sbom.Guard) { g.Eval = "off" }), []string{"guard-weakened  guard.eval | enforce | off"}},
		{"a program more", set(nil), set(func(g *sbom.Guard) { g.Lets = append(g.Lets, sbom.Setting{Name: "guard.children", Value: "/bin/sh"}) }),
			[]string{"guard-weakened  guard.children | - | /bin/sh"}},
		{"a program less", set(nil), set(func(g *sbom.Guard) { g.Lets = g.Lets[1:] }), []string{"guard-tightened  guard.children | /bin/git | -"}},
		{"no permission model any more", set(nil), set(func(g *sbom.Guard) { g.Lets = []sbom.Setting{g.Lets[0], {Name: "guard.permission", Value: "*"}} }),
			[]string{"guard-weakened  guard.permission | - | *"}},
		{"a permission model", set(func(g *sbom.Guard) { g.Lets = []sbom.Setting{g.Lets[0], {Name: "guard.permission", Value: "*"}} }), set(nil),
			[]string{"guard-tightened  guard.permission | * | -"}},
		{"all of a kind", set(nil), set(func(g *sbom.Guard) { g.Lets[1].Value = "fs-write=*" }), []string{"guard-weakened  guard.permission | - | fs-write=*"}},
		{"another guard", set(nil), set(func(g *sbom.Guard) {
			g.Files = []sbom.Setting{{Name: "/.nbuild/guard.cjs", Value: "sha256:2"}, {Name: "/.nbuild/more.cjs", Value: "sha256:1"}}
		}),
			[]string{
				"guard-changed  /.nbuild/guard.cjs | sha256:1 | sha256:2", "guard-changed  /.nbuild/hooks.mjs | sha256:1 | -",
				"guard-changed  /.nbuild/more.cjs | - | sha256:1",
			}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, shown(Compare(guarded(test.a), guarded(test.b)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A platform on which nothing was released is held to what was released elsewhere.
func TestANewPlatformHidesNoSource(t *testing.T) {
	on := func(platform string, g sbom.Guard) sbom.Guard {
		g.Platform = platform
		return g
	}
	before := &sbom.Inventory{Guards: []sbom.Guard{on("linux/amd64", loads("server.js 1"))}}
	after := &sbom.Inventory{Guards: []sbom.Guard{on("linux/arm64", loads("server.js 1", "more.js 1")), on("linux/amd64", loads("server.js 1"))}}
	want := []string{"new-own-source  /app/more.js | - | cjs"}
	if diff := cmp.Diff(want, shown(Compare(before, after))); diff != "" {
		t.Error(diff)
	}
	if got := shown(Compare(after, before)); got != nil {
		t.Errorf("a platform that is gone loads nothing: %q", got)
	}
	after.Guards[0] = sbom.Guard{Platform: "linux/arm64"}
	if diff := cmp.Diff([]string{"guard-removed  guard.mode | enforce | -"}, shown(Compare(before, after))); diff != "" {
		t.Error(diff)
	}
}
