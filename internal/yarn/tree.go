package yarn

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/samename"
)

// Judge plans the tree that `yarn install --frozen-lockfile` lays out, and reports what is
// wrong with what it takes.
func (l *Lockfile) Judge(o locked.Options) (*locked.Tree, []locked.Fault, error) {
	for _, word := range o.Omit {
		if word != "dev" && word != "optional" && word != "peer" {
			return nil, nil, fmt.Errorf("planning tree: omit %q is none of dev, optional, peer", word)
		}
	}
	o.EngineStrict = !l.settings.IgnoreEngines // yarn always asks
	r := l.resolve()
	if len(r.missing) > 0 {
		return nil, nil, diag.Problems{l.unanswered(r.missing[0])}
	}
	r.look(l.manifests)
	noDev, noOptional := slices.Contains(o.Omit, "dev"), slices.Contains(o.Omit, "optional")
	var patterns []string
	for i := range l.manifest.wishes {
		w := &l.manifest.wishes[i]
		patterns = append(patterns, l.rootPattern(w))
		if w.kind == locked.Dev && noDev {
			r.patterns[l.rootPattern(w)].ignored = true
		}
	}
	for _, p := range r.packages() {
		p.incompatible = p.optional && (!runs(o, p) || l.engine(o, p.says.Engines) != "")
	}
	r.peers()
	laid := r.hoist(patterns, noOptional)
	t := &locked.Tree{Name: l.manifest.name, Version: l.manifest.version, License: l.manifest.license, Options: o, Engines: l.manifest.engines, Unsaid: true}
	b := builder{l: l, r: r, tree: t, places: map[string]*place{}}
	b.packages(laid)
	b.edges(noDev, noOptional)
	b.flags()
	b.commands(patterns)
	return t, b.faults(o), nil
}

// builder makes a tree of places.
type builder struct {
	l      *Lockfile
	r      *resolver
	tree   *locked.Tree
	places map[string]*place // by install path, those that are installed
}

func installed(parts []string) string { return "node_modules/" + strings.Join(parts, "/node_modules/") }

func (b *builder) packages(laid map[string]*place) {
	for _, at := range slices.Sorted(maps.Keys(laid)) {
		if pl := laid[at]; pl.required {
			b.places[installed(pl.parts)] = pl
		}
	}
	for at, pl := range b.places { // sorted below
		e := pl.p.entry
		origin := b.l.origin(e)
		p := locked.Package{
			Path: at, Name: e.realName(), Version: e.version, Integrity: integrityOf(e), Resolved: e.address(), Origin: origin,
			HasInstallScript: pl.p.says.Scripts, HasBins: true, Engines: pl.p.says.Engines, Pos: e.pos,
		}
		if origin.From == locked.FromRegistry || origin.From == locked.FromFile {
			p.Resolved = ""
		}
		b.tree.Packages = append(b.tree.Packages, p)
		for dir, id := range pl.p.says.Bundled { // sorted below
			inside := at + "/" + dir
			if name, version := split(id); b.places[inside] == nil {
				b.tree.Packages = append(b.tree.Packages, locked.Package{Path: inside, Name: name, Version: version, Bundler: at, Pos: e.pos})
			}
		}
	}
	slices.SortFunc(b.tree.Packages, func(x, y locked.Package) int { return strings.Compare(x.Path, y.Path) })
}

// find is the place that a name leads to, seen from a path, as Node looks for it.
func (b *builder) find(from, name string) string {
	for at := from; ; {
		to := "node_modules/" + name
		if at != "" {
			to = at + "/" + to
		}
		if b.places[to] != nil {
			return to
		}
		if at == "" {
			return ""
		}
		if i := strings.LastIndex(at, "/node_modules/"); i >= 0 {
			at = at[:i]
		} else {
			at = ""
		}
	}
}

func (b *builder) edges(noDev, noOptional bool) {
	for _, w := range b.l.manifest.wishes {
		if to := b.find("", w.name); to != "" && (w.kind != locked.Dev || !noDev) && (w.kind != locked.Optional || !noOptional) {
			b.tree.Root = append(b.tree.Root, locked.Edge{Name: w.name, To: to, Kind: w.kind, Spec: w.spec})
		}
	}
	byName := func(x, y locked.Edge) int { return cmp.Compare(x.Name, y.Name) }
	slices.SortFunc(b.tree.Root, byName)
	for i := range b.tree.Packages {
		p := &b.tree.Packages[i]
		pl := b.places[p.Path]
		if pl == nil {
			continue
		}
		has := map[string]bool{}
		add := func(name, spec string, kind locked.Kind) {
			if to := b.find(p.Path, name); to != "" && to != p.Path && !has[name] {
				has[name] = true
				p.Dependencies = append(p.Dependencies, locked.Edge{Name: name, To: to, Kind: kind, Spec: spec})
			}
		}
		deps, optional := pl.p.entry.asks()
		for _, d := range deps {
			add(d.name, d.spec, locked.Prod)
		}
		for _, d := range optional {
			add(d.name, d.spec, locked.Optional)
		}
		for _, name := range slices.Sorted(maps.Keys(pl.p.says.Peers)) {
			add(name, pl.p.says.Peers[name], locked.Peer)
		}
		slices.SortFunc(p.Dependencies, byName)
	}
}

// flags notes what only development and what only optional dependencies reach.
func (b *builder) flags() {
	reach := func(ok func(locked.Edge) bool) map[string]bool {
		reached := map[string]bool{}
		var queue []string
		follow := func(edges []locked.Edge) {
			for _, e := range edges {
				if ok(e) && e.Kind != locked.Peer && !reached[e.To] {
					reached[e.To] = true
					queue = append(queue, e.To)
				}
			}
		}
		follow(b.tree.Root)
		for ; len(queue) > 0; queue = queue[1:] {
			if p, ok := b.tree.Find(queue[0]); ok {
				follow(p.Dependencies)
			}
		}
		return reached
	}
	production := reach(func(e locked.Edge) bool { return e.Kind != locked.Dev })
	required := reach(func(e locked.Edge) bool { return e.Kind != locked.Optional })
	for i := range b.tree.Packages {
		p := &b.tree.Packages[i]
		at := cmp.Or(p.Bundler, p.Path)
		p.Dev, p.Optional = !production[at], !required[at]
	}
}

// commands lists the .bin folders (package-linker): that of each package has the commands
// of what it asks for, and that at the top those of everything, what the project asks for
// itself before the rest. Of one name the last that yarn links stays.
func (b *builder) commands(patterns []string) {
	t := b.tree
	t.BinFolders = []locked.BinFolder{}
	paths := slices.SortedFunc(maps.Keys(b.places), locked.Collate)
	locations := map[*pkg][]string{}
	for _, at := range paths {
		locations[b.places[at].p] = append(locations[b.places[at].p], at)
	}
	var top, own []string
	first := map[string]int{} // of a name, where it stands in top
	for _, at := range paths {
		pl := b.places[at]
		i, has := first[pl.p.name]
		switch {
		case has && pl.direct:
			top[i] = at
		case !has:
			first[pl.p.name] = len(top)
			top = append(top, at)
		}
		folder := locked.BinFolder{Path: at + "/node_modules/.bin"}
		for _, d := range pl.p.deps {
			if to := nearest(locations[b.r.patterns[d]], at); to != "" {
				folder.Packages = append(folder.Packages, to)
			}
		}
		if len(folder.Packages) > 0 {
			slices.Reverse(folder.Packages)
			t.BinFolders = append(t.BinFolders, folder)
		}
	}
	for _, at := range top {
		if b.places[at].direct {
			own = append(own, at)
		}
	}
	top = append(slices.DeleteFunc(top, func(at string) bool { return b.places[at].direct }), own...)
	slices.Reverse(top)
	t.BinFolders = append(t.BinFolders, locked.BinFolder{Path: "node_modules/.bin", Packages: top})
	slices.SortFunc(t.BinFolders, func(x, y locked.BinFolder) int { return strings.Compare(x.Path, y.Path) })
}

// nearest is the one of a package's places that is found first from another, "" where none
// is: the one that stands deepest on the way up.
func nearest(locations []string, from string) string {
	best, depth := "", -1
	for _, at := range locations {
		i := strings.LastIndex("/"+at, "/node_modules/")
		folder := strings.TrimSuffix(at[:i], "/") // whose node_modules it stands in
		if folder != "" && folder != from && !strings.HasPrefix(from, folder+"/") {
			continue
		}
		if len(folder) > depth {
			best, depth = at, len(folder)
		}
	}
	return best
}

func (b *builder) faults(o locked.Options) []locked.Fault {
	var all []locked.Fault
	folded := map[string]string{}
	if engine := b.l.engine(o, b.l.manifest.engines); engine != "" {
		all = append(all, locked.Fault{Name: b.l.manifest.name, Version: b.l.manifest.version, Problem: b.l.engineProblem(o, "the project itself", engine, diag.Pos{File: b.l.manifest.file})})
	}
	for i := range b.tree.Packages {
		p := &b.tree.Packages[i]
		add := func(problem *diag.Problem) {
			if problem != nil {
				all = append(all, locked.Fault{Path: p.Path, Name: p.Name, Version: p.Version, Problem: problem})
			}
		}
		add(collision(folded, p))
		pl := b.places[p.Path]
		if pl == nil {
			continue // in another's tarball
		}
		if add(b.l.originProblem(p)); !pl.p.optional {
			add(b.l.machineProblem(o, pl.p, p))
		}
	}
	slices.SortStableFunc(all, func(x, y locked.Fault) int { return x.Problem.Pos.Line - y.Problem.Pos.Line })
	return all
}

func collision(folded map[string]string, p *locked.Package) *diag.Problem {
	k := samename.Key(p.Path)
	other, twice := folded[k]
	folded[k] = p.Path
	if !twice {
		return nil
	}
	return collisionProblem(p, other)
}
