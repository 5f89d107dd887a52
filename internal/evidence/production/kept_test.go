package production

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/sources/tracefile"
	"github.com/nbuild/nbuild/pipelines"
)

// asked is what a Keeper is asked.
type asked struct {
	program  string
	contents builder.Contents
	dynamism pipelines.Dynamism
	trace    *tracefile.File
}

func first() asked {
	return asked{
		program: "one", contents: contents(shop, "server.js"),
		dynamism: pipelines.Dynamism{
			Load:       []pipelines.Load{{Glob: "plugins/*.js", Reason: "a"}, {Glob: "none/*.js", Reason: "b"}},
			Evaluators: []pipelines.Evaluator{{Purl: "pkg:npm/ejs", Reason: "templates"}, {Purl: "pkg:npm/none", Reason: "c"}},
		},
	}
}

func (a asked) of(t *testing.T, s *cas.Store) *Result {
	t.Helper()
	r, err := Keeper{Store: s, Program: a.program}.List(t.Context(), a.contents, a.dynamism, a.trace)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var everything = cmp.Options{cmp.AllowUnexported(Result{}), cmpopts.EquateEmpty()}

// records are the files of kept lists in a store.
func records(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "results", keptResult, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A kept list is what is worked out anew, down to which blocks meant something.
func TestAKeptListIsTheListWorkedOutAnew(t *testing.T) {
	dir := t.TempDir()
	s, err := cas.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	a := first()
	want := list(t, a.contents, a.dynamism, a.trace)
	for _, time := range []string{"first", "second"} {
		got := a.of(t, s)
		if diff := cmp.Diff(want, got, everything); diff != "" {
			t.Errorf("asked the %s time:\n%s", time, diff)
		}
		if got.Imports == nil || len(records(t, dir)) != 1 {
			t.Errorf("asked the %s time: imports %v, %d records", time, got.Imports, len(records(t, dir)))
		}
	}
	if len(Unused(a.dynamism, []*Result{a.of(t, s)})) != 2 {
		t.Error("what is kept lost which blocks mean nothing")
	}
	// It was taken from the store: no file of the image was opened.
	for i := range a.contents.Members {
		a.contents.Members[i].Files = nil
	}
	if diff := cmp.Diff(want, a.of(t, s), everything); diff != "" {
		t.Error(diff)
	}
}

// Anything that a list depends on, changed by itself, is another list's key.
func TestAKeptListIsOfOneImageAndOneProgram(t *testing.T) {
	for name, change := range map[string]func(a *asked){
		"another program":        func(a *asked) { a.program = "two" },
		"another platform":       func(a *asked) { a.contents.Platform = "linux/arm64" },
		"another Node":           func(a *asked) { a.contents.Node = "24.1.0" },
		"another command":        func(a *asked) { a.contents.Command = []string{"node", "plugins/mail.js"} },
		"another working folder": func(a *asked) { a.contents.Block.Workdir, a.contents.Command[1] = "/", "app/server.js" },
		"a file of the project": func(a *asked) {
			a.contents = contents(strings.Replace(shop, "module.exports = 1", "module.exports = 2", 1), "server.js")
		},
		"a file of a package": func(a *asked) { a.contents = contents(strings.Replace(shop, "(0, eval)(s)", "s", 1), "server.js") },
		"where files lie":     func(a *asked) { a.contents.Members[0].Path = "app/lib/node_modules" },
		"a member less":       func(a *asked) { a.contents.Members = a.contents.Members[1:] },
		"a load block":        func(a *asked) { a.dynamism.Load = a.dynamism.Load[:1] },
		"an evaluator block":  func(a *asked) { a.dynamism.Evaluators[0].Reason = "other" },
		"an instrumenter block": func(a *asked) {
			a.dynamism.Instrumenters = []pipelines.Instrumenter{{Purl: "pkg:npm/ejs", Reason: "x"}}
		},
		"a generated block": func(a *asked) { a.dynamism.Generated = []pipelines.Generated{{SHA256: cas.Sum(nil), Reason: "x"}} },
		"a trace":           func(a *asked) { a.trace = &tracefile.File{} },
		"what the trace saw": func(a *asked) {
			a.trace = &tracefile.File{Files: []tracefile.Loaded{{Path: "traced.js", SHA256: cas.Sum([]byte("'loaded by a name in a database'\n"))}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := cas.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			first().of(t, s)
			a := first()
			change(&a)
			got, want := a.of(t, s), list(t, a.contents, a.dynamism, a.trace)
			if diff := cmp.Diff(want, got, everything); diff != "" {
				t.Error(diff)
			}
			if n := len(records(t, dir)); n != 2 {
				t.Errorf("%d records, want 2", n)
			}
		})
	}
}

func TestNothingIsKeptByAProgramThatCannotBeNamed(t *testing.T) {
	dir := t.TempDir()
	s, err := cas.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	a := first()
	a.program = ""
	a.of(t, s)
	if n := len(records(t, dir)); n != 0 {
		t.Errorf("%d records", n)
	}
}

// What is damaged, or names what is gone or no list, is worked out again.
func TestADamagedKeptListIsWorkedOutAgain(t *testing.T) {
	a := first()
	want := list(t, a.contents, a.dynamism, a.trace)
	put := func(t *testing.T, s *cas.Store, text string) {
		t.Helper()
		key, err := Keeper{Store: s, Program: a.program}.key(a.contents, a.dynamism, a.trace)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.PutResult(t.Context(), keptResult, key, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	damages := map[string]func(t *testing.T, s *cas.Store, dir string){
		"the record is cut": func(t *testing.T, _ *cas.Store, dir string) {
			if err := os.WriteFile(records(t, dir)[0], []byte("x"), 0o644); err != nil {
				t.Fatal(err)
			}
		},
		"it names nothing":       func(t *testing.T, s *cas.Store, _ string) { put(t, s, "nothing") },
		"it names what is gone":  func(t *testing.T, s *cas.Store, _ string) { put(t, s, cas.Sum([]byte("gone")).String()) },
		"it names another thing": func(t *testing.T, s *cas.Store, _ string) { put(t, s, stored(t, s, "no JSON")) },
		"it names no list":       func(t *testing.T, s *cas.Store, _ string) { put(t, s, stored(t, s, "{}")) },
		"it names an empty one":  func(t *testing.T, s *cas.Store, _ string) { put(t, s, stored(t, s, `{"List":null}`)) },
	}
	for _, name := range slices.Sorted(maps.Keys(damages)) {
		dir := t.TempDir()
		s, err := cas.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		a.of(t, s)
		damages[name](t, s, dir)
		if diff := cmp.Diff(want, a.of(t, s), everything); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func stored(t *testing.T, s *cas.Store, text string) string {
	t.Helper()
	d, err := s.PutBytes(t.Context(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}
