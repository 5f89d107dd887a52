package npm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
)

// unusable are entries that no tree can take, by what is wrong with them. Each stands
// at node_modules/x, where a line of its own begins at 6, or below it.
var unusable = map[string]struct {
	entries []string
	want    []string
}{
	"differ by case": {
		[]string{dep("node_modules/x", "1.0.0", `"dependencies": {"X": "1"}`), dep("node_modules/X", "1.0.0", "")},
		[]string{`NB0354 6 the folders "node_modules/X" and "node_modules/x" are one on other systems`},
	},
	"short digest": {[]string{`"node_modules/x": {"version": "1.0.0", "integrity": "sha512-AAAA"}`}, []string{`NB0355 6 "node_modules/x" has an integrity in which no digest can be read: "sha512-AAAA"`}},
	"two digests": {
		[]string{
			dep("node_modules/x", "1.0.0", `"dependencies": {"y": "1"}`), dep("node_modules/y", "1.0.0", `"dependencies": {"x": "1"}`),
			`"node_modules/y/node_modules/x": {"version": "1.0.0", "integrity": "` + strings.Replace(anySRI, "AAAA", "BBBB", 1) + `"}`,
		},
		[]string{`NB0357 8 x@1.0.0 has another integrity at "node_modules/y/node_modules/x" than at "node_modules/x"`},
	},
	"link out":        {[]string{`"node_modules/x": {"link": true, "resolved": "../a"}`}, []string{`NB0358 6 the link "node_modules/x" to "../a" has no entry for its target`}},
	"link to nothing": {[]string{`"node_modules/x": {"link": true, "resolved": "packages/b"}`}, []string{`NB0358 6 the link "node_modules/x" to "packages/b" has no entry for its target`}},
	"link to itself":  {[]string{`"node_modules/x": {"link": true, "resolved": "node_modules/x"}`}, []string{`NB0358 6 the link "node_modules/x" to "node_modules/x" leads back to where it stands`}},
	"link far out":    {[]string{`"node_modules/x": {"link": true, "resolved": "/etc"}`}, []string{`NB0358 6 the link "node_modules/x" to "/etc" names no folder`}},
	"link to what is outside": {[]string{`"../a": {"name": "x", "version": "1.0.0"}`, `"../a/node_modules/y": {"version": "1.0.0"}`, `"node_modules/x": {"link": true, "resolved": "../a"}`},
		[]string{`NB0359 8 "node_modules/x" is a link to "../a", a folder outside of the project`}},
	"link without end":  {[]string{`"node_modules/x": {"link": true, "resolved": ""}`}, []string{`NB0358 6 the link "node_modules/x" to "" names no folder`}},
	"link to a link":    {[]string{`"node_modules/x": {"link": true, "resolved": "node_modules/y"}`, `"node_modules/y": {"link": true, "resolved": "a"}`}, []string{`NB0358 6 the link "node_modules/x" to "node_modules/y" leads to another link`, `NB0358 7 the link "node_modules/y" to "a" has no entry for its target`}},
	"an unlinked one":   {[]string{`"node_modules/x": {"version": "1.0.0", "resolved": "file:kit"}`}, []string{`NB0359 6 x@1.0.0 comes from the folder "kit"`}},
	"another platform":  {[]string{dep("node_modules/x", "1.0.0", `"os": ["darwin"]`)}, []string{"NB0361 6 x@1.0.0 does not run on linux/x64 (glibc)"}},
	"no version":        {[]string{dep("node_modules/x", "", "")}, []string{`NB0363 6 "node_modules/x" has the name "x" and the version ""`}},
	"no name":           {[]string{dep("node_modules/x", "1.0.0", `"name": "../b"`)}, []string{`NB0363 6 "node_modules/x" has the name "../b" and the version "1.0.0"`}},
	"git":               {[]string{`"node_modules/x": {"version": "1.0.0", "resolved": "git+ssh://git@git.example.com/acme/x.git#97edff6f525f192a3f83cea1944765f769ae2678"}`}, []string{`NB0364 6 x@1.0.0 comes from git, from git+ssh://git.example.com/acme/x.git`}},
	"git, with digest":  {[]string{dep("node_modules/x", "1.0.0", `"resolved": "git+https://token@git.example.com/acme/x.git"`)}, []string{`NB0364 6 x@1.0.0 comes from git, from git+https://git.example.com/acme/x.git`}},
	"a tarball outside": {[]string{dep("node_modules/x", "1.0.0", `"resolved": "file:../x-1.0.0.tgz"`)}, []string{`NB0365 6 x@1.0.0 is a tarball outside of the project, "../x-1.0.0.tgz"`}},
	"another scheme":    {[]string{dep("node_modules/x", "1.0.0", `"resolved": "ftp://me:secret@files.example.com/x.tgz?key=secret"`)}, []string{`NB0365 6 "node_modules/x" comes from "ftp://files.example.com/x.tgz", which nbuild can't read`}},
}

func TestPlanTreeRefusesWhatItTakesAndCantHave(t *testing.T) {
	for name, test := range unusable {
		t.Run(name, func(t *testing.T) {
			l := read(t, `"dependencies": {"x": "1"}`, test.entries...)
			tree, err := locked.Plan(l, linux)
			if diff := cmp.Diff(test.want, problemLines(err)); diff != "" || tree != nil {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			for _, p := range diag.All(err) {
				if p.Remedy == "" || p.Why == "" || p.Pos.File == "" {
					t.Errorf("%s has no remedy, no reason or no place", p.Code)
				}
			}
		})
	}
}

// What production does not take does not stop it, whatever is wrong with it; and
// nobody is stopped by what nothing asks for.
func TestPlanTreeJudgesNothingElse(t *testing.T) {
	production := linux
	production.Omit = []string{"dev"}
	for name, test := range unusable {
		t.Run(name, func(t *testing.T) {
			entries := append([]string{dep("node_modules/oak", "1.0.0", "")}, test.entries...)
			for way, l := range map[string]*Lockfile{
				"of development": read(t, `"dependencies": {"oak": "1"}, "devDependencies": {"x": "1"}`, entries...),
				"of nobody":      read(t, `"dependencies": {"oak": "1"}`, entries...),
			} {
				tree, err := locked.Plan(l, production)
				if err != nil {
					t.Fatalf("%s: %v", way, err)
				}
				if diff := cmp.Diff([]string{"node_modules/oak"}, paths(tree)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", way, diff)
				}
			}
			all := read(t, `"dependencies": {"oak": "1"}, "devDependencies": {"x": "1"}`, entries...)
			if _, err := locked.Plan(all, linux); err == nil {
				t.Error("a tree with development was planned")
			}
			tree, err := locked.PlanAvailable(all, linux)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := tree.Find("node_modules/oak"); !ok || len(tree.Left) != len(test.want) {
				t.Errorf("%d packages are left out, want %d; the tree has %v", len(tree.Left), len(test.want), paths(tree))
			}
			for _, left := range tree.Left {
				if _, ok := tree.Find(left.Path); ok {
					t.Errorf("%s is left out and in the tree", left.Path)
				}
			}
			if part, ok, err := locked.PlanPackage(all, linux, "oak"); err != nil || !ok || len(part.Packages) != 1 {
				t.Errorf("oak alone: %v, %v", ok, err)
			}
			if part, ok, err := locked.PlanPackage(all, linux, "x"); part != nil || !ok || err == nil {
				t.Errorf("x alone: %v, %v", ok, err)
			}
		})
	}
}

// A package inside a folder that the lockfile does not have, as a removed workspace
// leaves it behind, is nobody's.
func TestOrphansAreNobodys(t *testing.T) {
	tree := plan(t, linux, `"dependencies": {"oak": "1"}`, dep("node_modules/oak", "1.0.0", ""),
		`"packages/old/node_modules/oak": {"version": "2.0.0", "dependencies": {"elm": "1"}}`, `"packages/old/node_modules/elm": {"version": "2.0.0", "inBundle": true}`,
		`"node_modules/gone/node_modules/elm": {"version": "1.0.0"}`)
	if diff := cmp.Diff([]string{"node_modules/oak"}, paths(tree)); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestWhatOnlyTheProjectBundlesIsFetched(t *testing.T) {
	tree := plan(t, linux, `"bundleDependencies": ["a"], "dependencies": {"a": "1"}`, `"node_modules/a": {"version": "1.0.0", "inBundle": true}`)
	if a, ok := tree.Find("node_modules/a"); !ok || a.Bundler != "" {
		t.Errorf("%+v is not fetched by itself", a)
	}
}

func TestPlanTreeTellsProblemsUpToABound(t *testing.T) {
	var entries, wanted []string
	for i := range bounds.Problems + 50 {
		wanted = append(wanted, fmt.Sprintf(`"p%d": "1"`, i))
		entries = append(entries, fmt.Sprintf(`"node_modules/p%d": {"version": "1.0.0", "integrity": "sha512-AAAA"}`, i))
	}
	_, err := locked.Plan(read(t, `"dependencies": {`+strings.Join(wanted, ", ")+`}`, entries...), linux)
	ps := diag.All(err)
	if len(ps) != bounds.Problems || !strings.Contains(err.Error(), "p0") {
		t.Errorf("%d problems, want %d", len(ps), bounds.Problems)
	}
}

func read(t *testing.T, root string, entries ...string) *Lockfile {
	t.Helper()
	l, err := ReadLockfile([]byte(lockWith(root, entries...)), "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A remedy is typed by someone: what a lockfile calls a folder stays a name in it.
func TestARemedyKeepsALockfilesTextAWord(t *testing.T) {
	for name, test := range map[string]struct {
		entries []string
		want    string
	}{
		"a folder": {
			[]string{`"node_modules/x": {"version": "1.0.0", "resolved": "file:lib; touch came"}`},
			"run `npm pack './lib; touch came'` beside",
		},
		"a folder outside": {
			[]string{`"../$(touch came)": {"version": "1.0.0"}`, `"node_modules/x": {"link": true, "resolved": "../$(touch came)"}`},
			"run `npm pack '../$(touch came)'` beside",
		},
		"git": {
			[]string{`"node_modules/x": {"version": "1.0.0", "resolved": "git+https://git.example.com/a/b.git#;touch came"}`},
			"run `npm pack 'git+https://git.example.com/a/b.git#;touch%20came'` beside",
		},
		"a tarball": {
			[]string{dep("node_modules/x", "1.0.0", `"resolved": "file:../x|sh.tgz"`)},
			"run `cp '../x|sh.tgz' 'x|sh.tgz'` beside",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := locked.Plan(read(t, `"dependencies": {"x": "1"}`, test.entries...), linux)
			all := diag.All(err)
			if len(all) != 1 || !strings.Contains(all[0].Remedy, test.want) {
				t.Errorf("problems %v, not one with the remedy %s", err, test.want)
			}
		})
	}
}
