package samename

import "testing"

func TestKey(t *testing.T) {
	same := [][2]string{
		{"README.md", "readme.MD"},
		{"\u00e9.js", "e\u0301.js"},
		{"\u00c9.js", "e\u0301.js"},
		{"stra\u00dfe", "STRASSE"},
		{"\ufb01x", "FIX"},
		{"\u212b", "\u00e5"},               // the sign for ångström
		{"q\u0307\u0323", "q\u0323\u0307"}, // marks in another order
		{"\u03c3", "\u03c2"},               // a sigma, and one at the end of a word
		{".git\u200c", ".GIT"},
		{"a\u00adb", "ab"},
		{"\u1e9e", "ss"},
		{"\uac00", "\u1100\u1161"},
		{"\u13f3", "\u13fb"}, // Cherokee, whose capitals are the folded form
		{"\u13a0", "\uab70"},
	}
	for _, p := range same {
		if Key(p[0]) != Key(p[1]) {
			t.Errorf("%q and %q have the keys %q and %q", p[0], p[1], Key(p[0]), Key(p[1]))
		}
	}
	for _, p := range [][2]string{{"a", "b"}, {"\u00e9", "e"}, {"a/b", "ab"}, {"i", "\u0131"}, {"1", "\u00b9"}} {
		if Key(p[0]) == Key(p[1]) {
			t.Errorf("%q and %q have the one key %q", p[0], p[1], Key(p[0]))
		}
	}
}

func FuzzKey(f *testing.F) {
	for _, s := range []string{"A", "\u00e9", "\u0345\u0301", "\u1fb3", "\u200c\u0301", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if k := Key(s); Key(k) != k {
			t.Errorf("%q has the key %q, whose key is %q", s, k, Key(k))
		}
	})
}
