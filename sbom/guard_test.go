package sbom

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompareTellsWhatBecameOfTheGuard(t *testing.T) {
	set := func(change func(*Guard)) Guard {
		g := loads("server.js 1")
		g.Lets = []Setting{{"guard.children", "/bin/git"}, {"guard.permission", "fs-write=/tmp/*"}, {"guard.permission", "worker"}}
		g.Files = []Setting{{"/.nbuild/guard.cjs", "sha256:1"}, {"/.nbuild/hooks.mjs", "sha256:1"}}
		if change != nil {
			change(&g)
		}
		return g
	}
	off := Guard{Workdir: "/app"}
	tests := []struct {
		name string
		a, b Guard
		want []string
	}{
		{"nothing", set(nil), set(nil), nil},
		{"none on either side", off, off, nil},
		{"it is gone", set(nil), off, []string{"guard-removed  guard.mode | enforce | -"}},
		{"it is new", off, set(nil), []string{"guard-added  guard.mode | - | enforce"}},
		{"it only reports", set(nil), set(func(g *Guard) { g.Mode, g.Eval = "report", "report" }),
			[]string{"guard-weakened  guard.eval | enforce | report", "guard-weakened  guard.mode | enforce | report"}},
		{"it enforces again", set(func(g *Guard) { g.Mode = "report" }), set(nil), []string{"guard-tightened  guard.mode | report | enforce"}},
		{"eval is bounded no more", set(nil), set(func(g *Guard) { g.Eval = "off" }), []string{"guard-weakened  guard.eval | enforce | off"}},
		{"a program more", set(nil), set(func(g *Guard) { g.Lets = append(g.Lets, Setting{"guard.children", "/bin/sh"}) }),
			[]string{"guard-weakened  guard.children | - | /bin/sh"}},
		{"a program less", set(nil), set(func(g *Guard) { g.Lets = g.Lets[1:] }), []string{"guard-tightened  guard.children | /bin/git | -"}},
		{"no permission model any more", set(nil), set(func(g *Guard) { g.Lets = []Setting{g.Lets[0], {"guard.permission", "*"}} }),
			[]string{"guard-weakened  guard.permission | - | *"}},
		{"a permission model", set(func(g *Guard) { g.Lets = []Setting{g.Lets[0], {"guard.permission", "*"}} }), set(nil),
			[]string{"guard-tightened  guard.permission | * | -"}},
		{"all of a kind", set(nil), set(func(g *Guard) { g.Lets[1].Value = "fs-write=*" }), []string{"guard-weakened  guard.permission | - | fs-write=*"}},
		{"another guard", set(nil), set(func(g *Guard) {
			g.Files = []Setting{{"/.nbuild/guard.cjs", "sha256:2"}, {"/.nbuild/more.cjs", "sha256:1"}}
		}),
			[]string{
				"guard-changed  /.nbuild/guard.cjs | sha256:1 | sha256:2", "guard-changed  /.nbuild/hooks.mjs | sha256:1 | -",
				"guard-changed  /.nbuild/more.cjs | - | sha256:1",
			}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, told(Compare(guarded(test.a), guarded(test.b)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A platform on which nothing was released is held to what was released elsewhere.
func TestANewPlatformHidesNoSource(t *testing.T) {
	on := func(platform string, g Guard) Guard {
		g.Platform = platform
		return g
	}
	before := &Inventory{Guards: []Guard{on("linux/amd64", loads("server.js 1"))}}
	after := &Inventory{Guards: []Guard{on("linux/arm64", loads("server.js 1", "more.js 1")), on("linux/amd64", loads("server.js 1"))}}
	want := []string{"new-own-source  /app/more.js | - | cjs"}
	if diff := cmp.Diff(want, told(Compare(before, after))); diff != "" {
		t.Error(diff)
	}
	if got := told(Compare(after, before)); got != nil {
		t.Errorf("a platform that is gone loads nothing: %q", got)
	}
	after.Guards[0] = Guard{Platform: "linux/arm64"}
	if diff := cmp.Diff([]string{"guard-removed  guard.mode | enforce | -"}, told(Compare(before, after))); diff != "" {
		t.Error(diff)
	}
}

func TestAGateNamesClassesOfTheGuard(t *testing.T) {
	before, after := guarded(loads("node_modules/x/a.js 1"), item("x", "1.0.0", "node_modules/x")), guarded(loads("node_modules/x/a.js 2"), item("x", "1.0.0", "node_modules/x"))
	d := Compare(before, after)
	for _, test := range []struct {
		name  string
		gate  Gate
		asks  bool
		stops int
	}{
		{"the default", DefaultGate(), true, 1},
		{"the class", Gate{Deny: []Class{SourceChanged}}, true, 1},
		{"a review of it", Gate{Review: []Class{SourceChanged}}, true, 1},
		{"another of the list", Gate{Deny: []Class{NewSource, GuardRemoved}}, true, 0},
		{"none of the list", Gate{Deny: []Class{Upgrade}, Review: []Class{NewDynamism}}, false, 0},
	} {
		if got := test.gate.Check(d, false); len(got) != test.stops || test.gate.AsksGuards() != test.asks {
			t.Errorf("%s: %v, asks %v", test.name, got, test.gate.AsksGuards())
		}
	}
}
