package strictyaml

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	documents, err := Parse([]byte("lockfileVersion: '9.0'\n\na:\n  b@1: {os: [linux, '!x'], n: 9.0}\n  c: |-\n    two\n    lines\n  d:\n---\nx: true\n"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	want := []*Value{
		{Kind: Map, Line: 1, Entries: []Entry{
			{Key: "lockfileVersion", Line: 1, Value: &Value{Line: 1, Text: "9.0", Quoted: true}},
			{Key: "a", Line: 3, Value: &Value{Kind: Map, Line: 4, Entries: []Entry{
				{Key: "b@1", Line: 4, Value: &Value{Kind: Map, Line: 4, Entries: []Entry{
					{Key: "os", Line: 4, Value: &Value{Kind: List, Line: 4, Items: []*Value{{Line: 4, Text: "linux"}, {Line: 4, Text: "!x", Quoted: true}}}},
					{Key: "n", Line: 4, Value: &Value{Line: 4, Text: "9.0"}},
				}}},
				{Key: "c", Line: 5, Value: &Value{Line: 5, Text: "two\nlines", Quoted: true}},
				{Key: "d", Line: 8, Value: &Value{Line: 8}},
			}}},
		}},
		{Kind: Map, Line: 10, Entries: []Entry{{Key: "x", Line: 10, Value: &Value{Line: 10, Text: "true"}}}},
	}
	if diff := cmp.Diff(want, documents); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d := documents[0].Get("a").Get("d"); !d.Null() || !documents[1].Get("x").True() || documents[1].Get("y").Get("z") != nil {
		t.Error("null, true and what is not there are not told apart")
	}
}

func TestWhatALockfileDoesNotNeedIsRefused(t *testing.T) {
	for _, test := range []struct {
		name, src, why string
		line           int
	}{
		{"an anchor", "a: &x 1\n", "anchor", 1},
		{"an alias", "a: 1\nb: &x 2\nc: *x\n", "anchor", 2},
		{"an alias of a bomb", "a: &a [x]\nb: [*a, *a]\n", "anchor", 1},
		{"an unknown alias", "a: *x\n", "unknown anchor", 1},
		{"a tag", "a: 1\nb: !!binary aGk=\n", "tag", 2},
		{"a merge key", "a:\n  <<: {x: 1}\n", "merge key", 2},
		{"a key twice", "a: 1\nb: 2\na: 3\n", "twice", 3},
		{"a key that is a list", "? [a]\n: 1\n", "no text", 1},
		{"brackets", "a:\n  " + strings.Repeat("[", 20_000), "deep", 2},
		{"lists in lists", "a:\n  " + strings.Repeat("- ", 100) + "x\n", "deep", 2},
		{"lists in brackets", "a: " + strings.Repeat("[", 100) + strings.Repeat("]", 100), "deep", 1},
		{"no YAML", "a: b: c\n", "mapping values", 1},
		{"a broken line", "a:\n  - x\n y\n", "expected key", 2},
		{"too large", strings.Repeat("a", 200), "larger", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			limit := 1 << 20
			if test.name == "too large" {
				limit = 100
			}
			v, err := Parse([]byte(test.src), limit)
			e, ok := err.(*Error)
			if !ok || !strings.Contains(e.Why, test.why) || e.Line != test.line {
				t.Errorf("got %v, %#v, want line %d and %q", v, err, test.line, test.why)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: 1\n", "a: {b: [c, 'd']}\n---\n- x\n", "a: |-\n  x\n", "? a\n: b\n", "a: &x 1\nb: *x\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		documents, err := Parse(src, 1<<16)
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("an error of type %T", err)
			}
			return
		}
		var walk func(v *Value)
		walk = func(v *Value) {
			seen := map[string]bool{}
			for _, e := range v.Entries {
				if seen[e.Key] {
					t.Fatalf("the key %q twice", e.Key)
				}
				seen[e.Key] = true
				walk(e.Value)
			}
			for _, item := range v.Items {
				walk(item)
			}
		}
		for _, d := range documents {
			walk(d)
		}
	})
}
