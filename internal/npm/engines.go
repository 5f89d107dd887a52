package npm

import (
	"strconv"
	"strings"
)

// engineFits reports whether a Node version is in a range of node-semver
// (semver docs, §Ranges), as npm asks: prereleases count, no range and an
// unreadable version fit, an unreadable range does not.
func engineFits(spec, version string) bool {
	v, given, ok := parseVersion(version)
	if spec == "" || !ok || given < 3 {
		return true
	}
	for alternative := range strings.SplitSeq(spec, "||") {
		if fits, ok := all(alternative, v); ok && fits {
			return true
		}
	}
	return false
}

type numbers [3]uint64

func (a numbers) less(b numbers) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// parseVersion reads up to three numbers; x, X, * and what is left out end them.
func parseVersion(s string) (v numbers, given int, ok bool) {
	s = strings.TrimLeft(strings.TrimSpace(s), "=v")
	s, _, _ = strings.Cut(s, "+")
	s, _, _ = strings.Cut(s, "-")
	for part := range strings.SplitSeq(s, ".") {
		if part == "x" || part == "X" || part == "*" || part == "" && given == 0 {
			return v, given, true
		}
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil || given == 3 {
			return v, 0, false
		}
		v[given] = n
		given++
	}
	return v, given, true
}

// all reports whether v meets every comparator of a set.
func all(set string, v numbers) (fits, ok bool) {
	if low, high, hyphen := strings.Cut(set, " - "); hyphen {
		set = ">=" + strings.TrimSpace(low) + " <=" + strings.TrimSpace(high)
	}
	for _, op := range []string{">=", "<=", ">", "<", "~", "^", "="} { // an operator may stand apart
		for strings.Contains(set, op+" ") {
			set = strings.ReplaceAll(set, op+" ", op)
		}
	}
	fits = true
	for word := range strings.FieldsSeq(set) {
		met, ok := meets(word, v)
		if !ok {
			return false, false
		}
		fits = fits && met
	}
	return fits, true
}

func meets(word string, v numbers) (met, ok bool) {
	op := word[:len(word)-len(strings.TrimLeft(word, "<>=~^"))]
	low, given, ok := parseVersion(word[len(op):])
	if !ok || op == word {
		return false, false
	}
	if given == 0 {
		return op != "<" && op != ">", true
	}
	next := func(place int) numbers { // the first version past those that share the first numbers
		high := numbers{}
		copy(high[:], low[:place])
		high[place-1]++
		return high
	}
	within := func(high numbers) bool { return !v.less(low) && v.less(high) }
	switch op {
	case "", "=":
		return within(next(given)), true
	case ">=":
		return !v.less(low), true
	case ">":
		return !v.less(next(given)), true
	case "<":
		return v.less(low), true
	case "<=":
		return v.less(next(given)), true
	case "~", "~>":
		return within(next(min(given, 2))), true
	case "^":
		place := 1
		for place < given && low[place-1] == 0 {
			place++
		}
		return within(next(place)), true
	}
	return false, false
}
