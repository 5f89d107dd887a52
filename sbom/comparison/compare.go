// Package comparison says what changed between two inventories, be they of BOMs,
// lockfiles, snapshots or images.
//
// Every change has a class of a closed list (docs/diff-classes.md), which gives its
// severity; the most severe come first. Where one side does not know a fact, that fact
// is not compared: silence is not a change.
//
// For images it also compares what they may load. A file that changed is held against
// the version of the package in whose folder it stands: an update explains the files of
// its own package and of no other.
//
// The invariant: [Compare] of a with a is empty, whatever the order of things in either.
package comparison

import (
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom"
)

// Diff is what changed, most severe first, then by class, purl and path.
type Diff struct {
	Changes []Change
}

// Compare reports what changed from a to b. Order never counts; what one side does not
// know is not compared.
//
// Packages are paired by what stays the same when a version changes (purl without
// version). First those at one install path, then those of one version at
// different paths, then the rest by order of version: an update that moves a
// package is an update. What is left over on one side was added or removed.
func Compare(a, b *sbom.Inventory) Diff {
	c := &comparison{a: a.Canonical(), b: b.Canonical()}
	c.whyA, c.whyB = sbom.Brings(c.a), sbom.Brings(c.b)
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
	c.guards()
	slices.SortFunc(c.changes, compareChanges)
	return Diff{Changes: slices.CompactFunc(c.changes, func(x, y Change) bool { return compareChanges(x, y) == 0 })}
}

type comparison struct {
	a, b       *sbom.Inventory
	whyA, whyB func(ref string) []string
	changes    []Change
}

func byIdentity(v *sbom.Inventory) map[string][]*sbom.Item {
	out := make(map[string][]*sbom.Item, len(v.Packages))
	for i := range v.Packages {
		p := &v.Packages[i]
		if p.Purl == "" {
			continue
		}
		name := sbom.Identity(p.Purl)
		out[name] = append(out[name], p)
	}
	return out
}

// pair takes the items that have one key out of both lists, first with first, and
// hands them to found. Items whose key is "" stay.
func pair(left, right []*sbom.Item, key func(*sbom.Item) string, found func(a, b *sbom.Item)) (l, r []*sbom.Item) {
	waiting := make(map[string][]*sbom.Item, len(right))
	for _, b := range right {
		waiting[key(b)] = append(waiting[key(b)], b)
	}
	taken := make(map[*sbom.Item]bool, len(right))
	for _, a := range left {
		k := key(a)
		if k == "" || len(waiting[k]) == 0 {
			l = append(l, a)
			continue
		}
		b := waiting[k][0]
		waiting[k] = waiting[k][1:]
		taken[b] = true
		found(a, b)
	}
	return l, without(right, taken)
}

func without(items []*sbom.Item, taken map[*sbom.Item]bool) []*sbom.Item {
	return slices.DeleteFunc(slices.Clone(items), func(p *sbom.Item) bool { return taken[p] })
}

// The three ways in which two items are one package, strictest first.
func byAll(p *sbom.Item) string {
	return p.Path + "\n" + p.Version + "\n" + strings.Join(p.Hashes, " ")
}
func byPath(p *sbom.Item) string    { return p.Path }
func byVersion(p *sbom.Item) string { return "v" + p.Version }

// identity compares all copies of one package.
func (c *comparison) identity(left, right []*sbom.Item) {
	l, r := pair(left, right, byAll, c.pair)
	l, r = pair(l, r, byPath, c.pair)
	l, r = pair(l, r, byVersion, c.pair)
	if len(l) == 0 && len(r) == 0 {
		return
	}
	before, after := copiesOf(left), copiesOf(right)
	// A source without paths lists a version once, one with paths once a copy: what
	// is left of a version that the other side has is no change then.
	l = slices.DeleteFunc(l, func(p *sbom.Item) bool { return after.covers(p) })
	r = slices.DeleteFunc(r, func(p *sbom.Item) bool {
		if known := before.contradicts(p); known != nil {
			c.integrity(known, p)
		}
		return before.covers(p)
	})
	byOrder := func(a, b *sbom.Item) int { return compareVersions(a.Purl, a.Version, b.Version) }
	slices.SortStableFunc(l, byOrder)
	slices.SortStableFunc(r, byOrder)
	gone := slices.DeleteFunc(slices.Clone(l), func(p *sbom.Item) bool { return after.has(p.Version) })
	come := slices.DeleteFunc(slices.Clone(r), func(p *sbom.Item) bool { return before.has(p.Version) })
	paired := map[*sbom.Item]bool{}
	for i := range min(len(gone), len(come)) {
		c.pair(gone[i], come[i])
		paired[gone[i]], paired[come[i]] = true, true
	}
	for _, p := range without(l, paired) {
		class := RemovedPackage
		switch {
		case after.has(p.Version):
			class = RemovedCopy
		case len(right) > 0:
			class = RemovedVersion
		}
		c.add(class, p, &p.Version, nil)
	}
	for _, p := range without(r, paired) {
		class := NewPackage
		switch {
		case before.has(p.Version):
			class = NewCopy
		case len(left) > 0:
			class = NewVersion
		}
		c.add(class, p, nil, &p.Version)
		if class != NewCopy && p.Basis != "" && weaker(p.Basis, snapshot.BasisLockfile) {
			c.add(IntegrityWeakened, p, nil, text(p.Basis))
		}
		known := before.nearest(p)
		if known != nil {
			c.origin(known, p)
		}
		c.dynamism(known, p)
	}
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
	change := func(name string, a, b *string) { c.of(ConfigChanged, name, a, b) }
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

func (c *comparison) add(class Class, p *sbom.Item, from, to *string) {
	why := c.whyB
	if to == nil {
		why = c.whyA
	}
	c.changes = append(c.changes, Change{
		Class: class, Severity: class.Severity(), Purl: p.Purl, Path: p.Path,
		From: clone(from), To: clone(to), Why: why(p.Ref),
	})
}

// of adds a change that is of no package.
func (c *comparison) of(class Class, path string, from, to *string) {
	c.changes = append(c.changes, Change{
		Class: class, Severity: class.Severity(), Path: path, From: clone(from), To: clone(to), Why: []string{},
	})
}

func clone(s *string) *string {
	if s == nil {
		return nil
	}
	t := strings.Clone(*s)
	return &t
}
