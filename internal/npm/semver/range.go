package semver

import (
	"slices"
	"strings"
)

// Range is a set of versions: any of its alternatives, each of which is all of its
// comparators.
type Range struct {
	alternatives [][]comparator
	o            Options
}

// comparator is one bound: "" (equal), "<", "<=", ">" or ">=" a version. An any fits
// every version.
type comparator struct {
	any     bool
	op      string
	version Version
}

var nothing = comparator{op: "<", version: Version{pre: []identifier{{}}}} // <0.0.0-0

func (c comparator) none() bool { return c.equal(nothing) }

func (c comparator) equal(d comparator) bool {
	return c.any == d.any && c.op == d.op && c.version.Compare(d.version) == 0
}

// ParseRange reads a range; "" and "*" are every version.
func ParseRange(s string, o Options) (Range, bool) {
	r := Range{o: o}
	for alternative := range strings.SplitSeq(strings.Join(strings.FieldsFunc(s, space), " "), "||") {
		set, ok := comparators(strings.TrimFunc(alternative, space), o)
		if !ok {
			return Range{}, false
		}
		if len(set) > 0 {
			r.alternatives = append(r.alternatives, set)
		}
	}
	if len(r.alternatives) == 0 {
		return Range{}, false
	}
	// What fits nothing adds nothing to what fits something.
	some := slices.DeleteFunc(slices.Clone(r.alternatives), func(set []comparator) bool { return set[0].none() })
	if len(some) > 0 {
		r.alternatives = some
	}
	if i := slices.IndexFunc(r.alternatives, func(set []comparator) bool { return len(set) == 1 && set[0].any }); i >= 0 {
		r.alternatives = r.alternatives[i : i+1] // so no prerelease that another names fits
	}
	return r, true
}

// Fits reports whether a version is in the range.
func (r Range) Fits(v Version) bool {
	return slices.ContainsFunc(r.alternatives, func(set []comparator) bool { return fits(set, v, r.o) })
}

func fits(set []comparator, v Version, o Options) bool {
	for _, c := range set {
		if !c.fits(v) {
			return false
		}
	}
	if len(v.pre) == 0 || o.Prereleases {
		return true
	}
	// Whoever asks for a prerelease asks for those of the same three numbers.
	return slices.ContainsFunc(set, func(c comparator) bool {
		return !c.any && len(c.version.pre) > 0 && c.version.major == v.major && c.version.minor == v.minor && c.version.patch == v.patch
	})
}

func (c comparator) fits(v Version) bool {
	if c.any {
		return true
	}
	order := v.Compare(c.version)
	switch c.op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	}
	return order == 0
}

// comparators reads one alternative. Where the reading is loose, what is not a
// comparator is left out.
func comparators(s string, o Options) ([]comparator, bool) {
	s = withoutMetadata(s)
	if from, to, ok := hyphen(s, o); ok {
		s = strings.TrimFunc(from+" "+to, space)
	}
	var all []comparator
	texts := words(s)
	for i, text := range texts {
		set, known, ok := expand(text, o)
		if !ok {
			return nil, false
		}
		if !known {
			if o.Loose {
				continue
			}
			return nil, false
		}
		for _, c := range set {
			if c.any && i > 0 && i < len(texts)-1 {
				continue // it leaves two spaces, which are split as one
			}
			if !c.any && c.op == ">=" && c.version.Compare(lowest(o)) == 0 {
				c = comparator{any: true} // every version is above the lowest
			}
			all = append(all, c)
		}
	}
	if i := slices.IndexFunc(all, comparator.none); i >= 0 {
		return all[i : i+1], true
	}
	if len(all) > 1 {
		bounds := slices.DeleteFunc(slices.Clone(all), func(c comparator) bool { return c.any })
		if len(bounds) == 0 {
			return all[:1], true
		}
		return bounds, true
	}
	return all, true
}

func lowest(o Options) Version {
	if o.Prereleases {
		return nothing.version
	}
	return Version{}
}

// withoutMetadata leaves out build metadata wherever it stands.
func withoutMetadata(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] == '+' {
			end := i
			for end < len(s) && (s[end] == '+' && end == i || s[end] == '.' && end > i+1) {
				part := leading(s[end+1:], word)
				if part == "" {
					break
				}
				end += 1 + len(part)
			}
			if end > i {
				i = end
				continue
			}
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// words splits an alternative at its spaces, but not between an operator and what it
// is of: a tilde and a caret are of whatever follows, the others of a version.
func words(s string) []string {
	var all []string
	for s = strings.TrimLeftFunc(s, space); s != ""; s = strings.TrimLeftFunc(s, space) {
		var w strings.Builder
		for {
			op := leading(s, operator)
			rest := strings.TrimLeftFunc(s[len(op):], space)
			if op == "" || len(rest) == len(s)-len(op) || rest == "" {
				break
			}
			if before(op, rest) {
				w.WriteString(op)
				s = rest
				break
			}
			if tilde, ok := strings.CutSuffix(op, "~>"); ok {
				op = tilde + "~"
			}
			if c := op[len(op)-1]; c != '~' && c != '^' {
				break
			}
			w.WriteString(op)
			s = rest
		}
		end := strings.IndexFunc(s, space)
		if end < 0 {
			end = len(s)
		}
		w.WriteString(s[:end])
		all, s = append(all, w.String()), s[end:]
	}
	if len(all) == 0 {
		return []string{""}
	}
	return all
}

func operator(c byte) bool { return strings.IndexByte("<>=~^", c) >= 0 }

// before reports whether an operator ends in one that bounds the version after it. A
// second "=" is the beginning of the version already, and the space after it is in
// the version's midst.
func before(op, rest string) bool {
	if c := op[len(op)-1]; c == '~' || c == '^' || strings.HasSuffix(op, "==") {
		return false
	}
	rest = strings.TrimLeftFunc(rest, func(r rune) bool { return r == 'v' || r == '=' || space(r) })
	return rest != "" && (digit(rest[0]) || strings.IndexByte("xX*", rest[0]) >= 0)
}
