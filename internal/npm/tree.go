package npm

import (
	"fmt"

	"github.com/nbuild/nbuild/internal/locked"
)

// Judge plans the tree that `npm ci` installs from the lockfile and reports what is wrong
// with what it takes.
func (l *Lockfile) Judge(o locked.Options) (*locked.Tree, []locked.Fault, error) {
	for _, word := range o.Omit {
		if word != "dev" && word != "optional" && word != "peer" {
			return nil, nil, fmt.Errorf("planning tree: omit %q is none of dev, optional, peer", word)
		}
	}
	g := newGraph(l, o)
	start := g.root
	if o.Workspace != "" {
		if start = g.at[o.Workspace]; start == nil || !g.member(start) {
			return nil, nil, notMember(l, g, o.Workspace)
		}
	}
	g.flag(start)
	g.skip()
	g.omit()
	t := &locked.Tree{Name: start.Name, Version: start.Version, License: start.License, Options: o, Engines: start.Engines}
	installed := func(n *node) bool { return !n.gone }
	t.Root = g.edges(start, installed)
	for _, n := range g.nodes[1:] {
		if n.gone || n.local() || outside(n.Path) { // a link to what is outside is a fault
			continue
		}
		e := n.Entry
		p := locked.Package{
			Path: e.Path, Name: e.Name, Version: e.Version, Integrity: e.Integrity, Elsewhere: e.Elsewhere, Resolved: e.Resolved, Origin: e.Origin(), License: e.License,
			Deprecated: e.Deprecated, HasInstallScript: e.HasInstallScript, Bins: e.Bin, Engines: e.Engines, Pos: e.Pos,
			Dev: n.dev, Optional: n.optional, Peer: n.peer,
		}
		if n.target != nil {
			t.Links = append(t.Links, locked.Between(n.Path, n.target.Path))
			p.Link, p.Version, p.License, p.Bins = n.target.Path, n.target.Version, n.target.License, n.target.Bin
		}
		if n.bundler != nil {
			p.Bundler = n.bundler.Path
		}
		p.Dependencies = g.edges(n, installed)
		t.Packages = append(t.Packages, p)
	}
	return t, g.faults(), nil
}
