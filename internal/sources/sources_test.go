package sources_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/sources"
)

var update = flag.Bool("update", false, "write the golden file")

func digest(text string) cas.Digest { return cas.Sum([]byte(text)) }

// sample has one of everything.
func sample() *sources.List {
	l := &sources.List{
		Node: "22",
		Entries: []sources.Entry{
			{Path: "/app/server.js", SHA256: digest("server"), Format: sources.Module, Package: "/app/package.json", Reasons: []sources.Reason{sources.Traced, sources.Static}},
			{Path: "/app/package.json", SHA256: digest("app"), Format: sources.JSON, Package: "/app/package.json", Reasons: []sources.Reason{sources.Static}},
			{Path: "/app/node_modules/ejs/package.json", SHA256: digest("manifest"), Format: sources.JSON, Reasons: []sources.Reason{sources.Static}},
			{Path: "/app/node_modules/ejs/lib/ejs.js", SHA256: digest("ejs"), Format: sources.CommonJS, Package: "/app/node_modules/ejs/package.json", Reasons: []sources.Reason{sources.Static}},
			{Path: "/app/views/<a & b>.js", SHA256: digest("view"), Format: sources.CommonJS, Reasons: []sources.Reason{sources.Listed}},
			{Path: "/app/x.node", SHA256: digest("addon"), Format: sources.Addon, Reasons: []sources.Reason{sources.Traced}},
			{Path: "/app/y.wasm", SHA256: digest("wasm"), Format: sources.Wasm, Reasons: []sources.Reason{sources.Static}},
		},
		Evaluators: []sources.Evaluator{{Path: "/app/node_modules/ejs/lib/ejs.js", SHA256: digest("ejs"), Reason: "compiles templates of the image"}},
		Generated: []sources.Generated{
			{SHA256: digest("one"), Reason: "made by the build"},
			{SHA256: digest("two"), Reason: "evaluated in test"},
		},
	}
	l.Sort()
	return l
}

// instrumented is sample with a module that may rewrite others.
func instrumented() *sources.List {
	l := sample()
	l.Instrumenters = []sources.Instrumenter{{Path: "/app/server.js", SHA256: digest("server"), Reason: "traces"}}
	return l
}

// Who may rewrite others stands in a list only where there is anyone, and lists that differ
// in that are different.
func TestInstrumentersAreApprovedAsEvaluatorsAre(t *testing.T) {
	text := format(t, instrumented())
	if strings.Contains(format(t, sample()), "instrumenters") || !strings.HasSuffix(text, "\n],\n\"instrumenters\":[\n{\"path\":\"/app/server.js\",\"sha256\":\""+digest("server").String()+"\",\"reason\":\"traces\"}\n]}\n") {
		t.Error(text)
	}
	for name, change := range map[string]func(l *sources.List){
		"no entry":     func(l *sources.List) { l.Instrumenters[0].Path = "/app/none.js" },
		"another hash": func(l *sources.List) { l.Instrumenters[0].SHA256 = digest("other") },
		"no code": func(l *sources.List) {
			l.Instrumenters[0] = sources.Instrumenter{Path: "/app/y.wasm", SHA256: digest("wasm"), Reason: "x"}
		},
		"no reason": func(l *sources.List) { l.Instrumenters[0].Reason = "" },
		"twice":     func(l *sources.List) { l.Instrumenters = append(l.Instrumenters, l.Instrumenters[0]) },
	} {
		l := instrumented()
		change(l)
		if _, err := l.Format(); !errors.Is(err, sources.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sources.Parse([]byte(strings.Replace(format(t, sample()), "]}\n", "],\n\"instrumenters\":[]}\n", 1))); !errors.Is(err, sources.ErrMalformed) {
		t.Errorf("an empty list of them: %v", err)
	}
	for want, pair := range map[sources.ChangeKind][2]*sources.List{
		sources.InstrumenterAdded:   {sample(), instrumented()},
		sources.InstrumenterRemoved: {instrumented(), sample()},
	} {
		all := sources.Compare(pair[0], pair[1])
		if len(all) != 1 || all[0].Kind != want || all[0].Path != "/app/server.js" || all[0].Reason != "traces" || all[0].Entry == nil {
			t.Errorf("%s: %+v", want, all)
		}
	}
	other := instrumented()
	other.Instrumenters[0].SHA256 = digest("another text")
	if all := sources.Compare(instrumented(), other); len(all) != 1 || all[0].Kind != sources.InstrumenterChanged {
		t.Errorf("%+v", all)
	}
}

func format(t *testing.T, l *sources.List) string {
	t.Helper()
	out, err := l.Format()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// The bytes of sources/v1 are signed with images, so they never change.
func TestTheTextOfAListIsFrozen(t *testing.T) {
	got := format(t, sample())
	const golden = "testdata/sample.json"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestParseGivesBackWhatFormatWrote(t *testing.T) {
	for name, l := range map[string]*sources.List{"sample": sample(), "instrumented": instrumented(), "empty": {Node: "22.15.0"}} {
		back, err := sources.Parse([]byte(format(t, l)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(l, back); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if changes := sources.Compare(l, back); len(changes) > 0 {
			t.Errorf("%s: %v", name, changes)
		}
	}
}

func TestParseRefusesEveryOtherSpelling(t *testing.T) {
	good := format(t, sample())
	for _, c := range []struct{ name, old, new string }{
		{"another schema", "sources/v1", "sources/v2"},
		{"a space more", `"node":`, `"node": `},
		{"an unknown field", `"node":"22"`, `"node":"22","more":1`},
		{"a doubled field", `"node":"22"`, `"node":"20","node":"22"`},
		{"another case of a field", `"node"`, `"Node"`},
		{"no version", `"node":"22"`, `"node":"lts"`},
		{"a leading zero", `"node":"22"`, `"node":"022"`},
		{"null for a list", `"evaluators":[`, `"evaluators":null,"x":[`},
		{"an escape", "server.js", `server\u002ejs`},
		{"an escaped <", "<a", `\u003ca`},
		{"a relative path", `"path":"/app/server.js"`, `"path":"app/server.js"`},
		{"a path that is not clean", `"path":"/app/x.node"`, `"path":"/app/./x.node"`},
		{"an unknown format", `"format":"addon"`, `"format":"so"`},
		{"an unknown reason", `"reasons":["listed"]`, `"reasons":["trusted"]`},
		{"no reason", `"reasons":["listed"]`, `"reasons":[]`},
		{"reasons out of order", `["static","traced"]`, `["traced","static"]`},
		{"a governing file that is no entry", `"package":"/app/node_modules/ejs/package.json"`, `"package":"/app/node_modules/package.json"`},
		{"a governing file elsewhere", `server.js","sha256":"` + digest("server").String() + `","format":"esm","package":"/app/package.json"`, `server.js","sha256":"` + digest("server").String() + `","format":"esm","package":"/app/node_modules/ejs/package.json"`},
		{"an evaluator with other bytes", digest("ejs").String() + `","reason"`, digest("else").String() + `","reason"`},
		{"an evaluator that is no entry", `{"path":"/app/node_modules/ejs/lib/ejs.js","sha256":"` + digest("ejs").String() + `","reason"`, `{"path":"/app/ejs.js","sha256":"` + digest("ejs").String() + `","reason"`},
		{"a reason of two lines", "evaluated in test", `evaluated\nin test`},
		{"a hash in capitals", digest("app").String(), strings.ToUpper(digest("app").String())},
		{"text behind", "}\n", "}\n{}\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := strings.Replace(good, c.old, c.new, 1)
			if c.name == "text behind" {
				bad = strings.TrimSuffix(good, c.old) + c.new
			}
			if bad == good {
				t.Fatal("the case changes nothing")
			}
			if _, err := sources.Parse([]byte(bad)); !errors.Is(err, sources.ErrMalformed) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestFormatRefusesTwoEntriesOfOnePath(t *testing.T) {
	l := sample()
	l.Entries = append(l.Entries, l.Entries[0])
	l.Entries[len(l.Entries)-1].SHA256 = digest("other")
	l.Sort()
	if _, err := l.Format(); !errors.Is(err, sources.ErrMalformed) {
		t.Errorf("%v", err)
	}
}

func TestCompareTellsWhatMayLoadThatCouldNot(t *testing.T) {
	a, b := sample(), sample()
	b.Entries = b.Entries[:len(b.Entries)-1] // y.wasm
	e, _ := b.Find("/app/server.js")
	e.SHA256 = digest("server, changed")
	e, _ = b.Find("/app/x.node")
	e.Format = sources.CommonJS
	b.Entries = append(b.Entries, sources.Entry{Path: "/app/z.js", SHA256: digest("z"), Format: sources.CommonJS, Reasons: []sources.Reason{sources.Listed}})
	b.Evaluators = nil
	b.Generated[0].SHA256 = digest("three")
	b.Sort()
	var got []string
	for _, c := range sources.Compare(a, b) {
		got = append(got, string(c.Kind)+" "+c.Path)
	}
	want := []string{
		"source-changed /app/server.js",
		"source-format-changed /app/x.node",
		"removed-source /app/y.wasm",
		"new-source /app/z.js",
		"removed-evaluator /app/node_modules/ejs/lib/ejs.js",
	}
	if diff := cmp.Diff(want, got[:5]); diff != "" {
		t.Error(diff)
	}
	if len(got) != 7 {
		t.Errorf("%v", got)
	}
}

func TestCompareTellsAnEvaluatorThatHasOtherBytes(t *testing.T) {
	a, b := sample(), sample()
	e, _ := b.Find("/app/node_modules/ejs/lib/ejs.js")
	e.SHA256 = digest("ejs, changed")
	b.Evaluators[0].SHA256, b.Evaluators[0].Reason = e.SHA256, "read again"
	want := []sources.Change{
		{Kind: sources.Changed, Path: e.Path, From: digest("ejs").String(), To: e.SHA256.String(), Entry: e},
		{Kind: sources.EvaluatorChanged, Path: e.Path, From: digest("ejs").String(), To: e.SHA256.String(), Entry: e, Reason: "read again"},
	}
	if diff := cmp.Diff(want, sources.Compare(a, b)); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	out, err := sample().Format()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(out)
	f.Add([]byte(`{"schema":"nbuild.sources/v1","node":"22",` + "\n" + `"entries":[],` + "\n" + `"evaluators":[],` + "\n" + `"generated":[]}` + "\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		l, err := sources.Parse(src)
		if err != nil {
			return
		}
		again, err := l.Format()
		if err != nil || string(again) != string(src) {
			t.Errorf("read and written it is another: %v", err)
		}
		if changes := sources.Compare(l, l); len(changes) > 0 {
			t.Errorf("compared with itself: %v", changes)
		}
	})
}
