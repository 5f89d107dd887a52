package rule

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/rulefile"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// mark ends a line of a snippet at which its rule must find a place.
const mark = "//!"

// snippet is a file, or a package in a folder, of testdata/RULE.txtar. What is below
// found has places, what is below clean has none.
type snippet struct {
	rule, name string
	found      bool
	files      []txtar.File // names relative to the package
}

func snippets(t *testing.T) []snippet {
	t.Helper()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all []snippet
	for _, a := range archives {
		archive, err := txtar.ParseFile(a)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			side, rest, _ := strings.Cut(f.Name, "/")
			name, inside, isFolder := strings.Cut(rest, "/")
			if !isFolder {
				inside = name
			}
			s := snippet{rule: strings.TrimSuffix(filepath.Base(a), ".txtar"), name: side + "/" + name, found: side == "found"}
			i := slices.IndexFunc(all, func(o snippet) bool { return o.rule == s.rule && o.name == s.name })
			if i < 0 {
				i = len(all)
				all = append(all, s)
			}
			all[i].files = append(all[i].files, txtar.File{Name: inside, Data: f.Data})
		}
	}
	return all
}

// inventory analyses the snippet as the artefact that it would be.
func (s *snippet) inventory(t *testing.T, change func(src string) string) *dynamism.Inventory {
	t.Helper()
	x := &snapshot.Index{Package: &snapshot.PackageFacts{}}
	slices.SortFunc(s.files, func(a, b txtar.File) int { return strings.Compare(a.Name, b.Name) })
	contents := make([][]byte, len(s.files))
	for i, f := range s.files {
		contents[i] = []byte(change(string(f.Data)))
		x.Entries = append(x.Entries, snapshot.Entry{Path: f.Name, Mode: 0o644, Size: size(contents[i])})
		if f.Name == "package.json" {
			facts, err := tarball.Facts(f.Data)
			if err != nil {
				t.Fatal(err)
			}
			x.Package = facts
		}
	}
	for _, f := range s.files {
		x.Package.Gyp = x.Package.Gyp || f.Name == "binding.gyp"
		if strings.HasSuffix(f.Name, ".node") {
			x.Package.Natives = append(x.Package.Natives, f.Name)
		}
	}
	packages, err := dynamism.OfArtefact(x, func(i int) ([]byte, error) { return contents[i], nil }, dynamism.Options{})
	if err != nil {
		t.Fatal(err)
	}
	packages[0].Purl, packages[0].Path = "pkg:npm/snippet@1.0.0", "node_modules/snippet"
	return &dynamism.Inventory{Packages: packages}
}

// size is the length of a file; one that says that it is too long is.
func size(src []byte) int64 {
	if string(src) == "too long\n" {
		return bounds.SourceFile + 1
	}
	return int64(len(src))
}

// lines returns where a rule of the widest set finds something.
func lines(t *testing.T, inventory *dynamism.Inventory, id string) (at []int, sites []Site) {
	t.Helper()
	p, err := New(rulefile.Block{Rules: "experimental"})
	if err != nil {
		t.Fatal(err)
	}
	r := Judge(inventory, p, day)
	for _, d := range append(r.Denied, r.Warned...) {
		if d.Rule.ID != id {
			continue
		}
		for _, s := range d.Sites {
			at = append(at, s.Line)
			sites = append(sites, s)
		}
	}
	return at, sites
}

func marked(s *snippet) []int {
	var at []int
	for i, line := range strings.Split(string(s.files[0].Data), "\n") {
		if strings.HasSuffix(line, mark) {
			at = append(at, i+1)
		}
	}
	return at
}

func TestRulesFindWhatTheyMeanAndNothingElse(t *testing.T) {
	for _, s := range snippets(t) {
		t.Run(s.rule+"/"+s.name, func(t *testing.T) {
			at, sites := lines(t, s.inventory(t, func(src string) string { return src }), s.rule)
			want := marked(&s)
			if s.found && want == nil { // of a package, which has no lines to mark
				if len(at) == 0 {
					t.Errorf("%s finds nothing", s.rule)
				}
				return
			}
			at = slices.Compact(at)
			if diff := cmp.Diff(want, at); diff != "" {
				t.Errorf("lines of %s (-want +got):\n%s%v", s.rule, diff, sites)
			}
		})
	}
}

func TestEveryRuleHasSnippetsBothWays(t *testing.T) {
	rules, err := All()
	if err != nil {
		t.Fatal(err)
	}
	found, clean := map[string]bool{}, map[string]bool{}
	for _, s := range snippets(t) {
		if s.found {
			found[s.rule] = true
		} else {
			clean[s.rule] = true
		}
	}
	for _, r := range rules {
		if !found[r.ID] || !clean[r.ID] {
			t.Errorf("testdata/%s.txtar lacks a snippet that has a place (%t) or one that has none (%t)", r.ID, found[r.ID], clean[r.ID])
		}
	}
	for id := range found {
		if find(rules, id) < 0 {
			t.Errorf("testdata/%s.txtar is of no rule", id)
		}
	}
}

// A package can't vouch for itself: whatever its comments tell linters, or nbuild,
// the places stay.
func TestCommentsOfAPackageDoNotCount(t *testing.T) {
	ignore := func(src string) string {
		lines := strings.Split(src, "\n")
		for i, line := range lines {
			if strings.HasSuffix(line, mark) {
				lines[i] = "/* eslint-disable-line */ " + strings.TrimSuffix(line, mark) +
					"// eslint-disable-line // nosec // NOSONAR // nbuild-ignore // nosemgrep // lgtm // @ts-ignore"
			}
		}
		return "/* eslint-disable */ /* nbuild-ignore-file */ // nbuild: allow SHP-1, RCE-1\n// eslint-disable-next-line\n" + strings.Join(lines, "\n")
	}
	for _, s := range snippets(t) {
		if !s.found || marked(&s) == nil || s.rule == "MTP-3" || s.rule == "MTP-7" {
			continue
		}
		want, _ := lines(t, s.inventory(t, func(src string) string { return src }), s.rule)
		got, _ := lines(t, s.inventory(t, ignore), s.rule)
		if len(got) != len(want) {
			t.Errorf("%s %s: %d places, with comments %d", s.rule, s.name, len(want), len(got))
		}
	}
}
