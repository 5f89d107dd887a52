package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/bounds"
)

func TestCanonicalForm(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"spaces":      {" { \"b\" : [ 1 , true , null ] , \"a\" : { } } ", `{"a":{},"b":[1,true,null]}`},
		"key order":   {`{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}`, "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\ufb33\":3}"},
		"escapes":     {`"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"`, "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\""},
		"numbers":     {`[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]`, `[333333333.3333333,1e+30,4.5,0.002,1e-27]`},
		"minus zero":  {`-0`, `0`},
		"small":       {`[5e-324,1e-7,1e-6]`, `[5e-324,1e-7,0.000001]`},
		"large":       {`[1e21,1e20,1.7976931348623157e308]`, `[1e+21,100000000000000000000,1.7976931348623157e+308]`},
		"the largest": {`9007199254740992`, `9007199254740992`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Canonical([]byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("form (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReaderRefusesWhatIsNoJSON(t *testing.T) {
	for _, in := range []string{
		"", " ", "{", "[", `"`, `"\`, `"\u12"`, `"\x"`, `"\ud800\u0041"`, `"\udc00"`, `"\u+123"`, "\"\n\"", "01", "-", "1.", ".5", "1e", "+1", "[1,]", `{"a":1,}`,
		`{a:1}`, `{"a" 1}`, "tru", "nul", "1 2", "\xff", "NaN", "'a'", "[1", `{"a":1`,
	} {
		if out, err := Canonical([]byte(in)); err == nil {
			t.Errorf("%q was read as %s", in, out)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5e-9,"\ud83d\ude00"],"b":null}`))
	f.Add([]byte(`"\u0000\\"`))
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := Canonical(in)
		if err != nil {
			return
		}
		if !json.Valid(in) {
			t.Errorf("%q is no JSON and was read", in)
		}
		again, err := Canonical(out)
		if err != nil || !bytes.Equal(out, again) {
			t.Errorf("the canonical form is not stable: %q, %q, %v", out, again, err)
		}
	})
}

// document is what the tests decode into.
type document struct {
	Name  string            `json:"name"`
	Parts []part            `json:"parts"`
	Tags  map[string]string `json:"tags"`
	inner
}

type part struct {
	Size *int `json:"size"`
}

type inner struct {
	Inside string `json:"inside"`
}

func TestDecodeRefusesWhatTwoReadersUnderstandDifferently(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"a document", `{"name":"a","parts":[{"size":1}],"tags":{"a":"1"},"inside":"x","else":{"Any":1,"any":2}}`, ""},
		{"keys of a map differ in case", `{"tags":{"JSONStream":"1","jsonstream":"2"}}`, ""},
		{"a key twice", `{"name":"a","name":"b"}`, `"name" stands twice`},
		{"a key twice, once escaped", `{"name":"a","n\u0061me":"b"}`, `"name" stands twice`},
		{"a key twice in what has no field", `{"else":{"a":1,"a":2}}`, `"a" stands twice`},
		{"a key twice in a map", `{"tags":{"a":"1","a":"2"}}`, `"a" stands twice`},
		{"another case", `{"Name":"b"}`, `"Name" is "name" in another case`},
		{"both cases", `{"name":"a","NAME":"b"}`, `"NAME" is "name" in another case`},
		{"a letter that folds to another", `{"par\u0074\u017f":[]}`, `is "parts" in another case`},
		{"another case below a list", `{"parts":[{"size":1},{"SIZE":2}]}`, `"SIZE" is "size" in another case`},
		{"another case of an embedded field", `{"INSIDE":"x"}`, `is "inside" in another case`},
		{"half a pair", `{"name":"\ud800"}`, "half a surrogate pair"},
		{"no UTF-8", "{\"name\":\"\xff\"}", "not UTF-8"},
		{"more behind it", `{} {}`, "more after its end"},
		{"nothing", ``, "it ends where a value is due"},
		{"too deep", strings.Repeat("[", bounds.JSONDepth+1) + strings.Repeat("]", bounds.JSONDepth+1), "nested deeper"},
		{"too long", `{"name":"` + strings.Repeat("a", 2000) + `"}`, "over the bound of 1000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			limit := 1000
			if test.name == "too deep" {
				limit = 1 << 20
			}
			in := strings.NewReplacer(`\\`, `\`).Replace(test.in)
			var d document
			err := Decode([]byte(in), limit, &d)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("err = %v, want %q", err, test.want)
			}
		})
	}
}

func TestAnErrorSaysWhere(t *testing.T) {
	err := Check([]byte("{\n  \"a\": nul\n}"), nil)
	var at *Error
	if !errors.As(err, &at) || at.Offset != 9 || !errors.Is(err, ErrSyntax) {
		t.Errorf("%v at %+v", err, at)
	}
}

func TestAStreamKeepsWhatIsAskedForAndNoMore(t *testing.T) {
	const doc = `{"a": {"x": [1, "}\""]}, "b": "kept", "c": {"d": 1}}`
	read := func(limit int64) (keys []string, kept string, err error) {
		s := NewStream(iotest.OneByteReader(strings.NewReader(doc)), limit)
		err = s.Object(func(key string) error {
			keys = append(keys, key)
			if key == "b" {
				raw, err := s.Value(16)
				kept = string(raw)
				return err
			}
			return s.Members(func(string) error { return s.Skip() })
		})
		return keys, kept, err
	}
	keys, kept, err := read(1 << 10)
	if diff := cmp.Diff([]string{"a", "b", "c"}, keys); diff != "" || kept != `"kept"` || err != nil {
		t.Errorf("%s\nkept %s, err %v", diff, kept, err)
	}
	if _, _, err := read(20); !errors.Is(err, ErrSyntax) {
		t.Errorf("over its bound: %v", err)
	}
}

// FuzzDecode holds that what is taken means what encoding/json says, and that nothing is
// taken which it refuses.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"name":"a","parts":[{"size":1}],"tags":{}}`, `{"Name":1}`, `[1e5,-0.1]`, `"\ud83d\ude00"`, `{"a":1,"a":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var got, want document
		err := Decode(in, 1<<20, &got)
		if err == nil {
			if err := json.Unmarshal(in, &want); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, %+v, %v", got, want, err)
			}
		}
		if tree, err := Parse(in); err == nil {
			again, err := canonicalTree(tree)
			if err != nil {
				return // a number that has no canonical form
			}
			if !json.Valid(in) || !json.Valid(again) {
				t.Errorf("%q is taken, as %q", in, again)
			}
			if twice, err := Canonical(again); err != nil || !bytes.Equal(twice, again) {
				t.Errorf("%q becomes %q, %v", again, twice, err)
			}
		}
	})
}

// canonicalTree is Canonical of what Parse returned.
func canonicalTree(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := write(&b, v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
