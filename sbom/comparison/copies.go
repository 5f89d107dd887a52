package comparison

import (
	"slices"

	"github.com/nbuild/nbuild/sbom"
)

// copies is what one side holds of one package, by version.
type copies struct {
	versions map[string]*copyGroup
	newest   *sbom.Item
}

// copyGroup is the copies of one version: one item for each different list of
// hashes, and the same of those whose source names no path.
type copyGroup struct {
	all, pathless []*sbom.Item
}

// groupLimit bounds how many different bytes of one version are distinguished. More
// than one is tampering already; what comes after the bound is reported as different.
const groupLimit = 64

func copiesOf(items []*sbom.Item) copies {
	c := copies{versions: make(map[string]*copyGroup, len(items))}
	for _, p := range items {
		g := c.versions[p.Version]
		if g == nil {
			g = &copyGroup{}
			c.versions[p.Version] = g
		}
		g.all = keep(g.all, p)
		if p.Path == "" {
			g.pathless = keep(g.pathless, p)
		}
		if c.newest == nil || compareVersions(p.Purl, p.Version, c.newest.Version) > 0 {
			c.newest = p
		}
	}
	return c
}

func keep(items []*sbom.Item, p *sbom.Item) []*sbom.Item {
	if len(items) >= groupLimit || slices.ContainsFunc(items, func(o *sbom.Item) bool { return slices.Equal(o.Hashes, p.Hashes) }) {
		return items
	}
	return append(items, p)
}

func (c copies) has(version string) bool { return c.versions[version] != nil }

// covers reports whether the side holds the item's version and bytes, where one of
// the two does not say at which path.
func (c copies) covers(p *sbom.Item) bool {
	g := c.versions[p.Version]
	if g == nil {
		return false
	}
	items := g.pathless
	if p.Path == "" {
		items = g.all
	}
	return slices.ContainsFunc(items, func(o *sbom.Item) bool { return !differ(o.Hashes, p.Hashes) })
}

// contradicts returns an item of the same version whose bytes are others, where no
// item of it has the same; else nil.
func (c copies) contradicts(p *sbom.Item) *sbom.Item {
	g := c.versions[p.Version]
	if g == nil || slices.ContainsFunc(g.all, func(o *sbom.Item) bool { return !differ(o.Hashes, p.Hashes) }) {
		return nil
	}
	return g.all[0]
}

// nearest returns the item that a new one is measured against: the same version,
// else the newest, else nil.
func (c copies) nearest(p *sbom.Item) *sbom.Item {
	if g := c.versions[p.Version]; g != nil {
		return g.all[0]
	}
	return c.newest
}
