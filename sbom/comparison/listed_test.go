package comparison

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/sbom"
)

// loads makes a guard that lets an image in /app load files, each written
// "PATH CONTENT" or "PATH CONTENT FORMAT".
func loads(files ...string) sbom.Guard {
	l := &sources.List{Node: "22"}
	for _, f := range files {
		words := strings.Fields(f)
		e := sources.Entry{Path: "/app/" + words[0], SHA256: cas.Sum([]byte(words[1])), Format: sources.CommonJS, Reasons: []sources.Reason{sources.Static}}
		if strings.HasPrefix(words[0], "/") {
			e.Path = words[0]
		}
		if len(words) > 2 {
			e.Format = sources.Format(words[2])
		}
		l.Entries = append(l.Entries, e)
	}
	l.Sort()
	return sbom.Guard{Workdir: "/app", Mode: "enforce", Eval: "enforce", List: l}
}

// guarded is an image that holds packages and loads files.
func guarded(g sbom.Guard, items ...sbom.Item) *sbom.Inventory {
	return &sbom.Inventory{Packages: items, Guards: []sbom.Guard{g}}
}

// shown lists changes of the classes that are reported about guards; hashes are cut.
func shown(d Diff) []string {
	var out []string
	for _, c := range d.Changes {
		if !slices.Contains(guardClasses, c.Class) {
			continue
		}
		text := line(c)
		for _, content := range []string{"1", "2", "3"} {
			text = strings.ReplaceAll(text, cas.Sum([]byte(content)).String(), content)
		}
		out = append(out, text)
	}
	return out
}

func TestCompareTellsWhatProductionMayLoad(t *testing.T) {
	x1, x2 := item("x", "1.0.0", "node_modules/x"), item("x", "2.0.0", "node_modules/x")
	tests := []struct {
		name string
		a, b *sbom.Inventory
		want []string
	}{
		{"the same list", guarded(loads("server.js 1", "node_modules/x/a.js 1"), x1), guarded(loads("node_modules/x/a.js 1", "server.js 1"), x1), nil},
		{"a file changed without its package",
			guarded(loads("node_modules/x/a.js 1", "node_modules/x/b.js 1"), x1), guarded(loads("node_modules/x/a.js 2", "node_modules/x/b.js 1"), x1),
			[]string{"source-changed x@1.0.0 /app/node_modules/x/a.js | sha256:1 | sha256:2"}},
		{"a file is loaded as another kind of program",
			guarded(loads("node_modules/x/a.js 1"), x1), guarded(loads("node_modules/x/a.js 1 esm"), x1),
			[]string{"source-format-changed x@1.0.0 /app/node_modules/x/a.js | cjs | esm"}},
		{"an update is one line",
			guarded(loads("node_modules/x/a.js 1", "node_modules/x/b.js 1", "node_modules/x/c.js 1", "node_modules/x/d.js 1"), x1),
			guarded(loads("node_modules/x/a.js 2", "node_modules/x/b.js 2", "node_modules/x/c.js 1", "node_modules/x/e.js 1", "node_modules/x/f.js 1"), x2),
			[]string{"updated-sources x@2.0.0 /app/node_modules/x | 4 files | 5 files: 2 with other bytes, 2 new, 1 gone"}},
		{"an update that changes nothing that loads", guarded(loads("node_modules/x/a.js 1"), x1), guarded(loads("node_modules/x/a.js 1"), x2), nil},
		{"an update with what it bundles and does not name",
			guarded(loads("node_modules/x/node_modules/y/a.js 1"), x1), guarded(loads("node_modules/x/node_modules/y/a.js 2"), x2),
			[]string{"updated-sources x@2.0.0 /app/node_modules/x | 1 file | 1 file: 1 with other bytes"}},
		{"what a package bundles changed without it",
			guarded(loads("node_modules/x/node_modules/y/a.js 1"), x1), guarded(loads("node_modules/x/node_modules/y/a.js 2"), x1),
			[]string{"source-changed x@1.0.0 /app/node_modules/x/node_modules/y/a.js | sha256:1 | sha256:2"}},
		{"more files of the same package",
			guarded(loads("node_modules/x/a.js 1"), x1),
			guarded(loads("node_modules/x/a.js 1", "node_modules/x/b.js 1", "node_modules/x/c.js 1", "node_modules/x/d.js 1", "node_modules/x/e.js 1"), x1),
			[]string{"new-source x@1.0.0 /app/node_modules/x | - | 4 files, such as b.js, c.js, d.js"}},
		{"fewer files of the same package",
			guarded(loads("node_modules/x/a.js 1", "node_modules/x/b.js 1"), x1), guarded(loads("node_modules/x/a.js 1"), x1),
			[]string{"removed-source x@1.0.0 /app/node_modules/x | 1 file: b.js | -"}},
		{"a new package, and one that is gone",
			guarded(loads("node_modules/x/a.js 1"), x1), guarded(loads("node_modules/@s/y/a.js 1", "node_modules/@s/y/b.js 1"), item("@s/y", "1.0.0", "node_modules/@s/y")),
			[]string{"new-source %40s/y@1.0.0 /app/node_modules/@s/y | - | 2 files: a.js, b.js", "removed-source x@1.0.0 /app/node_modules/x | 1 file: a.js | -"}},
		{"a package that moves with its bytes",
			guarded(loads("node_modules/z/node_modules/x/a.js 1"), item("x", "1.0.0", "node_modules/z/node_modules/x")), guarded(loads("node_modules/x/a.js 1"), x1),
			[]string{"updated-sources x@1.0.0 /app/node_modules/x | 1 file at /app/node_modules/z/node_modules/x | 1 file with the same bytes"}},
		{"a package that moves and is changed on the way",
			guarded(loads("node_modules/z/node_modules/x/a.js 1", "node_modules/z/node_modules/x/b.js 1"), item("x", "1.0.0", "node_modules/z/node_modules/x")),
			guarded(loads("node_modules/x/a.js 2", "node_modules/x/b.js 1 json", "node_modules/x/c.js 1"), x1),
			[]string{
				"source-changed x@1.0.0 /app/node_modules/x/a.js | sha256:1 | sha256:2",
				"source-format-changed x@1.0.0 /app/node_modules/x/b.js | cjs | json",
				"new-source x@1.0.0 /app/node_modules/x | - | 1 file: c.js",
			}},
		{"an update that moves",
			guarded(loads("node_modules/z/node_modules/x/a.js 1"), item("x", "1.0.0", "node_modules/z/node_modules/x")), guarded(loads("node_modules/x/a.js 2"), x2),
			[]string{"updated-sources x@2.0.0 /app/node_modules/x | 1 file at /app/node_modules/z/node_modules/x | 1 file: 1 with other bytes"}},
		{"a copy more of what stays",
			guarded(loads("node_modules/x/a.js 1"), x1),
			guarded(loads("node_modules/x/a.js 1", "node_modules/z/node_modules/x/a.js 2"), x1, item("x", "1.0.0", "node_modules/z/node_modules/x")),
			[]string{"source-changed x@1.0.0 /app/node_modules/z/node_modules/x/a.js | sha256:1 | sha256:2"}},
		{"another package in its place",
			guarded(loads("node_modules/x/a.js 1", "node_modules/x/b.js 1"), x1), guarded(loads("node_modules/x/a.js 2"), item("evil", "1.0.0", "node_modules/x")),
			[]string{"new-source evil@1.0.0 /app/node_modules/x | - | 1 file: a.js", "removed-source x@1.0.0 /app/node_modules/x | 2 files: a.js, b.js | -"}},
		{"the project's own files",
			guarded(loads("a.js 1", "b.js 1", "c.js 1", "d.js 1")), guarded(loads("a.js 1", "b.js 2", "c.js 1 esm", "e.js 1 json")),
			[]string{
				"own-source-changed  /app/b.js | sha256:1 | sha256:2", "own-source-changed  /app/c.js | cjs | esm",
				"new-own-source  /app/e.js | - | json", "removed-source  /app/d.js | cjs | -",
			}},
		{"packages outside of the working folder",
			guarded(loads("/srv/api/node_modules/x/a.js 1", "/node_modules/z/a.js 1"), item("x", "1.0.0", "srv/api/node_modules/x"), item("z", "1.0.0", "node_modules/z")),
			guarded(loads("/srv/api/node_modules/x/a.js 2", "/node_modules/z/a.js 2"), item("x", "1.0.1", "srv/api/node_modules/x"), item("z", "1.0.1", "node_modules/z")),
			[]string{
				"updated-sources x@1.0.1 /srv/api/node_modules/x | 1 file | 1 file: 1 with other bytes",
				"updated-sources z@1.0.1 /node_modules/z | 1 file | 1 file: 1 with other bytes",
			}},
		{"an image of which the list is not known", guarded(loads("a.js 1")), &sbom.Inventory{}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, shown(Compare(test.a, test.b))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What hides behind an update of another file, or of a package of the same name, is
// reported all the same.
func TestNoUpdateExplainsTheFilesOfAnother(t *testing.T) {
	x1, x2 := item("x", "1.0.0", "node_modules/x"), item("x", "2.0.0", "node_modules/x")
	tests := []struct {
		name string
		a, b *sbom.Inventory
		want string
	}{
		{"a folder of the same name elsewhere",
			guarded(loads("node_modules/x/a.js 1", "lib/node_modules/x/a.js 1"), x1), guarded(loads("node_modules/x/a.js 2", "lib/node_modules/x/a.js 2"), x2),
			"source-changed  /app/lib/node_modules/x/a.js | sha256:1 | sha256:2"},
		{"a folder of the same name that is new",
			guarded(loads("node_modules/x/a.js 1"), x1), guarded(loads("node_modules/x/a.js 2", "lib/node_modules/x/a.js 2"), x2),
			"new-source  /app/lib/node_modules/x | - | 1 file: a.js"},
		{"a copy at the root, which has the same name in the BOM",
			guarded(loads("node_modules/x/a.js 1"), x1), guarded(loads("node_modules/x/a.js 2", "/node_modules/x/a.js 2"), x2),
			"new-source  /node_modules/x | - | 1 file: a.js"},
		{"a package that the second sbom.BOM does not name",
			guarded(loads("node_modules/x/a.js 1"), x1), guarded(loads("node_modules/x/a.js 2")),
			"source-changed x@1.0.0 /app/node_modules/x/a.js | sha256:1 | sha256:2"},
		{"a package inside of one that was updated",
			guarded(loads("node_modules/x/a.js 1", "node_modules/x/node_modules/y/a.js 1"), x1, item("y", "1.0.0", "node_modules/x/node_modules/y")),
			guarded(loads("node_modules/x/a.js 2", "node_modules/x/node_modules/y/a.js 2"), x2, item("y", "1.0.0", "node_modules/x/node_modules/y")),
			"source-changed y@1.0.0 /app/node_modules/x/node_modules/y/a.js | sha256:1 | sha256:2"},
		{"a file beside the packages",
			guarded(loads("node_modules/a.js 1")), guarded(loads("node_modules/a.js 2")),
			"source-changed  /app/node_modules/a.js | sha256:1 | sha256:2"},
		{"a file beside the packages of a scope",
			guarded(loads("node_modules/@s/a.js 1")), guarded(loads("node_modules/@s/a.js 2")),
			"source-changed  /app/node_modules/@s/a.js | sha256:1 | sha256:2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := shown(Compare(test.a, test.b)); !slices.Contains(got, test.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestCompareTellsWhatMayTurnStringsIntoCode(t *testing.T) {
	a, b := loads("node_modules/x/a.js 1", "node_modules/x/b.js 1", "lib/c.js 1"), loads("node_modules/x/a.js 2", "node_modules/x/b.js 1", "lib/c.js 1")
	approve := func(g *sbom.Guard, path, content, reason string) {
		g.List.Evaluators = append(g.List.Evaluators, sources.Evaluator{Path: path, SHA256: cas.Sum([]byte(content)), Reason: reason})
	}
	approve(&a, "/app/node_modules/x/a.js", "1", "templates")
	approve(&a, "/app/node_modules/x/b.js", "1", "was needed")
	approve(&b, "/app/node_modules/x/a.js", "2", "templates")
	approve(&b, "/app/lib/c.js", "1", "a shell")
	a.List.Generated = []sources.Generated{{SHA256: cas.Sum([]byte("1")), Reason: "an old template"}}
	b.List.Generated = []sources.Generated{{SHA256: cas.Sum([]byte("2")), Reason: "a template"}}
	want := []string{
		"new-evaluator  /app/lib/c.js | - | a shell",
		"new-generated-code  sha256:2 | - | a template",
		"evaluator-changed x@2.0.0 /app/node_modules/x/a.js | sha256:1 | sha256:2",
		"updated-sources x@2.0.0 /app/node_modules/x | 2 files | 2 files: 1 with other bytes",
		"removed-evaluator x@2.0.0 /app/node_modules/x/b.js | was needed | -",
		"removed-generated-code  sha256:1 | an old template | -",
	}
	got := shown(Compare(guarded(a, item("x", "1.0.0", "node_modules/x")), guarded(b, item("x", "2.0.0", "node_modules/x"))))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The order in which anything is reported never counts, and what is compared with
// itself gives nothing.
func TestCompareOfListsDoesNotDependOnOrder(t *testing.T) {
	image := func(n int, versions ...string) *sbom.Inventory {
		g, r := loads(), rand.New(rand.NewPCG(uint64(n), 1))
		v := &sbom.Inventory{}
		for i, version := range versions {
			name := "p" + string(rune('a'+i))
			v.Packages = append(v.Packages, item(name, version, "node_modules/"+name))
			for _, f := range []string{"a", "b", "c"} {
				g.List.Entries = append(g.List.Entries, loads("node_modules/"+name+"/"+f+".js "+version+f).List.Entries...)
			}
		}
		g.List.Entries = append(g.List.Entries, loads("own.js "+versions[0]).List.Entries...)
		g.Lets = []sbom.Setting{{Name: "guard.children", Value: "/bin/a"}, {Name: "guard.children", Value: "/bin/" + versions[0]}}
		other := g
		other.Platform = "linux/arm64"
		v.Guards = []sbom.Guard{g, other}
		r.Shuffle(len(g.List.Entries), func(i, j int) { g.List.Entries[i], g.List.Entries[j] = g.List.Entries[j], g.List.Entries[i] })
		r.Shuffle(len(v.Packages), func(i, j int) { v.Packages[i], v.Packages[j] = v.Packages[j], v.Packages[i] })
		r.Shuffle(len(v.Guards), func(i, j int) { v.Guards[i], v.Guards[j] = v.Guards[j], v.Guards[i] })
		r.Shuffle(len(g.Lets), func(i, j int) { g.Lets[i], g.Lets[j] = g.Lets[j], g.Lets[i] })
		return v
	}
	first := Compare(image(0, "1.0.0", "1.0.0", "1.0.0"), image(0, "1.0.0", "2.0.0", "1.0.0"))
	if len(first.Changes) == 0 {
		t.Fatal("nothing changed")
	}
	for n := range 20 {
		a, b := image(n, "1.0.0", "1.0.0", "1.0.0"), image(n+7, "1.0.0", "2.0.0", "1.0.0")
		if diff := cmp.Diff(first, Compare(a, b)); diff != "" {
			t.Fatal(diff)
		}
		if again := Compare(b, image(n+9, "1.0.0", "2.0.0", "1.0.0")); len(again.Changes) > 0 {
			t.Fatalf("compared with itself: %s", again.Text())
		}
	}
}

func BenchmarkCompareLists(b *testing.B) {
	image := func(version string) *sbom.Inventory {
		v, g := &sbom.Inventory{}, loads()
		for i := range 600 {
			name := "p" + strings.Repeat("x", i%30) + string(rune('a'+i/30))
			v.Packages = append(v.Packages, item(name, version, "node_modules/"+name))
			for f := range 20 {
				g.List.Entries = append(g.List.Entries, loads("node_modules/"+name+"/"+string(rune('a'+f))+".js "+version).List.Entries...)
			}
		}
		v.Guards = []sbom.Guard{g}
		return v
	}
	x, y := image("1.0.0"), image("2.0.0")
	for b.Loop() {
		if len(Compare(x, y).Changes) != 1200 {
			b.Fatal("not an upgrade and a line each")
		}
	}
}
