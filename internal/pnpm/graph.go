package pnpm

import (
	"slices"

	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
)

// graph is what an install takes of the lockfile.
type graph struct {
	l       *Lockfile
	o       locked.Options
	picked  []*entry // in the order in which pnpm comes to them
	is      map[*entry]bool
	skipped map[*entry]bool // optional ones that do not fit
	direct  []child         // what the project links at the top, in pnpm's order
	missing []missing
	linked  []direct // what the project asks for and is a folder
}

// child is a package under the name that another one asks for it by.
type child struct {
	alias    string
	to       *entry
	kind     locked.Kind
	optional bool
}

// missing is what is asked for and not in the lockfile.
type missing struct {
	by   *entry // nil: the project
	key  string
	line int
}

func newGraph(l *Lockfile, o locked.Options) *graph {
	g := &graph{l: l, o: o, is: map[*entry]bool{}, skipped: map[*entry]bool{}}
	i := l.importers["."]
	// pnpm decides what fits in this order ...
	var roots []*entry
	for _, kind := range []locked.Kind{locked.Prod, locked.Dev, locked.Optional} {
		for _, d := range g.wanted(i, kind) {
			if e := g.entryOf(nil, d.name, d.version, d.line); e != nil {
				roots = append(roots, e)
			}
		}
	}
	g.pick(roots)
	// ... and lays out in that one.
	for _, kind := range []locked.Kind{locked.Dev, locked.Prod, locked.Optional} {
		for _, d := range g.wanted(i, kind) {
			key, ok := l.target(d.name, d.version)
			if !ok {
				g.linked = append(g.linked, d)
				continue
			}
			if e := l.byKey[key]; e != nil && !g.skipped[e] {
				g.direct = slices.DeleteFunc(g.direct, func(c child) bool { return c.alias == d.name })
				g.direct = append(g.direct, child{d.name, e, kind, kind == locked.Optional})
			}
		}
	}
	return g
}

// wanted are the dependencies of the project of a kind, where that is not left out.
func (g *graph) wanted(i *importer, kind locked.Kind) []direct {
	if slices.Contains(g.o.Omit, string(kind)) {
		return nil
	}
	return i.direct[kind]
}

func (g *graph) entryOf(by *entry, alias, ref string, line int) *entry {
	key, ok := g.l.target(alias, ref)
	if !ok {
		return nil
	}
	e := g.l.byKey[key]
	if e == nil {
		g.missing = append(g.missing, missing{by, key, line})
	}
	return e
}

// pick finds the packages that are installed: all that is asked for, but optional ones
// that do not fit the machine, and what only those ask for. pnpm goes into each as it comes
// to it and looks at none twice, so that the order decides about one that is optional and
// is asked for by both a package that fits and one that does not.
func (g *graph) pick(roots []*entry) {
	type visit struct {
		e    *entry
		fits bool
	}
	var stack []visit
	push := func(all []*entry, fits bool) {
		for _, e := range slices.Backward(all) {
			stack = append(stack, visit{e, fits})
		}
	}
	push(roots, true)
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if g.is[v.e] {
			continue
		}
		fits := v.fits && (!v.e.optional || g.fits(v.e))
		if !fits && v.e.optional {
			g.skipped[v.e] = true
		}
		g.is[v.e] = true
		g.picked = append(g.picked, v.e)
		var next []*entry
		for _, c := range g.asked(v.e) {
			if e := g.entryOf(v.e, c.alias, c.ref, v.e.pos.Line); e != nil {
				next = append(next, e)
			}
		}
		push(next, fits)
	}
}

// asked is what a package asks for, without what is optional where that is left out. What
// stands in both lists is asked for once, where the first has it.
func (g *graph) asked(e *entry) []reference {
	if slices.Contains(g.o.Omit, "optional") || len(e.optionalDeps) == 0 {
		return e.deps
	}
	all := slices.Clone(e.deps)
	for _, o := range e.optionalDeps {
		if i := slices.IndexFunc(all, func(r reference) bool { return r.alias == o.alias }); i >= 0 {
			all[i] = o
			continue
		}
		all = append(all, o)
	}
	return all
}

// fits reports whether a package says that it runs on the machine (pnpm,
// package-is-installable).
func (g *graph) fits(e *entry) bool {
	if !npm.Listed(g.o.OS, e.os) || !npm.Listed(g.o.CPU, e.cpu) || g.o.Libc != "" && !npm.Listed(g.o.Libc, e.libc) {
		return false
	}
	return npm.EngineFits(e.engines["node"], g.o.NodeVersion)
}

// children are what stands beside a package, by the name that it asks for.
func (g *graph) children(e *entry) []child {
	var out []child
	for _, r := range g.asked(e) {
		key, ok := g.l.target(r.alias, r.ref)
		to := g.l.byKey[key]
		if !ok || to == nil || g.skipped[to] {
			continue
		}
		kind := locked.Prod
		optional := slices.Contains(e.optionalDeps, r)
		switch {
		case e.peers[r.alias]:
			kind = locked.Peer
		case optional:
			kind = locked.Optional
		}
		out = append(out, child{r.alias, to, kind, optional})
	}
	return out
}
