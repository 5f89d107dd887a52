package sbom

import (
	"slices"
	"strings"
)

// Diff is what changed, most severe first, then by class, purl and path.
type Diff struct {
	Changes []Change
}

// Compare tells what changed from a to b. Order never counts; what one side does
// not know is not compared.
//
// Packages are paired by what stays the same when a version changes (purl without
// version). First those at one install path, then those of one version at
// different paths, then the rest by order of version: an update that moves a
// package is an update. What is left over on one side was added or removed.
func Compare(a, b *Inventory) Diff {
	c := &comparison{a: a.canonical(), b: b.canonical()}
	c.whyA, c.whyB = explain(c.a), explain(c.b)
	left, right := byIdentity(c.a), byIdentity(c.b)
	names := make(map[string]bool, len(left)+len(right))
	for name := range left {
		names[name] = true
	}
	for name := range right {
		names[name] = true
	}
	for name := range names { // the changes are sorted at the end
		c.identity(left[name], right[name])
	}
	c.settings()
	slices.SortFunc(c.changes, compareChanges)
	return Diff{Changes: slices.CompactFunc(c.changes, func(x, y Change) bool { return compareChanges(x, y) == 0 })}
}

type comparison struct {
	a, b       *Inventory
	whyA, whyB func(ref string) []string
	changes    []Change
}

func byIdentity(v *Inventory) map[string][]*Item {
	out := make(map[string][]*Item, len(v.Packages))
	for i := range v.Packages {
		p := &v.Packages[i]
		if p.Purl == "" {
			continue
		}
		name := identity(p.Purl)
		out[name] = append(out[name], p)
	}
	return out
}

// pair takes the items that match out of both lists and hands them to found.
func pair(left, right []*Item, match func(a, b *Item) bool, found func(a, b *Item)) (l, r []*Item) {
	r = slices.Clone(right)
	for _, a := range left {
		i := slices.IndexFunc(r, func(b *Item) bool { return match(a, b) })
		if i < 0 {
			l = append(l, a)
			continue
		}
		found(a, r[i])
		r = slices.Delete(r, i, i+1)
	}
	return l, r
}

// identity compares all copies of one package.
func (c *comparison) identity(left, right []*Item) {
	same := func(a, b *Item) bool {
		return a.Path == b.Path && a.Version == b.Version && slices.Equal(a.Hashes, b.Hashes)
	}
	place := func(a, b *Item) bool { return a.Path == b.Path && a.Path != "" }
	version := func(a, b *Item) bool { return a.Version == b.Version }
	l, r := pair(left, right, same, c.pair)
	l, r = pair(l, r, place, c.pair)
	l, r = pair(l, r, version, c.pair)
	slices.SortStableFunc(l, func(a, b *Item) int { return compareVersions(a.Purl, a.Version, b.Version) })
	slices.SortStableFunc(r, func(a, b *Item) int { return compareVersions(a.Purl, a.Version, b.Version) })
	// A source without paths lists a version once, one with paths once a copy: what
	// is left of a version that the other side has is no change then.
	l = slices.DeleteFunc(l, func(p *Item) bool { return covered(p, right) })
	r = slices.DeleteFunc(r, func(p *Item) bool { return c.copied(p, left) })
	gone := slices.DeleteFunc(slices.Clone(l), func(p *Item) bool { return has(right, p.Version) })
	come := slices.DeleteFunc(slices.Clone(r), func(p *Item) bool { return has(left, p.Version) })
	for i := range min(len(gone), len(come)) {
		c.pair(gone[i], come[i])
		l = slices.DeleteFunc(l, func(p *Item) bool { return p == gone[i] })
		r = slices.DeleteFunc(r, func(p *Item) bool { return p == come[i] })
	}
	for _, p := range l {
		class := RemovedPackage
		switch {
		case has(right, p.Version):
			class = RemovedCopy
		case len(right) > 0:
			class = RemovedVersion
		}
		c.add(class, p, &p.Version, nil)
	}
	for _, p := range r {
		class := NewPackage
		switch {
		case has(left, p.Version):
			class = NewCopy
		case len(left) > 0:
			class = NewVersion
		}
		c.add(class, p, nil, &p.Version)
		c.dynamism(nearest(p, left), p)
	}
}

func has(items []*Item, version string) bool {
	return slices.ContainsFunc(items, func(p *Item) bool { return p.Version == version })
}

// covered reports whether other holds the item's version without saying where.
func covered(p *Item, other []*Item) bool {
	return slices.ContainsFunc(other, func(o *Item) bool {
		return o.Version == p.Version && (o.Path == "" || p.Path == "") && !differ(o.Hashes, p.Hashes)
	})
}

// copied tells tampering in a new copy of a version that was there before, then
// whether it is covered.
func (c *comparison) copied(p *Item, left []*Item) bool {
	known, alike := (*Item)(nil), false
	for _, o := range left {
		if o.Version != p.Version {
			continue
		}
		if !differ(o.Hashes, p.Hashes) {
			alike = true
		} else if known == nil {
			known = o
		}
	}
	if known != nil && !alike {
		c.integrity(known, p)
	}
	return covered(p, left)
}

// nearest returns the item that a new one is measured against: the same version,
// else the newest, else nil.
func nearest(p *Item, items []*Item) *Item {
	var best *Item
	for _, o := range items {
		if o.Version == p.Version {
			return o
		}
		if best == nil || compareVersions(o.Purl, o.Version, best.Version) > 0 {
			best = o
		}
	}
	return best
}

// settings compares the configurations of two images, where both are known.
func (c *comparison) settings() {
	if c.a.Settings == nil || c.b.Settings == nil {
		return
	}
	from, to := map[string]string{}, map[string]string{}
	for _, s := range c.a.Settings {
		from[s.Name] += s.Value
	}
	for _, s := range c.b.Settings {
		to[s.Name] += s.Value
	}
	change := func(name string, a, b *string) {
		c.changes = append(c.changes, Change{
			Class: ConfigChanged, Severity: ConfigChanged.Severity(), Path: name, From: a, To: b, Why: []string{},
		})
	}
	for name, a := range from {
		b, ok := to[name]
		switch {
		case !ok:
			change(name, &a, nil)
		case a != b:
			change(name, &a, &b)
		}
	}
	for name, b := range to {
		if _, ok := from[name]; !ok {
			change(name, nil, &b)
		}
	}
}

func (c *comparison) add(class Class, p *Item, from, to *string) {
	why := c.whyB
	if to == nil {
		why = c.whyA
	}
	c.changes = append(c.changes, Change{
		Class: class, Severity: class.Severity(), Purl: p.Purl, Path: p.Path,
		From: clone(from), To: clone(to), Why: why(p.Ref),
	})
}

func clone(s *string) *string {
	if s == nil {
		return nil
	}
	t := strings.Clone(*s)
	return &t
}
