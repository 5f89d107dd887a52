package sri

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		{"strongest wins", sha1 + " " + digest("sha256", "a") + "  " + digest("sha384", "a"), digest("sha384", "a")},
		{"strongest wins in any order", a + "\n" + digest("sha256", "a"), a},
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
			got, err := Parse(tt.text)
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
		i, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(i.String())
		if err != nil || again.String() != i.String() {
			t.Fatalf("%q became %q (%v)", i, again, err)
		}
		if i.Hash().Size() != len(i.digests[0]) {
			t.Fatalf("digest of %d bytes", len(i.digests[0]))
		}
	})
}

func TestAWeakHashStandsInForNoStrongOne(t *testing.T) {
	a, b := digest("sha512", "a"), digest("sha512", "b")
	weak := "sha1-" + base64.StdEncoding.EncodeToString(make([]byte, 20))
	tests := []struct {
		name, a, b string
		want       bool
	}{
		{"equal", a, a, true},
		{"another spelling", a + "?x", weak + "  " + a, true},
		{"one of several", a + " " + b, b, true},
		{"other bytes", a, b, false},
		{"the weak one in common", weak + " " + a, weak + " " + b, false},
		{"a weak one only", weak + " " + a, weak, false},
		{"none", "", a, false},
		{"none at all", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if Agree(tt.a, tt.b) != tt.want || Agree(tt.b, tt.a) != tt.want {
				t.Errorf("Agree(%q, %q) is not %t both ways", tt.a, tt.b, tt.want)
			}
		})
	}
}
