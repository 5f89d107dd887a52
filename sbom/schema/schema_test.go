package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// oracle is a general validator, with the same schemas.
func oracle(t testing.TB, version string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(loader{})
	s, err := c.Compile(URL(version))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type loader struct{}

func (loader) Load(url string) (any, error) {
	raw, err := files.ReadFile(strings.TrimPrefix(url, base))
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(raw))
}

// places are where a general validator finds a rule broken.
func places(err error) []string {
	found := map[string]bool{}
	var walk func(e *jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		for _, c := range e.Causes {
			walk(c)
		}
		if len(e.Causes) == 0 {
			found[at(e.InstanceLocation)] = true
		}
	}
	if err != nil {
		walk(err.(*jsonschema.ValidationError))
	}
	return slices.Sorted(maps.Keys(found))
}

func ours(vs []Violation) []string {
	found := map[string]bool{}
	for _, v := range vs {
		found[v.At] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// TestAnEditedSampleIsBrokenWhereAGeneralValidatorSaysSo makes one edit at a time to
// each sample of the specification, at each of its values, and asks both.
func TestAnEditedSampleIsBrokenWhereAGeneralValidatorSaysSo(t *testing.T) {
	var edits, broken int
	for _, version := range Versions() {
		theirs := oracle(t, version)
		mine, err := Of(version)
		if err != nil {
			t.Fatal(err)
		}
		names, err := filepath.Glob(filepath.Join("..", "testdata", "spec", version, "*.json"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no samples of %s: %v", version, err)
		}
		for _, name := range names {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			edited(doc, func(what string) {
				edits++
				want := places(theirs.Validate(doc))
				got := ours(mine.Check(doc))
				if len(want) > 0 {
					broken++
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, %s:\n%s", name, what, diff)
				}
			})
		}
	}
	t.Logf("%d edits, of which %d break a rule", edits, broken)
	if broken < 1000 {
		t.Errorf("only %d edits break a rule", broken)
	}
}

// oddities take the place of a value.
var oddities = []any{
	nil, true, "", " ", "x", "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1", "required", "MIT", "2026-02-30",
	"2026-02-28T23:59:60Z", "2026-02-28T23:59:59+24:00", "2026-02-28t12:00:00.5z", "2026-02-28T12:00:00.Z", "http://[::1%25a]/", "http://::1/", `a\b`, "%", "a b",
	json.Number("0"), json.Number("-1"), json.Number("1.0"), json.Number("1e0"), json.Number("10e-1"), json.Number("1.5"), json.Number("1e400"), json.Number("-1e-400"),
	json.Number("1.00000000000000000000001"), []any{}, []any{"x", "x"}, []any{json.Number("1"), json.Number("1.0")}, map[string]any{}, map[string]any{"x": "y"},
	map[string]any{"license": map[string]any{"id": "MIT"}, "expression": "MIT"},
}

// edited makes each edit to a document in place, calls try, and takes it back. Of the
// oddities, some are tried at each value, others at the next.
func edited(doc any, try func(what string)) {
	try("as it is")
	places := 0
	var walk func(value any, path string, set func(any))
	walk = func(value any, path string, set func(any)) {
		places++
		for i, odd := range oddities {
			if (i+places)%8 != 0 {
				continue
			}
			set(odd)
			try(fmt.Sprintf("%s is %v", path, odd))
		}
		set(value)
		switch v := value.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				old := v[name]
				delete(v, name)
				try(path + "/" + name + " is gone")
				v[name] = old
				walk(old, path+"/"+name, func(to any) { v[name] = to })
			}
			v["beyond"] = "x"
			try(path + " has one more key")
			delete(v, "beyond")
		case []any:
			if len(v) > 0 {
				set(append(slices.Clone(v), v[0]))
				try(path + " has an item twice")
				set(value)
			}
			for i, old := range v {
				walk(old, fmt.Sprintf("%s/%d", path, i), func(to any) { v[i] = to })
			}
		}
	}
	walk(doc, "", func(any) {})
}

func TestAKeywordThatIsNotKnownIsAnError(t *testing.T) {
	for name, doc := range map[string]string{
		"a keyword":                  `{"patternProperties":{}}`,
		"within a property":          `{"properties":{"a":{"contains":{}}}}`,
		"in an array of rules":       `{"anyOf":[{"dependencies":{}}]}`,
		"a format":                   `{"format":"ipv4"}`,
		"a reference to nothing":     `{"$ref":"#/definitions/a"}`,
		"another file":               `{"$ref":"other.json"}`,
		"a pattern":                  `{"pattern":"("}`,
		"a schema of the wrong type": `{"items":1}`,
		"a type that is none":        `{"type":1}`,
		"a number that is none":      `{"minimum":"1"}`,
		"a size that is none":        `{"minLength":"1"}`,
		"something after it":         `{} {}`,
	} {
		_, err := compile("http://x/a.json", func(url string) ([]byte, error) {
			if url != "http://x/a.json" {
				return nil, os.ErrNotExist
			}
			return []byte(doc), nil
		})
		if err == nil {
			t.Errorf("%s: %s was taken", name, doc)
		}
	}
	if _, err := Of("1.1"); err == nil {
		t.Error("there is a schema of 1.1")
	}
}

// What the samples have no value for: each keyword beside a general validator.
func TestKeywordsMeanWhatAGeneralValidatorSays(t *testing.T) {
	values := append(slices.Clone(oddities), "ab", "abc", []any{json.Number("1")}, []any{"a", json.Number("2"), nil},
		map[string]any{"a": json.Number("1")}, map[string]any{"a": "x", "b": json.Number("2")}, map[string]any{"a": nil, "z": false})
	for _, doc := range []string{
		`true`, `false`, `{}`, `{"type":"integer"}`, `{"type":["string","null"]}`, `{"const":1}`, `{"const":{"a":1}}`, `{"enum":[[1],{"a":1},"x",null]}`,
		`{"minLength":2,"maxLength":2}`, `{"minItems":1,"maxItems":2}`, `{"minimum":0.5,"maximum":1}`, `{"pattern":"^a"}`, `{"uniqueItems":true}`,
		`{"items":{"type":"string"}}`, `{"items":[{"type":"string"},{"type":"number"}],"additionalItems":false}`, `{"items":[{"type":"string"}],"additionalItems":{"type":"number"}}`,
		`{"items":[{}]}`, `{"required":["a","b"]}`, `{"properties":{"a":{"type":"number"}},"additionalProperties":false}`, `{"additionalProperties":{"type":"number"}}`,
		`{"allOf":[{"type":"string"},{"minLength":1}]}`, `{"anyOf":[{"type":"string"},{"type":"number","minimum":1}]}`, `{"oneOf":[{"type":"string"},{"maxLength":1},{"type":"number"}]}`,
		`{"not":{"type":"string"}}`, `{"if":{"type":"string"},"then":{"minLength":2},"else":{"type":"number"}}`, `{"if":{"type":"string"},"then":{"minLength":2}}`,
		`{"$ref":"#/definitions/a","type":"null","definitions":{"a":{"type":"string"}}}`, `{"properties":{"a":{"$ref":"#"}},"type":"object"}`,
		`{"format":"date"}`, `{"format":"date-time"}`, `{"format":"uri"}`, `{"format":"iri-reference"}`, `{"format":"idn-email"}`,
	} {
		const url = base + "x.json"
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft7)
		c.AssertFormat()
		parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(url, parsed); err != nil {
			t.Fatal(err)
		}
		theirs, err := c.Compile(url)
		if err != nil {
			t.Fatal(err)
		}
		root, err := compile(url, func(string) ([]byte, error) { return []byte(doc), nil })
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			if diff := cmp.Diff(places(theirs.Validate(v)), ours(root.check(v, nil))); diff != "" {
				t.Errorf("%s of %v:\n%s", doc, v, diff)
			}
		}
	}
}

// The general validator ends the process at such a number.
func TestANumberOfAnySizeIsJudged(t *testing.T) {
	root, err := compile("http://x/a.json", func(string) ([]byte, error) { return []byte(`{"type":"integer","minimum":0,"maximum":10}`), nil })
	if err != nil {
		t.Fatal(err)
	}
	for text, valid := range map[string]bool{
		"1e99999999999": false, "-1e99999999999": false, "1e-99999999999": false, "0e99999999999": true, "10.000e0": true, "1e1": true, "100e-1": true, "11": false, "-0": true,
	} {
		if got := len(root.check(json.Number(text), nil)) == 0; got != valid {
			t.Errorf("%s: valid %t, want %t", text, got, valid)
		}
	}
}

func TestDecodeRefusesWhatFollows(t *testing.T) {
	for _, doc := range []string{"", "{", "{}{}", "{} x"} {
		if _, err := Decode([]byte(doc)); err == nil {
			t.Errorf("%q was taken", doc)
		}
	}
}
