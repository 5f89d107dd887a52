package semver

import (
	"strconv"
	"strings"
)

// partial is a version of which some numbers may be left out, or be x or *.
type partial struct {
	numbers [3]string // "" where left out
	pre     string    // with its identifiers, without the hyphen
	hasPre  bool
}

func unset(s string) bool { return s == "" || s == "*" || s == "x" || s == "X" }

// ordered reports whether no number follows one that is left out.
func (p partial) ordered() bool {
	n := p.numbers
	return !(unset(n[0]) && !unset(n[1])) && !(unset(n[1]) && !unset(n[2]))
}

// parsePartial reads all of s, as what follows an operator.
func parsePartial(s string, loose bool) (partial, bool) {
	var p partial
	s = strings.TrimLeftFunc(s, func(r rune) bool { return r == 'v' || r == '=' || space(r) })
	for i := range p.numbers {
		if i > 0 {
			if s == "" {
				return p, true
			}
			if s[0] != '.' {
				return p, false
			}
			s = s[1:]
		}
		part := leading(s, digit)
		switch {
		case part != "":
			if !loose && len(part) > 1 && part[0] == '0' {
				return p, false
			}
		case s != "" && strings.ContainsRune("xX*", rune(s[0])):
			part = s[:1]
		default:
			return p, false
		}
		p.numbers[i], s = part, s[len(part):]
	}
	if s == "" {
		return p, true
	}
	if _, ok := suffix(s, loose); !ok {
		return p, false
	}
	s, _, _ = strings.Cut(s, "+")
	if rest, ok := strings.CutPrefix(s, "-"); ok && rest != "" {
		if _, ok := identifiers(rest, loose); ok {
			s = rest
		}
	}
	p.pre, p.hasPre = s, s != ""
	return p, true
}

// bound makes a comparator of numbers and a prerelease; the result is false where a
// number is too large.
func bound(op string, numbers [3]string, pre string, o Options) (comparator, bool) {
	text := numbers[0] + "." + numbers[1] + "." + numbers[2]
	if pre != "" {
		text += "-" + pre
	}
	v, ok := Parse(text, o)
	return comparator{op: op, version: v}, ok
}

// next is a number and one.
func next(s string) string {
	n, ok := integer(s)
	if !ok || n == maxInteger {
		return "9007199254740993" // more than can be read
	}
	return strconv.FormatUint(n+1, 10)
}

// expand turns one word into comparators. Known is false of what is none; ok is
// false of what makes the whole range unreadable.
func expand(text string, o Options) (set []comparator, known, ok bool) {
	zero := ""
	if o.Prereleases {
		zero = "0"
	}
	switch {
	case text == "":
		return []comparator{{any: true}}, true, true
	case text[0] == '^':
		if p, ok := parsePartial(text[1:], o.Loose); ok {
			return caret(p, zero, o)
		}
	case text[0] == '~':
		if p, ok := parsePartial(strings.TrimPrefix(text[1:], ">"), o.Loose); ok {
			return tilde(p, zero, o)
		}
	default:
		op, rest := bareOperator(text)
		if p, ok := parsePartial(rest, o.Loose); ok && p.ordered() && unset(p.numbers[2]) {
			return bounded(op, p, zero, o)
		}
		return whole(withoutStars(text), o)
	}
	return nil, false, true
}

// whole reads an operator and a version with all of its numbers. Where a version has
// the shape and can't be read, such as one with a number too large, the range is in
// error in any reading.
func whole(text string, o Options) (set []comparator, known, ok bool) {
	if text == "" {
		return []comparator{{any: true}}, true, true
	}
	op, rest := bareOperator(text)
	v, shaped, ok := parse(rest, o)
	if !shaped {
		return nil, false, true
	}
	return []comparator{{op: strings.TrimPrefix(op, "="), version: v}}, true, ok
}

// bareOperator cuts off "<", ">", each with or without "=", or "=".
func bareOperator(text string) (op, rest string) {
	n := 0
	if text != "" && (text[0] == '<' || text[0] == '>') {
		n = 1
	}
	if strings.HasPrefix(text[n:], "=") {
		n++
	}
	return text[:n], text[n:]
}

// withoutStars leaves out * and the operator before it.
func withoutStars(s string) string {
	for {
		i := strings.IndexByte(s, '*')
		if i < 0 {
			return s
		}
		head := strings.TrimRightFunc(s[:i], space)
		head = strings.TrimSuffix(head, "=")
		if n := len(head); n > 0 && (head[n-1] == '<' || head[n-1] == '>') {
			head = head[:n-1]
		}
		s = head + s[i+1:]
	}
}

func pair(low, high comparator, a, b bool) (set []comparator, known, ok bool) {
	return []comparator{low, high}, true, a && b
}

// caret is every version up to the next that may break: the first number that is
// not 0 stays.
func caret(p partial, zero string, o Options) (set []comparator, known, ok bool) {
	n := p.numbers
	major := [3]string{next(n[0]), "0", "0"}
	switch {
	case unset(n[0]):
		return []comparator{{any: true}}, true, true
	case unset(n[1]):
		n[1], n[2] = "0", "0"
		return between(n, zero, major, o)
	case unset(n[2]):
		n[2] = "0"
		if n[0] == "0" {
			return between(n, zero, [3]string{n[0], next(n[1]), "0"}, o)
		}
		return between(n, zero, major, o)
	case n[0] != "0":
		return between(n, p.pre, major, o)
	case n[1] != "0":
		return between(n, p.pre, [3]string{n[0], next(n[1]), "0"}, o)
	}
	return between(n, p.pre, [3]string{n[0], n[1], next(n[2])}, o)
}

// tilde is every version with the same first two numbers.
func tilde(p partial, zero string, o Options) (set []comparator, known, ok bool) {
	n := p.numbers
	switch {
	case unset(n[0]):
		return []comparator{{any: true}}, true, true
	case unset(n[1]):
		return between([3]string{n[0], "0", "0"}, zero, [3]string{next(n[0]), "0", "0"}, o)
	case unset(n[2]):
		return between([3]string{n[0], n[1], "0"}, zero, [3]string{n[0], next(n[1]), "0"}, o)
	}
	return between(n, p.pre, [3]string{n[0], next(n[1]), "0"}, o)
}

// between is from low, up to the prereleases of high.
func between(low [3]string, pre string, high [3]string, o Options) (set []comparator, known, ok bool) {
	from, a := bound(">=", low, pre, o)
	to, b := bound("<", high, "0", o)
	return pair(from, to, a, b)
}

// bounded is an operator, or none, and a version whose last number is left out.
func bounded(op string, p partial, zero string, o Options) (set []comparator, known, ok bool) {
	n := p.numbers
	if op == "=" {
		op = ""
	}
	switch {
	case unset(n[0]) && (op == "<" || op == ">"):
		return []comparator{nothing}, true, true
	case unset(n[0]):
		return []comparator{{any: true}}, true, true
	case op == "" && unset(n[1]):
		return between([3]string{n[0], "0", "0"}, zero, [3]string{next(n[0]), "0", "0"}, o)
	case op == "":
		return between([3]string{n[0], n[1], "0"}, zero, [3]string{n[0], next(n[1]), "0"}, o)
	}
	// ">1.2" begins where 1.2 ends, "<=1.2" ends there.
	if op == ">" || op == "<=" {
		op = map[string]string{">": ">=", "<=": "<"}[op]
		if unset(n[1]) {
			n = [3]string{next(n[0]), "0", "0"}
		} else {
			n = [3]string{n[0], next(n[1]), "0"}
		}
	} else if unset(n[1]) {
		n[1] = "0"
	}
	n[2] = "0"
	if op == "<" {
		zero = "0"
	}
	c, ok := bound(op, n, zero, o)
	return []comparator{c}, true, ok
}

// hyphen reads "1.2 - 3.4" and returns its two bounds, each as it would be written
// by itself.
func hyphen(s string, o Options) (from, to string, ok bool) {
	low, high, found := strings.Cut(s, " - ")
	if !found {
		return "", "", false
	}
	a, okLow := parsePartial(strings.TrimFunc(low, space), o.Loose)
	b, okHigh := parsePartial(strings.TrimFunc(high, space), o.Loose)
	if !okLow || !okHigh {
		return "", "", false
	}
	zero := ""
	if o.Prereleases {
		zero = "-0"
	}
	n := a.numbers
	switch {
	case unset(n[0]):
	case unset(n[1]):
		from = ">=" + n[0] + ".0.0" + zero
	case unset(n[2]):
		from = ">=" + n[0] + "." + n[1] + ".0" + zero
	case a.hasPre:
		from = ">=" + strings.TrimFunc(low, space)
	default:
		from = ">=" + strings.TrimFunc(low, space) + zero
	}
	n = b.numbers
	switch {
	case unset(n[0]):
	case unset(n[1]):
		to = "<" + next(n[0]) + ".0.0-0"
	case unset(n[2]):
		to = "<" + n[0] + "." + next(n[1]) + ".0-0"
	case b.hasPre:
		to = "<=" + n[0] + "." + n[1] + "." + n[2] + "-" + b.pre
	case o.Prereleases:
		to = "<" + n[0] + "." + n[1] + "." + next(n[2]) + "-0"
	default:
		to = "<=" + strings.TrimFunc(high, space)
	}
	return from, to, true
}
