package semver

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Version is three numbers and what a prerelease adds. Build metadata is no part of
// it: it makes no difference to any comparison.
type Version struct {
	major, minor, patch uint64
	pre                 []identifier
}

// identifier is one part of a prerelease: a number, or a text.
type identifier struct {
	number uint64
	text   string // "" of a number
}

const (
	longest    = 256       // characters of a version that node-semver reads
	maxInteger = 1<<53 - 1 // the largest integer that JavaScript counts to
)

// Options are how a text is read. The zero value is node-semver's strict reading.
type Options struct {
	Loose       bool // also what npm has always taken: "v1.2.3", "1.2.3beta", "01.2.3"
	Prereleases bool // prereleases are versions like any other
}

// Parse reads a version.
func Parse(s string, o Options) (Version, bool) {
	v, _, ok := parse(s, o)
	return v, ok
}

// parse is Parse, and reports whether s has a version's shape: one may still be too
// long, or one of its numbers too large.
func parse(s string, o Options) (v Version, shaped, ok bool) {
	ok = len(s) <= longest
	s = strings.TrimFunc(s, space)
	if o.Loose {
		s = strings.TrimLeftFunc(s, func(r rune) bool { return r == 'v' || r == '=' || space(r) })
	} else {
		s = strings.TrimPrefix(s, "v")
	}
	for i, n := range []*uint64{&v.major, &v.minor, &v.patch} {
		if i > 0 {
			if s == "" || s[0] != '.' {
				return v, false, false
			}
			s = s[1:]
		}
		digits := leading(s, digit)
		if digits == "" || !o.Loose && len(digits) > 1 && digits[0] == '0' {
			return v, false, false
		}
		number, small := integer(digits)
		ok = ok && small
		*n, s = number, s[len(digits):]
	}
	v.pre, shaped = suffix(s, o.Loose)
	return v, shaped, ok && shaped
}

// suffix reads all of what follows the three numbers: a prerelease and build
// metadata, or nothing. Where the reading is loose, a prerelease needs no hyphen.
func suffix(s string, loose bool) (pre []identifier, ok bool) {
	if plus := strings.IndexByte(s, '+'); plus >= 0 {
		if !metadata(s[plus+1:]) {
			return nil, false
		}
		s = s[:plus]
	}
	switch {
	case s == "":
		return nil, true
	case s[0] == '-':
		if pre, ok = identifiers(s[1:], loose); ok || !loose {
			return pre, ok
		}
		return identifiers(s, loose) // "1.2.3-": the hyphen is the identifier
	case loose:
		return identifiers(s, loose)
	}
	return nil, false
}

func identifiers(s string, loose bool) ([]identifier, bool) {
	var all []identifier
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || leading(part, word) != part {
			return nil, false
		}
		if leading(part, digit) != part {
			all = append(all, identifier{text: part})
			continue
		}
		if !loose && len(part) > 1 && part[0] == '0' {
			return nil, false
		}
		if n, err := strconv.ParseUint(part, 10, 64); err == nil && n < maxInteger {
			all = append(all, identifier{number: n})
		} else {
			all = append(all, identifier{text: part}) // too large to be counted
		}
	}
	return all, true
}

func metadata(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || leading(part, word) != part {
			return false
		}
	}
	return true
}

// integer reads digits; the result is false of what JavaScript does not count to.
func integer(digits string) (uint64, bool) {
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil && n <= maxInteger
}

// Compare orders versions by precedence.
func (v Version) Compare(w Version) int {
	if c := cmp.Or(cmp.Compare(v.major, w.major), cmp.Compare(v.minor, w.minor), cmp.Compare(v.patch, w.patch)); c != 0 {
		return c
	}
	if len(v.pre) == 0 || len(w.pre) == 0 {
		return cmp.Compare(len(w.pre), len(v.pre)) // a version comes after its prereleases
	}
	return slices.CompareFunc(v.pre, w.pre, func(a, b identifier) int {
		switch {
		case a.text == "" && b.text == "":
			return cmp.Compare(a.number, b.number)
		case a.text == "":
			return -1
		case b.text == "":
			return 1
		}
		return strings.Compare(a.text, b.text)
	})
}

// leading returns the longest beginning of s whose bytes all fit.
func leading(s string, fits func(byte) bool) string {
	i := 0
	for i < len(s) && fits(s[i]) {
		i++
	}
	return s[:i]
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func word(c byte) bool {
	return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-'
}

// space is JavaScript's \s.
func space(r rune) bool {
	return r == '\ufeff' || r != '\u0085' && unicode.IsSpace(r)
}

// IsPrerelease reports whether the version comes before a release of its numbers.
func (v Version) IsPrerelease() bool { return len(v.pre) > 0 }
