package hclfile

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// shelf is a small language for the tests.
var shelf = &Schema{
	Attrs: []Attr{{Name: "edition", Type: cty.String, Required: true, Doc: "The edition of the language."}},
	Blocks: []Block{
		{Name: "book", Labels: []string{"title"}, Doc: "A book.", Body: Schema{
			Attrs: []Attr{
				{Name: "pages", Type: cty.Number},
				{Name: "cover", Type: cty.String, OneOf: []string{"hard", "soft"}},
				{Name: "tags", Type: cty.List(cty.String)},
				{Name: "notes", Type: cty.Map(cty.String)},
				{Name: "lent", Type: cty.Bool},
			},
			Blocks: []Block{{Name: "chapter", Repeat: true, Body: Schema{Attrs: []Attr{{Name: "name", Type: cty.String}}}}},
		}},
		{Name: "owner", Required: true},
		{Name: "any", Body: Schema{Free: true}},
	},
}

func read(t *testing.T, src, name string) string {
	t.Helper()
	f, err := Parse([]byte(src), name)
	if err != nil {
		return text(diag.All(err))
	}
	body, problems := f.Decode(shelf)
	r := &Reader{File: f, Problems: problems, Context: &hcl.EvalContext{Variables: map[string]cty.Value{
		"var": cty.ObjectVal(map[string]cty.Value{"token": Sensitive(cty.StringVal("hunter2")), "channel": cty.StringVal("x")}),
	}}}
	r.String(body, "edition")
	for _, b := range body.Of("book") {
		r.Int(b, "pages", 0, 1)
		r.String(b, "cover")
		r.Strings(b, "tags")
		r.Map(b, "notes")
		r.Bool(b, "lent", false)
	}
	r.Problems.Sort()
	return text(r.Problems)
}

func text(ps diag.Problems) string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(p.Text() + "\n")
	}
	return b.String()
}

func TestDiagnostics(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.hcl*")
	inputs = slices.DeleteFunc(inputs, func(in string) bool { return strings.HasSuffix(in, ".txt") })
	if err != nil || len(inputs) < 5 {
		t.Fatalf("inputs: %d, %v", len(inputs), err)
	}
	for _, in := range inputs {
		t.Run(filepath.Base(in), func(t *testing.T) {
			src, err := os.ReadFile(in)
			if err != nil {
				t.Fatal(err)
			}
			got := read(t, string(src), filepath.Base(in))
			if strings.Contains(got, "hunter2") {
				t.Error("a sensitive value is shown")
			}
			golden := in + ".txt"
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
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			for _, p := range strings.Split(strings.TrimSpace(got), "\n\n") {
				if got != "" && !strings.Contains(p, "  fix: ") {
					t.Errorf("no remedy: %s", p)
				}
			}
		})
	}
}

func TestParseRefusesWhatWouldOverflowTheStack(t *testing.T) {
	const n = 50_000
	for name, src := range map[string]string{
		"brackets":     "a = " + strings.Repeat("[", n),
		"parens":       "a = " + strings.Repeat("(", n),
		"braces":       strings.Repeat("a {", n),
		"not":          "a = " + strings.Repeat("!", n) + "true",
		"minus":        "a = " + strings.Repeat("-", n) + "1",
		"ternary":      "a = " + strings.Repeat("true ? 1 : ", n) + "1",
		"sum":          "a = 1" + strings.Repeat("+1", n),
		"index":        "a = b" + strings.Repeat("[0]", n),
		"splat":        "a = b" + strings.Repeat(".*", n),
		"interpolated": "a = " + strings.Repeat(`"${`, n),
		"control":      `a = "` + strings.Repeat(`%{ if true }`, n) + `"`,
		"lines":        "a = (1\n" + strings.Repeat("+1\n", n) + ")",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(src), "x.hcl")
			if ps := diag.All(err); len(ps) != 1 || ps[0].Code != CodeBounds {
				t.Errorf("%.200v", err)
			}
		})
	}
	for name, src := range map[string]string{
		"arrays":   strings.Repeat("[", n),
		"objects":  strings.Repeat(`{"a":`, n),
		"template": `{"a":"${` + strings.Repeat("(", n) + `"}`,
	} {
		t.Run("json "+name, func(t *testing.T) {
			_, err := Parse([]byte(src), "x.hcl.json")
			if ps := diag.All(err); len(ps) != 1 || ps[0].Code != CodeBounds {
				t.Errorf("%.200v", err)
			}
		})
	}
	if _, err := Parse(bytes.Repeat([]byte("#"), bounds.HCL+1), "x.hcl"); diag.All(err)[0].Code != CodeBounds {
		t.Errorf("%v", err)
	}
}

func TestFormat(t *testing.T) {
	got, err := Format([]byte("\r\n\r\na=1 # one\r\nlong_name  = [ 1,2 ]\r\nblock \"x\"   {\r\n# kept\r\ny=2\r\n}\r\n\r\n\r\n"), "x.hcl")
	want := "a         = 1 # one\nlong_name = [1, 2]\nblock \"x\" {\n  # kept\n  y = 2\n}\n"
	if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
		t.Errorf("format: %v (-want +got):\n%s", err, diff)
	}
	got, err = Format([]byte(`{"b":1,"a":[1]}`), "x.hcl.json")
	if diff := cmp.Diff("{\n  \"b\": 1,\n  \"a\": [\n    1\n  ]\n}\n", string(got)); diff != "" || err != nil {
		t.Errorf("format: %v (-want +got):\n%s", err, diff)
	}
}

func FuzzParse(f *testing.F) {
	inputs, _ := filepath.Glob("testdata/*.hcl*")
	for _, in := range inputs {
		if src, err := os.ReadFile(in); err == nil {
			f.Add(src, strings.HasSuffix(in, ".json"))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, asJSON bool) {
		name := "x.hcl"
		if asJSON {
			name = "x.hcl.json"
		}
		file, err := Parse(src, name)
		if err != nil {
			var ps diag.Problems
			if !errors.As(err, &ps) {
				t.Fatalf("not problems: %v", err)
			}
			return
		}
		file.Decode(shelf)
		once, err := Format(src, name)
		if err != nil {
			t.Fatalf("formatting what parses: %v", err)
		}
		twice, err := Format(once, name)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("formatting twice: %v\n%q\n%q", err, once, twice)
		}
	})
}
