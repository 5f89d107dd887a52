package npm

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nbuild/nbuild/internal/locked"
)

var linux = locked.Options{OS: "linux", CPU: "x64", Libc: "glibc", NodeVersion: "22.15.0"}

func plan(t *testing.T, o locked.Options, root string, entries ...string) *locked.Tree {
	t.Helper()
	l, err := ReadLockfile([]byte(lockWith(root, entries...)), "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := locked.Plan(l, o)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func paths(tree *locked.Tree) []string {
	var out []string
	for _, p := range tree.Packages {
		out = append(out, p.Path)
	}
	return out
}

func TestPlanTree(t *testing.T) {
	const a, b, c, d = "node_modules/a", "node_modules/b", "node_modules/c", "node_modules/d"
	noDev := linux
	noDev.Omit = []string{"dev"}
	noOptional := linux
	noOptional.Omit = []string{"optional"}
	noBoth := linux
	noBoth.Omit = []string{"dev", "optional"}
	noPeer := linux
	noPeer.Omit = []string{"peer"}
	legacy := linux
	legacy.LegacyPeerDeps = true
	tests := map[string]struct {
		o       locked.Options
		root    string
		entries []string
		want    []string
	}{
		"flags are not read": {
			noDev, `"dependencies": {"a": "1"}`,
			[]string{dep(a, "1.0.0", `"dev": true`), dep(b, "1.0.0", "")}, []string{a},
		},
		"dev": {
			noDev, `"dependencies": {"a": "1"}, "devDependencies": {"b": "1"}`,
			[]string{dep(a, "1.0.0", `"dependencies": {"c": "1"}`), dep(b, "1.0.0", `"dependencies": {"c": "1", "d": "1"}`), dep(c, "1.0.0", ""), dep(d, "1.0.0", "")}, []string{a, c},
		},
		"a package's devDependencies are nobody's": {
			linux, `"dependencies": {"a": "1"}`,
			[]string{dep(a, "1.0.0", `"devDependencies": {"b": "1"}`), dep(b, "1.0.0", "")}, []string{a},
		},
		"dependencies beat devDependencies only where npm says so": {
			noDev, `"dependencies": {"a": "1"}, "devDependencies": {"a": "1"}`,
			[]string{dep(a, "1.0.0", "")}, nil,
		},
		"optional peers are not asked for": {
			linux, `"dependencies": {"a": "1"}`,
			[]string{dep(a, "1.0.0", `"peerDependencies": {"b": "1", "c": "1"}, "peerDependenciesMeta": {"b": {"optional": true}}`), dep(b, "1.0.0", ""), dep(c, "1.0.0", "")}, []string{a, c},
		},
		"peers with legacy-peer-deps": {
			legacy, `"dependencies": {"a": "1"}`,
			[]string{dep(a, "1.0.0", `"peerDependencies": {"b": "1"}`), dep(b, "1.0.0", "")}, []string{a},
		},
		"peers left out": {
			noPeer, `"dependencies": {"a": "1", "c": "1"}`,
			[]string{dep(a, "1.0.0", `"peerDependencies": {"b": "1", "c": "1"}`), dep(b, "1.0.0", ""), dep(c, "1.0.0", "")}, []string{a, c},
		},
		"what hangs on a skipped optional": {
			linux, `"optionalDependencies": {"a": "1", "d": "1"}`,
			[]string{dep(a, "1.0.0", `"os": ["darwin"], "dependencies": {"b": "1", "c": "1"}`), dep(b, "1.0.0", ""), dep(c, "1.0.0", ""), dep(d, "1.0.0", `"dependencies": {"c": "1"}`)}, []string{c, d},
		},
		"an optional whose dependency can't run": {
			linux, `"optionalDependencies": {"a": "1"}`,
			[]string{dep(a, "1.0.0", `"dependencies": {"b": "1"}`), dep(b, "1.0.0", `"cpu": ["!x64"]`)}, nil,
		},
		"two skipped ones share": {
			linux, `"optionalDependencies": {"a": "1", "b": "1"}`,
			[]string{dep(a, "1.0.0", `"os": ["darwin"], "dependencies": {"c": "1"}`), dep(b, "1.0.0", `"os": ["win32"], "dependencies": {"c": "1"}`), dep(c, "1.0.0", "")}, nil,
		},
		"libc and engines": {
			linux, `"optionalDependencies": {"a": "1", "b": "1", "c": "1"}`,
			[]string{dep(a, "1.0.0", `"libc": ["musl"]`), dep(b, "1.0.0", `"engines": {"node": ">=23"}`), dep(c, "1.0.0", `"libc": ["glibc"], "engines": {"node": "^20 || >=22"}`)}, []string{c},
		},
		"optional left out": {
			noOptional, `"dependencies": {"a": "1"}, "optionalDependencies": {"b": "1"}`,
			[]string{dep(a, "1.0.0", `"optionalDependencies": {"c": "1"}`), dep(b, "1.0.0", `"dependencies": {"a": "1"}`), dep(c, "1.0.0", "")}, []string{a},
		},
		"reached by dev and by optional": {
			noDev, `"devDependencies": {"a": "1"}, "optionalDependencies": {"b": "1"}`,
			[]string{dep(a, "1.0.0", `"dependencies": {"c": "1"}`), dep(b, "1.0.0", `"dependencies": {"c": "1"}`), dep(c, "1.0.0", "")}, []string{b, c},
		},
		"reached by dev and by optional, both left out": {
			noBoth, `"devDependencies": {"a": "1"}, "optionalDependencies": {"b": "1"}`,
			[]string{dep(a, "1.0.0", `"dependencies": {"c": "1"}`), dep(b, "1.0.0", `"dependencies": {"c": "1"}`), dep(c, "1.0.0", "")}, nil,
		},
		"nested and cyclic": {
			linux, `"dependencies": {"a": "1"}`,
			[]string{dep(a, "1.0.0", `"dependencies": {"b": "2"}`), dep(a+"/node_modules/b", "2.0.0", `"dependencies": {"a": "1"}`), dep(b, "1.0.0", "")}, []string{a, a + "/node_modules/b"},
		},
		"bundled ones come along": {
			linux, `"dependencies": {"a": "1"}`,
			[]string{dep(a, "1.0.0", `"bundleDependencies": ["b"], "dependencies": {"b": "1", "c": "1"}`), `"node_modules/a/node_modules/b": {"version": "1.0.0", "inBundle": true}`, `"node_modules/a/node_modules/d": {"version": "1.0.0", "inBundle": true, "os": ["win32"]}`, dep(c, "1.0.0", "")},
			[]string{a, a + "/node_modules/b", a + "/node_modules/d", c},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, paths(plan(t, test.o, test.root, test.entries...))); diff != "" {
				t.Errorf("paths (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanTreeEdgesAreNodes(t *testing.T) {
	o := linux
	o.LegacyPeerDeps = true
	tree := plan(t, o, `"dependencies": {"a": "^1", "alias": "npm:@real/x@2"}, "devDependencies": {"b": "1"}`,
		dep("node_modules/a", "1.0.0", `"dependencies": {"b": "2"}, "optionalDependencies": {"gone": "1"}, "peerDependencies": {"alias": "*"}`),
		dep("node_modules/a/node_modules/b", "2.0.0", ""), dep("node_modules/alias", "2.0.0", `"name": "@real/x"`), dep("node_modules/b", "1.0.0", ""),
		dep("node_modules/gone", "1.0.0", `"os": ["aix"]`))
	want := []locked.Edge{{Name: "a", To: "node_modules/a", Kind: locked.Prod, Spec: "^1"}, {Name: "alias", To: "node_modules/alias", Kind: locked.Prod, Spec: "npm:@real/x@2"}, {Name: "b", To: "node_modules/b", Kind: locked.Dev, Spec: "1"}}
	if diff := cmp.Diff(want, tree.Root); diff != "" {
		t.Errorf("root (-want +got):\n%s", diff)
	}
	a, _ := tree.Find("node_modules/a")
	want = []locked.Edge{{Name: "alias", To: "node_modules/alias", Kind: locked.Peer, Spec: "*"}, {Name: "b", To: "node_modules/a/node_modules/b", Kind: locked.Prod, Spec: "2"}}
	if diff := cmp.Diff(want, a.Dependencies); diff != "" {
		t.Errorf("a (-want +got):\n%s", diff)
	}
	alias, _ := tree.Find("node_modules/alias")
	if got := alias.Purl(); got != "pkg:npm/%40real/x@2.0.0" {
		t.Errorf("purl = %s", got)
	}
}

func TestPartIsWhatOnePackageNeeds(t *testing.T) {
	tree := plan(t, linux, `"dependencies": {"a": "1", "other": "1"}`,
		dep("node_modules/a", "1.0.0", `"dependencies": {"b": "1", "c": "1"}`),
		dep("node_modules/a/node_modules/b", "1.0.0", `"dependencies": {"a": "1"}`),
		dep("node_modules/c", "1.0.0", `"dependencies": {"inner": "1"}, "bundleDependencies": ["inner"]`),
		`"node_modules/c/node_modules/inner": {"version": "1.0.0", "inBundle": true}`,
		dep("node_modules/other", "1.0.0", ""))
	part, ok := tree.Part("a")
	if !ok {
		t.Fatal("there is no a")
	}
	want := []string{"node_modules/a", "node_modules/a/node_modules/b", "node_modules/c", "node_modules/c/node_modules/inner"}
	if diff := cmp.Diff(want, paths(part)); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]locked.Edge{{Name: "a", To: "node_modules/a", Kind: locked.Prod, Spec: "1"}}, part.Root); diff != "" {
		t.Errorf("root (-want +got):\n%s", diff)
	}
	if _, ok := tree.Part("b"); ok {
		t.Error("a package that is not at the top is a part")
	}
}

func TestPlanTreeRefuses(t *testing.T) {
	tests := map[string]struct {
		o       locked.Options
		root    string
		entries []string
		want    []string
	}{
		"platform": {
			linux, `"dependencies": {"a": "1"}`,
			[]string{dep("node_modules/a", "1.0.0", `"os": ["darwin"]`)}, []string{"NB0361 6 a@1.0.0 does not run on linux/x64 (glibc)"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l, err := ReadLockfile([]byte(lockWith(test.root, test.entries...)), "package-lock.json")
			if err != nil {
				t.Fatal(err)
			}
			_, err = locked.Plan(l, test.o)
			if diff := cmp.Diff(test.want, problemLines(err)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := locked.Plan(&Lockfile{root: &Entry{}}, locked.Options{Omit: []string{"prod"}}); err == nil {
		t.Error("an unknown word to omit was taken")
	}
}

func TestPlanTreeKeepsLinks(t *testing.T) {
	tree := plan(t, linux, `"devDependencies": {"a": "file:packages/a"}`, `"node_modules/a": {"link": true, "resolved": "packages/a"}`, `"packages/a": {"version": "1.0.0", "dependencies": {"b": "1"}}`, dep("node_modules/b", "1.0.0", ""))
	if diff := cmp.Diff([]string{"node_modules/a", "node_modules/b"}, paths(tree)); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if tree.Packages[0].Link != "packages/a" || !tree.Packages[1].Dev {
		t.Errorf("packages = %+v", tree.Packages)
	}
}

func TestBinLinks(t *testing.T) {
	tree := plan(t, linux, `"dependencies": {"a": "1", "B": "1", "a-x": "1", "@s/p": "1"}`,
		dep("node_modules/@s/p", "1.0.0", `"bin": {"p": "cli.js", "tool": "tool.js"}`),
		dep("node_modules/a", "1.0.0", `"bin": {"tool": "bin/tool", "gone": "gone.js"}, "dependencies": {"c": "1"}`),
		dep("node_modules/a/node_modules/c", "1.0.0", `"bin": {"c": "c"}`),
		dep("node_modules/a-x", "1.0.0", `"bin": {"gone": "x", "late": "a"}`),
		dep("node_modules/B", "1.0.0", `"bin": {"late": "b"}`))
	got := tree.BinLinks(func(p *locked.Package, file string) bool { return file != "gone.js" })
	want := []locked.BinLink{
		{Path: "node_modules/.bin/late", Target: "../a-x/a"},
		{Path: "node_modules/.bin/p", Target: "../@s/p/cli.js"},
		{Path: "node_modules/.bin/tool", Target: "../@s/p/tool.js"},
		{Path: "node_modules/a/node_modules/.bin/c", Target: "../c/c"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

func TestEngineFits(t *testing.T) {
	tests := []struct {
		spec, version string
		want          bool
	}{
		{"", "22.1.0", true}, {"*", "22.1.0", true}, {">=18", "", true}, {">=18", "22.1.0", true}, {">= 18.0.0 <19 || >=22", "20.1.0", false},
		{"^20.19.0 || ^22.12.0 || >=23", "22.11.0", false}, {"^20.19.0 || ^22.12.0 || >=23", "22.12.0", true}, {"~22.1", "22.1.9", true}, {"~22.1", "22.2.0", false},
		{"22.x", "22.9.9", true}, {"22", "23.0.0", false}, {"<22", "22.0.0", false}, {"<=22", "22.9.0", true}, {">22", "22.9.0", false}, {"10 - 22", "22.9.0", true}, {"10 - 22.1", "22.2.0", false},
		{"^0.10", "0.11.0", false}, {"^0.0.3", "0.0.3", true}, {"node please", "22.1.0", false}, {">=6.0 <", "22.0.0", false}, {"v22.1.0", "22.1.0", true}, {">=", "22.0.0", false},
	}
	for _, test := range tests {
		if got := engineFits(test.spec, test.version); got != test.want {
			t.Errorf("engineFits(%q, %q) = %v, want %v", test.spec, test.version, got, test.want)
		}
	}
}

// TestEdgesAreOfWhatIsNotOmitted: development names c and d, and production reaches
// them another way. npm ls --omit gives the project no edge to them.
func TestEdgesAreOfWhatIsNotOmitted(t *testing.T) {
	const a, c, d = "node_modules/a", "node_modules/c", "node_modules/d"
	for omit, want := range map[string][]string{"": {"a prod", "c dev", "d optional"}, "dev": {"a prod", "d optional"}, "optional": {"a prod", "c dev"}} {
		o := linux
		if omit != "" {
			o.Omit = []string{omit}
		}
		tree := plan(t, o, `"dependencies": {"a": "1"}, "devDependencies": {"c": "1"}, "optionalDependencies": {"d": "1"}`,
			dep(a, "1.0.0", `"dependencies": {"c": "1", "d": "1"}`), dep(c, "1.0.0", ""), dep(d, "1.0.0", ""))
		var got []string
		for _, e := range tree.Root {
			got = append(got, e.Name+" "+string(e.Kind))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("without %q (-want +got):\n%s", omit, diff)
		}
		if diff := cmp.Diff([]string{a, c, d}, paths(tree)); diff != "" {
			t.Errorf("without %q, packages (-want +got):\n%s", omit, diff)
		}
	}
}

func TestMarkedAreExecutableWithoutALink(t *testing.T) {
	lock, err := ReadLockfile([]byte(`{"lockfileVersion": 3, "packages": {"": {"dependencies": {"a": "1", "b": "1"}},
"node_modules/a": {"version": "1.0.0", "integrity": "`+strong+`", "bin": {"a": "bin/a.js"}},
"node_modules/b": {"version": "1.0.0", "integrity": "`+strong+`", "resolved": "https://registry.example.com/b/-/b-1.0.0.tgz", "bin": {"b": "b.js"}}}}`), "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, bare := range []bool{false, true} {
		tree, err := locked.Plan(lock, locked.Options{NoBinLinks: bare})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		if bare {
			want["node_modules/a/bin/a.js"] = true
		}
		if diff := cmp.Diff(want, tree.Marked()); diff != "" {
			t.Errorf("without links %v:\n%s", bare, diff)
		}
		if n := len(tree.BinLinks(func(*locked.Package, string) bool { return true })); bare != (n == 0) {
			t.Errorf("without links %v: %d links", bare, n)
		}
	}
}

const strong = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
