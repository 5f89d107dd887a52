// Package debversion orders and checks versions of Debian packages.
//
// They are ordered wherever a package is chosen, and wherever two BOMs are compared, and
// both must agree on what is newer. This package links nothing, so that the BOM's room
// can ask without the archive's keys and compressors.
//
// The invariant: [Compare] is a total preorder on everything, whether or not [Check]
// takes it.
//
// Debian Policy §5.6.12.
package debversion

import (
	"cmp"
	"fmt"
	"strings"
)

// Compare orders two package versions as dpkg does: negative where a is
// older than b, 0 where they count as equal ("1.0" and "1.00" do), positive where
// a is newer (Debian Policy §5.6.12).
func Compare(a, b string) int {
	ea, ua, ra := splitVersion(a)
	eb, ub, rb := splitVersion(b)
	return cmp.Or(compareDigits(ea, eb), comparePart(ua, ub), comparePart(ra, rb))
}

// splitVersion parts [epoch:]upstream[-revision]. An absent epoch is 0, an absent
// revision is the empty string, which counts as 0.
func splitVersion(v string) (epoch, upstream, revision string) {
	if e, rest, ok := strings.Cut(v, ":"); ok {
		epoch, v = e, rest
	}
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		return epoch, v[:i], v[i+1:]
	}
	return epoch, v, ""
}

// comparePart orders upstream versions or revisions: runs of what is not a digit and
// runs of digits in turn. Letters come before all else but "~", which comes even
// before the end.
func comparePart(a, b string) int {
	for a != "" || b != "" {
		i, j := 0, 0
		for i < len(a) && !digit(a[i]) || j < len(b) && !digit(b[j]) {
			if c := rank(a, i) - rank(b, j); c != 0 {
				return c
			}
			i, j = i+1, j+1
		}
		a, b = a[i:], b[j:]
		i, j = digits(a), digits(b)
		if c := compareDigits(a[:i], b[:j]); c != 0 {
			return c
		}
		a, b = a[i:], b[j:]
	}
	return 0
}

// rank is the place of the byte at i among those that are no digits; a digit and
// the end rank 0.
func rank(s string, i int) int {
	if i >= len(s) || digit(s[i]) {
		return 0
	}
	switch c := s[i]; {
	case c == '~':
		return -1
	case letter(c):
		return int(c)
	default:
		return int(c) + 256
	}
}

// compareDigits orders two runs of digits by their value, however long.
func compareDigits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(len(a)-len(b), strings.Compare(a, b))
}

// Check returns an error for what is not a version (Debian Policy §5.6.12).
func Check(v string) error {
	epoch, upstream, revision := splitVersion(v)
	hasEpoch := strings.Contains(v, ":")
	hasRevision := strings.Contains(strings.TrimPrefix(v, epoch+":"), "-")
	switch {
	case len(v) > 256,
		hasEpoch && (epoch == "" || digits(epoch) != len(epoch)),
		upstream == "" || !digit(upstream[0]) || !versionBytes(upstream, ".+~-:"),
		hasRevision && (revision == "" || !versionBytes(revision, ".+~")):
		return fmt.Errorf("%q is no version", v)
	}
	return nil
}

func versionBytes(s, also string) bool {
	for i := range len(s) {
		if !digit(s[i]) && !letter(s[i]) && strings.IndexByte(also, s[i]) < 0 {
			return false
		}
	}
	return true
}

func digits(s string) int {
	n := 0
	for n < len(s) && digit(s[n]) {
		n++
	}
	return n
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
