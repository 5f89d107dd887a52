package source

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/js"
)

func TestPlacesCountUTF16FromOneAtTheFirstLineOfTheCall(t *testing.T) {
	tests := []struct {
		name, src string
		want      []Finding
	}{
		{"bmp", "é; eval('x')", []Finding{{Kind: Eval, Line: 1, Column: 4, Excerpt: "é; eval('x')", Symbol: "eval"}}},
		{"astral", "'𝒳'; eval('x')", []Finding{{Kind: Eval, Line: 1, Column: 7, Excerpt: "'𝒳'; eval('x')", Symbol: "eval"}}},
		{"crlf", "1\r\n  eval(\r\n'x')", []Finding{{Kind: Eval, Line: 2, Column: 3, Excerpt: "eval(", Symbol: "eval"}}},
		{"parentheses are part of a call", "\n(0, eval)('x')", []Finding{{Kind: Eval, Line: 2, Column: 1, Excerpt: "(0, eval)('x')", Symbol: "eval"}}},
		{"line separator", "1\u2028eval('x')", []Finding{{Kind: Eval, Line: 2, Column: 1, Excerpt: "eval('x')", Symbol: "eval"}}},
		{"new", "a = new Function('x')", []Finding{{Kind: FunctionCtor, Line: 1, Column: 5, Excerpt: "a = new Function('x')", Symbol: "Function"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for i := range test.want {
				test.want[i].File = "a.js"
			}
			if diff := cmp.Diff(test.want, Analyse([]byte(test.src), "a.js", Options{}).Findings); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExcerptHidesNothingAndDoesNothing(t *testing.T) {
	src := "eval('\u202e\x1b[2J\u200b\U000e0041')" + strings.Repeat(" ", 10) + strings.Repeat("x", 400)
	f := Analyse([]byte(src), "a.js", Options{}).Findings
	if len(f) == 0 {
		t.Fatal("nothing was found")
	}
	want := `eval('\u{202e}\x1b[2J\u{200b}\u{e0041}')`
	if !strings.HasPrefix(f[0].Excerpt, want) || !strings.HasSuffix(f[0].Excerpt, "…") {
		t.Errorf("excerpt %q", f[0].Excerpt)
	}
}

func TestExcerptOfALongLineIsCutAroundTheColumn(t *testing.T) {
	src := strings.Repeat("a();", 5000) + "eval('x');" + strings.Repeat("b();", 5000)
	f := Analyse([]byte(src), "a.js", Options{}).Findings
	if len(f) != 1 || f[0].Column != 20001 || !strings.Contains(f[0].Excerpt, "eval('x');") ||
		utf8.RuneCountInString(f[0].Excerpt) > bounds.ExcerptRunes {
		t.Errorf("%+v", f)
	}
}

func TestGoalIsNodes(t *testing.T) {
	tests := []struct {
		name, packageType, src string
		want                   js.Goal
	}{
		{"a.js", "", "1", js.CommonJS},
		{"a.js", "", "import 'x'", js.Module},
		{"a.js", "module", "1", js.Module},
		{"a.js", "commonjs", "1", js.CommonJS},
		{"a.mjs", "commonjs", "1", js.Module},
		{"a.cjs", "module", "1", js.CommonJS},
		{"a.json", "", "1", js.Detect},
		{"a.d.ts", "", "let a: number", js.Detect},
		{"bin", "", "#!/usr/bin/env node\n1", js.CommonJS},
	}
	for _, test := range tests {
		if got := Analyse([]byte(test.src), test.name, Options{PackageType: test.packageType}).Goal; got != test.want {
			t.Errorf("%s of type %q: %v, want %v", test.name, test.packageType, got, test.want)
		}
	}
}

func TestBrokenPartsAreToldAndTheRestIsAnalysed(t *testing.T) {
	r := Analyse([]byte("let x: y = 1\neval('x')"), "a.js", Options{})
	if len(r.Errors) == 0 || r.Errors[0].Line != 1 {
		t.Errorf("errors %v", r.Errors)
	}
	if len(r.Findings) != 1 || r.Findings[0].Kind != Eval {
		t.Errorf("findings %v", r.Findings)
	}
}

func TestWhatIsGainedThroughAPackageSaysSo(t *testing.T) {
	r := Analyse([]byte("require('execa')('ls'); require('child_process').exec('ls')"), "a.js", Options{})
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Symbol+" through "+f.Through)
	}
	if diff := cmp.Diff([]string{"npm:execa through execa", "node:child_process.exec through "}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCallsTellShapesForRules(t *testing.T) {
	src := "const cp = require('child_process')\n" +
		"cp.exec('ls ' + dir, { shell: true, timeout: 5 })\n" +
		"const token = Math.random()\n" +
		"db.query(`select ${x}`)\n" +
		"process.env.A = '0'\n"
	want := []CallSite{
		{Line: 2, Column: 1, Excerpt: "cp.exec('ls ' + dir, { shell: true, timeout: 5 })", Callees: []string{"node:child_process.exec"}, Method: "exec",
			Arguments: []Argument{
				{Shape: ShapeBuilt, Values: []string{"ls "}},
				{Shape: ShapeObject, Properties: []Property{{Name: "shell", Value: "true"}, {Name: "timeout", Value: "5"}}},
			}},
		{Line: 3, Column: 15, Excerpt: "const token = Math.random()", Callees: []string{"Math.random"}, Method: "random", Target: "token"},
		{Line: 4, Column: 1, Excerpt: "db.query(`select ${x}`)", Method: "query",
			Arguments: []Argument{{Shape: ShapeBuilt, Values: []string{"select "}}}},
		{Line: 5, Column: 1, Excerpt: "process.env.A = '0'", Callees: []string{"process.env.A"}, Assign: true,
			Arguments: []Argument{{Shape: ShapeConstant, Values: []string{"0"}}}},
	}
	if diff := cmp.Diff(want, Analyse([]byte(src), "a.js", Options{}).Calls); diff != "" {
		t.Error(diff)
	}
}

// TestHostileShapesEndSoon holds the analysis to be bounded on texts that are made to
// cost: each of these is quadratic or worse for a careless reader.
func TestHostileShapesEndSoon(t *testing.T) {
	many := func(n int, f string) string { return strings.Repeat(f, n) }
	for name, src := range map[string]string{
		"calls of calls":   "f" + many(20000, "()"),
		"members":          "a" + many(20000, ".b"),
		"sum":              "require('a'" + many(20000, "+'a'") + ")",
		"spread of itself": "a={...a};b=[...b];a.x;b[0]()" + many(2000, ";f(...b)"),
		"mutual":           many(200, "var a=b||c,b=c||a,c=a||b;f(a,b,c);") + "a()",
		"doubling": "var a0=[eval,x];" + func() (s string) {
			for i := range 60 {
				s += "var a" + string(rune('A'+i%26)) + string(rune('a'+i/26)) + "=[...a0,...a0];"
			}
			return s
		}(),
		"function of a function": "function f(g){return g(g)}" + many(500, "f(f);"),
		"one line of findings":   many(20000, "eval('x');"),
		"nested arrows":          many(500, "(a=>") + "eval(a)" + many(500, ")(require)"),
		"one array":              "var t=[" + many(20000, "0,") + "];" + many(5000, "t[19000];t.x;"),
		"one object":             "var t={" + many(20000, "a:1,") + "};" + many(5000, "t.b();"),
		"handed round":           many(300, "function f(a,b){f(b,a);g(a,b)}function g(a,b){g(b,a);f(a,b)}") + "f(eval,require)",
	} {
		t.Run(name, func(t *testing.T) {
			Analyse([]byte(src), "a.js", Options{})
		})
	}
}

// FuzzAnalyse holds that no text panics, that places are inside it, that two
// analyses agree, and that an excerpt is short and valid.
func FuzzAnalyse(f *testing.F) {
	for _, s := range labelled(f) {
		f.Add([]byte(s.src), s.name)
	}
	f.Fuzz(func(t *testing.T, src []byte, name string) {
		r := Analyse(src, name, Options{})
		for _, x := range r.Findings {
			if x.Line < 1 || x.Column < 1 || x.Line > len(src)+1 {
				t.Errorf("%s at %d:%d", x.Kind, x.Line, x.Column)
			}
			if utf8.RuneCountInString(x.Excerpt) > 10*bounds.ExcerptRunes || !utf8.ValidString(x.Excerpt) {
				t.Errorf("excerpt %q", x.Excerpt)
			}
		}
		if diff := cmp.Diff(r, Analyse(src, name, Options{})); diff != "" {
			t.Error(diff)
		}
	})
}
