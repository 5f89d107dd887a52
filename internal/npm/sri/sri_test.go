package sri_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/npm/sri"
)

func digest(algorithm string, body string) string {
	switch algorithm {
	case "sha256":
		s := sha256.Sum256([]byte(body))
		return "sha256-" + base64.StdEncoding.EncodeToString(s[:])
	case "sha384":
		s := sha512.Sum384([]byte(body))
		return "sha384-" + base64.StdEncoding.EncodeToString(s[:])
	}
	s := sha512.Sum512([]byte(body))
	return "sha512-" + base64.StdEncoding.EncodeToString(s[:])
}

func TestParse(t *testing.T) {
	a, b := digest("sha512", "a"), digest("sha512", "b")
	sha1 := "sha1-" + base64.StdEncoding.EncodeToString(make([]byte, 20))
	tests := []struct{ name, text, want string }{
		{"one", a, a},
		{"strongest first", sha1 + " " + digest("sha256", "a") + "  " + digest("sha384", "a"), digest("sha384", "a") + " " + digest("sha256", "a") + " " + sha1},
		{"twice", a + "\n" + a, a},
		{"any of several", a + " " + b, a + " " + b},
		{"options", a + "?x?y", a},
		{"old", sha1, sha1},
		{"unknown beside", "md5-abc= " + a, a},
		{"malformed beside", "sha512-zzz " + digest("sha256", "a"), digest("sha256", "a")},
		{"empty", "", ""},
		{"unknown only", "sha3-512-abc md5-x", ""},
		{"cut", a[:len(a)-4], ""},
		{"hex in place of base64", "sha256-" + strings.Repeat("ab", 32), ""},
		{"too long", strings.Repeat(a+" ", 1000), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sri.Parse(tt.text)
			if diff := cmp.Diff(tt.want, got.String()); diff != "" {
				t.Error(diff)
			}
			if (err == nil) != (tt.want != "") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// FuzzParse: what is taken is taken again in its canonical form, and
// means the same.
func FuzzParse(f *testing.F) {
	f.Add(digest("sha512", "a") + "?o " + digest("sha256", "b"))
	f.Fuzz(func(t *testing.T, text string) {
		i, err := sri.Parse(text)
		if err != nil {
			return
		}
		again, err := sri.Parse(i.String())
		if err != nil || again.String() != i.String() {
			t.Fatalf("%q became %q (%v)", i, again, err)
		}
		if i.Contradicts(again) || !i.Confirms(again) || i.Join(again).String() != i.String() {
			t.Fatalf("%q is not itself", i)
		}
	})
}

func sha1Of(body string) string {
	sum := sha1.Sum([]byte(body))
	return "sha1-" + base64.StdEncoding.EncodeToString(sum[:])
}

func parsed(t *testing.T, text string) sri.Integrity {
	t.Helper()
	i, err := sri.Parse(text)
	if err != nil && text != "" {
		t.Fatal(err)
	}
	return i
}

func TestIntegritiesAreComparedAsSets(t *testing.T) {
	a, b := digest("sha512", "a"), digest("sha512", "b")
	weak, other := sha1Of("a"), sha1Of("b")
	tests := []struct {
		name, a, b                string
		contradict, confirms, too bool // a confirms b, and b confirms a
		joined                    string
	}{
		{"equal", a, a, false, true, true, a},
		{"another spelling", a + "?x", " " + a, false, true, true, a},
		{"one of several", a + " " + b, b, false, true, true, b},
		{"other bytes", a, b, true, false, false, ""},
		{"other bytes beside a weak one in common", weak + " " + a, weak + " " + b, true, false, false, weak},
		{"a strong one in common beside other weak ones", weak + " " + a, other + " " + a, true, false, false, a},
		{"a weak one, and both", weak, weak + " " + a, false, false, true, a + " " + weak},
		{"a weak one against both", other, weak + " " + a, true, false, false, a},
		{"different algorithms", weak, a, false, false, false, a + " " + weak},
		{"nothing and something", "", a, false, false, true, a},
		{"nothing at all", "", "", false, true, true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x, y := parsed(t, tt.a), parsed(t, tt.b)
			if x.Contradicts(y) != tt.contradict || y.Contradicts(x) != tt.contradict {
				t.Errorf("contradicts is not %t both ways", tt.contradict)
			}
			if x.Confirms(y) != tt.confirms || y.Confirms(x) != tt.too {
				t.Errorf("confirms is %t and %t", x.Confirms(y), y.Confirms(x))
			}
			if diff := cmp.Diff(tt.joined, x.Join(y).String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsPinnedSettlesWhatALockfileAsksFor(t *testing.T) {
	a, weak := digest("sha512", "a"), sha1Of("a")
	tests := []struct {
		name, pinned, asked string
		want                bool
	}{
		{"the same", a, a, true},
		{"nothing asked", a, "", true},
		{"nothing pinned", "", "", false},
		{"junk asked", a, "sha512-zzz", false},
		{"a weak one, pinned with it", a + " " + weak, weak, true},
		{"a weak one, pinned without it", a, weak, false},
		{"others", a, digest("sha512", "b"), false},
		{"another algorithm", a, digest("sha256", "a"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sri.Confirms(tt.pinned, tt.asked); got != tt.want {
				t.Errorf("Confirms is %t", got)
			}
		})
	}
}

func TestBytesAreHeldToEveryAlgorithm(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"one", digest("sha512", "a"), ""},
		{"all", digest("sha512", "a") + " " + digest("sha256", "a") + " " + sha1Of("a"), ""},
		{"any of one algorithm", digest("sha512", "b") + " " + digest("sha512", "a"), ""},
		{"a strong one that is right does not excuse a weak one", digest("sha512", "a") + " " + sha1Of("b"), "sha1"},
		{"a weak one that is right does not excuse a strong one", digest("sha512", "b") + " " + sha1Of("a"), "sha512"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := parsed(t, tt.text).Checker()
			if _, err := c.Write([]byte("a")); err != nil {
				t.Fatal(err)
			}
			if got := c.Fails(); got != tt.want {
				t.Errorf("fails by %q", got)
			}
		})
	}
}

func TestStrength(t *testing.T) {
	a, weak := digest("sha512", "a"), sha1Of("a")
	for text, want := range map[string]bool{a: false, weak: true, weak + " " + digest("sha256", "a"): false, "": true} {
		if got := parsed(t, text).Weak(); got != want {
			t.Errorf("%q: weak is %t", text, got)
		}
	}
	if got := parsed(t, weak+" "+a).Strongest().String(); got != a {
		t.Error(got)
	}
	hexed, err := sri.FromSHA1("86f7e437faa5a7fce15d1ddcb9eaeaea377667b8")
	if err != nil || hexed.String() != weak {
		t.Errorf("%v %v", hexed, err)
	}
	for _, bad := range []string{"", "86f7", "86f7e437faa5a7fce15d1ddcb9eaeaea377667bg"} {
		if _, err := sri.FromSHA1(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if sri.Of(sha512.Sum512([]byte("a"))).String() != a {
		t.Error("Of is another integrity")
	}
}
