package semver

import "strings"

// Intersects reports whether some version may fit both ranges, as node-semver
// reckons it: bound against bound.
func (r Range) Intersects(s Range) bool {
	for _, a := range r.alternatives {
		if !satisfiable(a, r.o) {
			continue
		}
		for _, b := range s.alternatives {
			if satisfiable(b, r.o) && meet(a, b, r.o) {
				return true
			}
		}
	}
	return false
}

// satisfiable reports whether the comparators of a set leave anything, two by two.
func satisfiable(set []comparator, o Options) bool {
	for i := range set {
		for _, d := range set[:i] {
			if !set[i].intersects(d, o) {
				return false
			}
		}
	}
	return true
}

func meet(a, b []comparator, o Options) bool {
	for _, c := range a {
		for _, d := range b {
			if !c.intersects(d, o) {
				return false
			}
		}
	}
	return true
}

func (c comparator) intersects(d comparator, o Options) bool {
	switch {
	case c.any:
		return true
	case c.op == "":
		return fits([]comparator{d}, c.version, o)
	case d.any:
		return true
	case d.op == "":
		return fits([]comparator{c}, d.version, o)
	case below(c, o) || below(d, o):
		return false
	case c.op[0] == d.op[0]:
		return true
	}
	order := c.version.Compare(d.version)
	if order == 0 {
		return strings.HasSuffix(c.op, "=") && strings.HasSuffix(d.op, "=")
	}
	return (order < 0) == (c.op[0] == '>')
}

// below reports whether nothing is as low as what c fits.
func below(c comparator, o Options) bool {
	if o.Prereleases {
		return c.none()
	}
	return c.op == "<" && c.version.major == 0 && c.version.minor == 0 && c.version.patch == 0
}
