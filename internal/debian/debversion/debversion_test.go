package debversion

import (
	"os/exec"
	"strings"
	"testing"
)

// versions are pairs with the order that dpkg --compare-versions gives them.
var versions = []struct {
	a, b string
	want int
}{
	{"1.0", "1.0", 0}, {"1.0", "1.00", 0}, {"0:1.0", "1.0", 0}, {"1.0-0", "1.0", 0},
	{"1.0", "1.1", -1}, {"1.9", "1.10", -1}, {"1.0-1", "1.0-2", -1}, {"1.0-9", "1.0-10", -1}, {"1", "1.0", -1},
	{"1:1.0", "2.0", 1}, {"1:1.0", "2:0.1", -1}, {"10:0", "9:9", 1}, {"00001:1", "1:1", 0},
	{"1.0~rc1", "1.0", -1}, {"1.0~~", "1.0~", -1}, {"1.0~~a", "1.0~", -1}, {"1.0~", "1.0", -1}, {"1.0-1~bpo", "1.0-1", -1},
	{"1.0a", "1.0+", -1}, {"1.0a", "1.0b", -1}, {"1.0Z", "1.0a", -1}, {"1.0", "1.0a", -1}, {"1.0+dfsg", "1.0.1", -1}, {"1.0-1", "1.0+1", -1},
	{"1.0a1", "1.0.1", -1}, {"1.2.3-1-2", "1.2.3-1-1", 1}, {"2.41-12+deb13u5", "2.41-12", 1}, {"2.41-12+deb13u5", "2.41-12+deb13u10", -1},
	{"1:1.3.dfsg+really1.3.1-1+deb13u1", "1:1.3.dfsg+really1.3.1-1+b1", 1}, {"20250419+deb13u1", "20250419", 1},
	{"99999999999999999999999999", "100000000000000000000000000", -1}, {"0.0001", "0.1", 0}, {"1a", "1~a", 1}, {"1-1.1", "1-1", 1},
}

func TestCompare(t *testing.T) {
	dpkg, err := exec.LookPath("dpkg")
	for _, v := range versions {
		if got := order(Compare(v.a, v.b)); got != v.want {
			t.Errorf("Compare(%q, %q) = %d, want %d", v.a, v.b, got, v.want)
		}
		if got := order(Compare(v.b, v.a)); got != -v.want {
			t.Errorf("Compare(%q, %q) = %d, want %d", v.b, v.a, got, -v.want)
		}
		if err != nil {
			continue // the table stands for dpkg where there is none
		}
		op := map[int]string{-1: "lt", 0: "eq", 1: "gt"}[v.want]
		if exec.Command(dpkg, "--compare-versions", v.a, op, v.b).Run() != nil {
			t.Errorf("dpkg does not say that %q %s %q", v.a, op, v.b)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, v := range []string{"1", "1.0-1", "1:1.0-1", "1:1:2-1", "2.41-12+deb13u5", "1.0~rc1-1-2"} {
		if err := Check(v); err != nil {
			t.Errorf("%q: %v", v, err)
		}
	}
	for _, v := range []string{"", "a", ":1", "x:1", "1 0", "1/2", "1-", "-1", "1_0", "1\x00", strings.Repeat("1", 257)} {
		if Check(v) == nil {
			t.Errorf("%q passes", v)
		}
	}
}

func order(n int) int { return min(1, max(-1, n)) }

func FuzzCompare(f *testing.F) {
	for _, v := range versions {
		f.Add(v.a, v.b, "1.0~1")
	}
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if Compare(a, a) != 0 {
			t.Errorf("%q is not itself", a)
		}
		if order(Compare(a, b)) != -order(Compare(b, a)) {
			t.Errorf("%q and %q have no order", a, b)
		}
		if Compare(a, b) <= 0 && Compare(b, c) <= 0 && Compare(a, c) > 0 {
			t.Errorf("%q <= %q <= %q, but not the first and the last", a, b, c)
		}
	})
}
