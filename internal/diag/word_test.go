package diag

import (
	"os/exec"
	"testing"
)

func TestWordStaysOneWordInAShell(t *testing.T) {
	plain := []string{"left-pad", "@scope/name@1.0.0", "git+https://git.example.com/a/b.git#97edff6", "../boxed-1.0.0.tgz", "a=b,c%20:d"}
	for _, s := range plain {
		if got := Word(s); got != s {
			t.Errorf("Word(%q) is %q, which no shell needs", s, got)
		}
	}
	odd := []string{
		"", "lib; touch came", "$(touch came)", "`touch came`", "a b", "it's", "''", "#all", "=cat", "~root", "*", "a\\b", "a|b", "a>came", "a&", "{a,b}", "ö", "!!", "\"", "a\tb",
	}
	for _, s := range append(odd, plain...) {
		out, err := exec.Command("sh", "-c", "printf '[%s]' "+Word(s)).Output()
		if err != nil || string(out) != "["+s+"]" {
			t.Errorf("sh reads Word(%q) as %s (%v)", s, out, err)
		}
	}
}
