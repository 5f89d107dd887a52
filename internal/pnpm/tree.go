package pnpm

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/semver"
)

// Judge plans the tree that `pnpm install --frozen-lockfile` installs, and reports what is
// wrong with what it takes.
func (l *Lockfile) Judge(o locked.Options) (*locked.Tree, []locked.Fault, error) {
	for _, word := range o.Omit {
		if word != "dev" && word != "optional" && word != "peer" {
			return nil, nil, fmt.Errorf("planning tree: omit %q is none of dev, optional, peer", word)
		}
	}
	g := newGraph(l, o)
	t := &locked.Tree{Options: o, BinFolders: []locked.BinFolder{}}
	if m := l.project; m != nil {
		t.Name, t.Version, t.License, t.Engines = m.Name, m.Version, m.License, m.Engines
	}
	children := map[*entry][]child{}
	for _, e := range g.picked {
		if !g.skipped[e] {
			children[e] = g.children(e)
		}
	}
	needed, production := g.reach(children)
	for _, e := range g.picked {
		if g.skipped[e] {
			continue
		}
		t.Packages = append(t.Packages, l.pack(e, children[e], !production[e], !needed[e]))
		g.beside(t, e, children[e])
	}
	for _, c := range g.direct {
		t.Root = append(t.Root, locked.Edge{Name: c.alias, To: l.layout.place(c.to), Kind: c.kind, Spec: l.specifier(c)})
		t.Links = append(t.Links, locked.Between(top+"/"+c.alias, l.layout.place(c.to)))
	}
	lifted := g.hoist(children)
	for _, h := range lifted {
		at := hoisted
		if h.public {
			at = top
		}
		t.Links = append(t.Links, locked.Between(at+"/"+h.alias, l.layout.place(h.to)))
	}
	g.bins(t, lifted)
	slices.SortFunc(t.Packages, func(a, b locked.Package) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(t.Root, func(a, b locked.Edge) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(t.Links, func(a, b locked.Link) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(t.BinFolders, func(a, b locked.BinFolder) int { return strings.Compare(a.Path, b.Path) })
	return t, g.faults(), nil
}

func (l *Lockfile) specifier(c child) string {
	for _, d := range l.importers["."].direct[c.kind] {
		if d.name == c.alias {
			return d.specifier
		}
	}
	return ""
}

// pack is the package of the tree that an entry becomes.
func (l *Lockfile) pack(e *entry, children []child, dev, optional bool) locked.Package {
	p := locked.Package{
		Path: l.layout.place(e), Name: e.name, Version: e.version, Integrity: e.integrity, Resolved: e.tarball, Origin: e.origin(),
		Deprecated: e.deprecated, Dev: dev, Optional: optional, HasBins: e.hasBin, Engines: e.engines, Pos: e.pos,
	}
	for _, c := range children {
		p.Dependencies = append(p.Dependencies, locked.Edge{Name: c.alias, To: l.layout.place(c.to), Kind: c.kind})
	}
	slices.SortFunc(p.Dependencies, func(a, b locked.Edge) int { return strings.Compare(a.Name, b.Name) })
	return p
}

// origin is where the bytes of a package come from.
func (e *entry) origin() locked.Origin {
	switch {
	case e.packed != "":
		return locked.Origin{From: locked.FromFile, Address: path.Clean(e.packed)}
	case e.git != "":
		return locked.Origin{From: locked.FromGit, Address: e.git}
	case e.directory != "":
		return locked.Origin{From: locked.FromFolder, Address: path.Clean(e.directory)}
	case strings.HasPrefix(e.tarball, "file:"):
		return locked.Origin{From: locked.FromFile, Address: path.Clean(strings.TrimPrefix(e.tarball, "file:"))}
	case e.tarball == "":
		return locked.Origin{From: locked.FromRegistry}
	}
	if !strings.HasPrefix(e.tarball, "https://") && !strings.HasPrefix(e.tarball, "http://") {
		return locked.Origin{From: locked.FromUnknown, Address: e.tarball}
	}
	if strings.Contains(e.key, "://") || !strings.Contains(e.key, "@"+e.version) {
		return locked.Origin{From: locked.FromAddress, Address: e.tarball}
	}
	return locked.Origin{From: locked.FromRegistry} // which says where its tarball is
}

// reach finds what is needed at all, and not only where an optional one is there, and what
// production needs.
func (g *graph) reach(children map[*entry][]child) (needed, production map[*entry]bool) {
	needed, production = map[*entry]bool{}, map[*entry]bool{}
	var needs, produces []*entry
	for _, c := range g.direct {
		if c.kind != locked.Dev {
			produces = append(produces, c.to)
		}
		if !c.optional {
			needs = append(needs, c.to)
		}
	}
	spread := func(seen map[*entry]bool, queue []*entry, along func(child) bool) {
		for len(queue) > 0 {
			e := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			if seen[e] {
				continue
			}
			seen[e] = true
			for _, c := range children[e] {
				if along(c) {
					queue = append(queue, c.to)
				}
			}
		}
	}
	spread(needed, needs, func(c child) bool { return !c.optional })
	spread(production, produces, func(child) bool { return true })
	return needed, production
}

// beside lays the links beside a package, and says where the commands of what it asks for
// are linked.
func (g *graph) beside(t *locked.Tree, e *entry, children []child) {
	modules := g.l.layout.modules(e)
	var bins []*entry
	for _, c := range children {
		if c.to.hasBin {
			bins = append(bins, c.to)
		}
		if c.alias != e.name || c.to == e { // one that asks for another of its own name finds itself
			if c.alias != e.name {
				t.Links = append(t.Links, locked.Between(modules+"/"+c.alias, g.l.layout.place(c.to)))
			}
		}
	}
	if len(bins) > 0 {
		t.BinFolders = append(t.BinFolders, locked.BinFolder{Path: g.l.layout.place(e) + "/node_modules/.bin", Packages: g.ranked(bins)})
	}
}

// bins says where the commands of the project's own dependencies are linked, and those of
// what is hoisted.
func (g *graph) bins(t *locked.Tree, lifted []lifted) {
	var direct, private, public []*entry
	for _, c := range g.direct {
		if c.to.hasBin {
			direct = append(direct, c.to)
		}
	}
	for _, h := range lifted {
		switch {
		case !h.to.hasBin:
		case h.public:
			public = append(public, h.to)
		default:
			private = append(private, h.to)
		}
	}
	t.BinFolders = append(t.BinFolders,
		locked.BinFolder{Path: top + "/.bin", Packages: g.ranked(direct), Besides: g.ranked(public)},
		locked.BinFolder{Path: hoisted + "/.bin", Packages: g.ranked(private)})
}

// ranked are the places of packages in the order in which pnpm prefers their commands
// where several have one of a name: the last by name, then the newest.
func (g *graph) ranked(all []*entry) []string {
	slices.SortStableFunc(all, func(a, b *entry) int {
		return cmp.Or(locked.Collate(b.name, a.name), newer(a.version, b.version))
	})
	var places []string
	for _, e := range all {
		if at := g.l.layout.place(e); !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	return places
}

func newer(a, b string) int {
	v, _ := semver.Parse(a, semver.Options{})
	w, _ := semver.Parse(b, semver.Options{})
	return w.Compare(v)
}
