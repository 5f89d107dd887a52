package strictjson

import (
	"bytes"
	"testing"
)

// TestCanonicalIsWhatCanonicalWrites holds the look without a tree to the form itself:
// it may be unsure, and then says no, but never says yes to another form.
func TestCanonicalIsWhatCanonicalWrites(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: true, `[]`: true, `null`: true, `"a"`: true, `1`: true, `-0.5`: true, `1e+21`: true,
		`{"a":1,"b":[true,false,null,{"c":"d"}]}`: true,
		`"a\n\t\"\\\u0001"`:                       true,
		"\"\u00e9\"":                              true,
		` {}`:                                     false, `{} `: false, `{ }`: false, `[1, 2]`: false, `{"a": 1}`: false, `{"a":1 }`: false,
		`{"b":1,"a":2}`: false, `{"a":1,"a":2}`: false, `1.0`: false, `01`: false, `1E3`: false, `-0`: false,
		`"\u0041"`: false, `"\/"`: false, `"\u000a"`: false, `"\u001F"`: false, `{"a":1,}`: false, `[1,]`: false, `{`: false, `"a`: false, ``: false,
		`{"a":1}{}`: false, `tru`: false, `9007199254740993`: false,
	} {
		if got := IsCanonical([]byte(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
		written, err := Canonical([]byte(text))
		if IsCanonical([]byte(text)) && (err != nil || string(written) != text) {
			t.Errorf("%s is said to be canonical, which is %s, %v", text, written, err)
		}
	}
}

func FuzzCanonicalIsWhatCanonicalWrites(f *testing.F) {
	for _, seed := range []string{`{"a":1,"b":[true,null]}`, `"\u0001\n"`, `[1e+21,-0.5]`, `{"é":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		written, err := Canonical(text)
		if IsCanonical(text) && (err != nil || !bytes.Equal(written, text)) {
			t.Errorf("%q is said to be canonical: %q, %v", text, written, err)
		}
	})
}

func TestMembersRefusesAKeyTwice(t *testing.T) {
	if m, err := Members([]byte(`{"a": {"x":1} ,"b":"c"}`)); err != nil || string(m["a"]) != `{"x":1}` || string(m["b"]) != `"c"` {
		t.Errorf("%q, %v", m, err)
	}
	for _, text := range []string{`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `[]`, `{"a":1}x`, `{"a":}`, ``} {
		if _, err := Members([]byte(text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
