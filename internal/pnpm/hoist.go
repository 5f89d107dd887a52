package pnpm

import (
	"cmp"
	"slices"
	"strings"
)

// lifted is a package that is linked where everybody finds it.
type lifted struct {
	alias  string
	to     *entry
	public bool // at the top, and not in .pnpm/node_modules
}

// level is a package, or the project (nil), and how far from the project pnpm finds it.
type level struct {
	e        *entry
	depth    int
	children []child
}

// hoist finds what is linked for packages that ask for more than they say. Of those with
// one name the nearest to the project counts, and of several at one depth the one whose
// asker comes first by its folder, before pnpm 10 by its key (pnpm, hoistGraph).
func (g *graph) hoist(children map[*entry][]child) []lifted {
	levels := append([]level{{nil, -1, g.direct}}, g.walk(children)...)
	byKey := g.l.layout.major < 10
	name := func(e *entry) string {
		switch {
		case e == nil:
			return ""
		case byKey:
			return e.key
		}
		return g.l.layout.place(e)
	}
	slices.SortStableFunc(levels, func(a, b level) int {
		return cmp.Or(cmp.Compare(a.depth, b.depth), strings.Compare(name(a.e), name(b.e)))
	})
	taken := map[string]bool{} // looked up in lower case; before pnpm 11 the project's own stand in it as they are
	for _, d := range g.names() {
		if g.l.layout.major >= 11 {
			d = strings.ToLower(d)
		}
		taken[d] = true
	}
	var out []lifted
	for _, v := range levels {
		for _, c := range v.children {
			public := g.l.layout.public.takes(c.alias)
			if !public && !g.l.layout.private.takes(c.alias) || taken[strings.ToLower(c.alias)] {
				continue
			}
			taken[strings.ToLower(c.alias)] = true
			out = append(out, lifted{c.alias, c.to, public})
		}
	}
	return out
}

// names are the names that the project itself asks for.
func (g *graph) names() []string {
	var names []string
	if g.l.layout.major < 10 {
		for _, all := range g.l.importers["."].direct { // looked up, never listed
			for _, d := range all {
				names = append(names, d.name)
			}
		}
		return names
	}
	for _, c := range g.direct {
		names = append(names, c.alias)
	}
	for _, d := range g.linked {
		names = append(names, d.name)
	}
	return names
}

// walk comes to each package once and says at which depth. All that is beside each other is
// noted before any of it is gone into, and then the first of it is gone into to the ground:
// a package may so have a greater depth than the shortest way to it.
func (g *graph) walk(children map[*entry][]child) []level {
	seen := map[*entry]bool{}
	step := func(from []child) []*entry {
		var next []*entry
		for _, c := range from {
			if !seen[c.to] {
				seen[c.to] = true
				next = append(next, c.to)
			}
		}
		return next
	}
	type group struct {
		of    []*entry
		depth int
	}
	var out []level
	for stack := []group{{step(g.direct), 0}}; len(stack) > 0; {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		var below []group
		for _, e := range top.of {
			out = append(out, level{e, top.depth, children[e]})
			below = append(below, group{step(children[e]), top.depth + 1})
		}
		slices.Reverse(below)
		stack = append(stack, below...)
	}
	return out
}
