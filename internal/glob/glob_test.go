package glob

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"a/b", "a/b", true},
		{"a/b", "a/b/c", false},
		{"*.js", "a.js", true},
		{"*.js", "src/a.js", false},
		{"src/*", "src/", true},
		{"[a-c]?.js", "bx.js", true},
		{"[a-c", "a", false}, // malformed

		// Two stars are folders, or none.
		{"**", "a", true},
		{"**", "a/b/c", true},
		{"**/a", "a", true},
		{"**/a", "x/y/a", true},
		{"a/**/b", "a/b", true},
		{"a/**/b", "a/x/y/b", true},
		{"a/**/b", "a/x/y/c", false},
		{"a/**/**/b", "a/b", true},

		// At the end they are what lies within.
		{"a/**", "a/b", true},
		{"a/**", "a/b/c", true},
		{"a/**", "a", false},
		{"a/**", "ab", false},
		{"**/a/**", "x/a", false},
		{"**/a/**", "a/x", true},
	} {
		if got := Match(test.pattern, test.name); got != test.want {
			t.Errorf("%s matches %s: %v", test.pattern, test.name, got)
		}
	}
}

func TestStars(t *testing.T) {
	for _, test := range []struct {
		pattern, s string
		want       bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"*", "", true}, {"a*", "a", true}, {"a*b*c", "aXbYc", true}, {"a*b*c", "acb", false},
		{"a*a", "a", false}, {"*[x]*", "1[x]2", true}, {"?", "a", false},
	} {
		if got := Stars(test.pattern, test.s); got != test.want {
			t.Errorf("%s matches %s: %v", test.pattern, test.s, got)
		}
	}
}

// over are all texts of an alphabet up to a length.
func over(alphabet string, length int) []string {
	all, last := []string{""}, []string{""}
	for range length {
		var next []string
		for _, s := range last {
			for _, c := range alphabet {
				next = append(next, s+string(c))
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

// Every pattern of up to five characters on every text of up to five means what the
// regular expression of that form means.
func TestStarsAreWhatARegularExpressionSays(t *testing.T) {
	texts := over("ab", 5)
	for _, pattern := range over("ab*", 5) {
		form := regexp.MustCompile("^" + strings.ReplaceAll(pattern, "*", "[ab]*") + "$")
		for _, s := range texts {
			if got := Stars(pattern, s); got != form.MatchString(s) {
				t.Fatalf("%q matches %q: %v", pattern, s, got)
			}
		}
	}
}

// The same of paths: elements are one letter, "*" is any one element, "**" is any number
// of folders, and at the end what lies within.
func TestElementsAreWhatARegularExpressionSays(t *testing.T) {
	names := over("ab", 4)[1:]
	for _, short := range over("a*d", 4)[1:] {
		form := "^"
		for i, c := range short {
			switch {
			case c == 'd' && i == len(short)-1:
				form += "(?:[ab]/)+"
			case c == 'd':
				form += "(?:[ab]/)*"
			case c == '*':
				form += "[ab]/"
			default:
				form += "a/"
			}
		}
		compiled := regexp.MustCompile(form + "$")
		pattern := strings.Split(strings.ReplaceAll(short, "d", "D"), "")
		for i := range pattern {
			pattern[i] = strings.ReplaceAll(pattern[i], "D", "**")
		}
		for _, name := range names {
			elements := strings.Split(name, "")
			if got, want := Elements(pattern, elements, Stars), compiled.MatchString(strings.Join(elements, "/")+"/"); got != want {
				t.Fatalf("%v matches %v: %v, want %v (%s)", pattern, elements, got, want, form)
			}
		}
	}
}

// TestStarsAreBounded holds that no pattern makes a match cost more than its length.
func TestStarsAreBounded(t *testing.T) {
	deep, many := strings.Repeat("a/", 2000)+"b", strings.Repeat("**/", 500)+"c"
	start := time.Now()
	for _, m := range []bool{Match(many, deep), Stars(strings.Repeat("*a", 2000)+"b", strings.Repeat("a", 10000)), Git(strings.Repeat("*a", 200)+"b", strings.Repeat("a", 2000))} {
		if m {
			t.Error("it matched")
		}
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

// FuzzMatch holds that two stars for any folders are implied by none, and that a name
// matches itself where it has no wildcards.
func FuzzMatch(f *testing.F) {
	f.Add("a/**/b", "a/x/b")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		got := Match(pattern, name)
		if !strings.ContainsAny(name, `*?[\`) && !Match(name, name) {
			t.Errorf("%q does not match itself", name)
		}
		if got && !strings.HasPrefix(pattern, "**") && !Match("**/"+pattern, name) {
			t.Errorf("**/%s does not match %q, and %s does", pattern, name, pattern)
		}
	})
}
