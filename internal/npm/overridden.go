package npm

import (
	"fmt"
	"slices"
	"strings"
)

// settling brings the rules of overrides to the dependencies that they are of.
//
// A package is under the set of rules of whoever asks for it, one step further in.
// Where two ask for it under two sets, the one inside the other counts, so the sets
// of packages are found step by step, and npm's order of steps is part of the
// result: each entry in the order of the lockfile, each dependency as soon as both
// of its ends are there (arborist, Node and Edge).
type settling struct {
	g     *graph
	under map[*node]*override
	at    map[*edge]*node    // where a dependency led when last looked at
	in    map[*node][]*edge  // and the other way round
	named map[string][]*edge // those whose package is there, by name
	there map[*node]bool     // entries that are in the tree already
	known map[*node]bool     // those whose dependencies are looked at already
	left  int                // steps before it is given up
	err   error
}

// override gives each edge its rule. The error is of a rule that can't be compared
// with what a package asks for, or of rules that chase each other.
func (g *graph) override(root *override) error {
	if root == nil || len(root.children) == 0 {
		return nil
	}
	s := &settling{
		g: g, under: map[*node]*override{g.root: root}, at: map[*edge]*node{}, in: map[*node][]*edge{},
		named: map[string][]*edge{}, there: map[*node]bool{g.root: true}, known: map[*node]bool{}, left: 1000 * len(g.nodes),
	}
	order := slices.Clone(g.nodes[1:])
	slices.SortStableFunc(order, func(a, b *node) int {
		if a.Link != b.Link { // links come last
			if b.Link {
				return -1
			}
			return 1
		}
		return a.off - b.off
	})
	s.load(g.root)
	for _, n := range order {
		s.there[n] = true
		for _, e := range s.named[n.folder()] {
			s.reload(e)
		}
		s.load(n)
	}
	return s.err
}

// load looks at what a package asks for, now that it is there.
func (s *settling) load(n *node) {
	s.known[n] = true
	for _, e := range n.out {
		s.named[e.name] = append(s.named[e.name], e)
		if under := s.under[n]; under != nil {
			e.rule = s.rule(under, e)
		}
		s.reload(e)
	}
}

func (s *settling) rule(under *override, e *edge) *override {
	r, err := under.of(e)
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("%s of %s: %w", e.name, e.from.called(), err)
	}
	return r
}

// reload finds a dependency's rule and package anew.
func (s *settling) reload(e *edge) {
	if s.left--; s.left < 0 && s.err == nil {
		s.err = fmt.Errorf("%w: the overrides of %s have no end", errRequest, e.name)
	}
	if s.err != nil {
		return
	}
	if under := s.under[e.from]; under != nil {
		if r := s.rule(under, e); r != nil && !r.equal(e.rule) {
			e.rule = r
		}
	} else {
		e.rule = nil
	}
	to := s.g.resolve(e.from, e.name, func(n *node) bool { return s.there[n] })
	old := s.at[e]
	if to == old {
		return
	}
	s.at[e] = to
	if old != nil {
		s.in[old] = slices.DeleteFunc(s.in[old], func(other *edge) bool { return other == e })
		s.lost(old, e.rule)
	}
	if to != nil {
		if !s.under[to].equal(e.rule) {
			s.gained(to, e.rule)
		}
		s.in[to] = append(s.in[to], e)
	}
}

// gained brings the set of a new dependent to a package.
func (s *settling) gained(n *node, set *override) {
	if set == nil || s.err != nil {
		return
	}
	old := s.under[n]
	if old != nil {
		if set = narrower(old, set); set == nil || set.equal(old) {
			return
		}
	}
	s.under[n] = set
	s.spread(n)
}

// lost takes the set of a dependent away that goes elsewhere.
func (s *settling) lost(n *node, set *override) {
	if old := s.under[n]; old == nil || set == nil || !old.equal(set) {
		return
	}
	var now *override
	for _, e := range s.in[n] {
		if now != nil && e.rule != nil {
			now = narrower(e.rule, now)
		} else {
			now = e.rule
		}
	}
	if s.under[n].equal(now) {
		return
	}
	s.under[n] = now
	if now != nil {
		s.spread(n)
	}
}

// spread brings a package's set to what it asks for: of a link, to its folder.
func (s *settling) spread(n *node) {
	if n.target != nil {
		s.gained(n.target, s.under[n])
		return
	}
	if !s.known[n] {
		return
	}
	for _, e := range n.out {
		s.reload(e)
		if to := s.at[e]; to != nil {
			s.gained(to, e.rule)
		}
	}
}

// asked is what a dependency asks for after overrides; the error is of a reference
// that leads nowhere.
func (g *graph) asked(e *edge) (string, error) {
	r := e.rule
	if r == nil || r.value == "*" || r.value == "" || r.name != e.name {
		return e.spec, nil
	}
	ref, ok := strings.CutPrefix(r.value, "$")
	if !ok {
		return r.value, nil
	}
	for _, of := range []*Entry{g.root.Entry, e.from.Entry} {
		for _, deps := range []map[string]string{of.DevDependencies, of.OptionalDependencies, of.Dependencies, of.PeerDependencies} {
			if spec := deps[ref]; spec != "" {
				return spec, nil
			}
		}
	}
	return "", fmt.Errorf("%w: %s refers to no dependency of package.json", errRequest, r.value)
}

// folder is the name under which a package is found: of its folder in node_modules,
// "" of a folder of the project.
func (n *node) folder() string {
	if n.Path == "" || n.local() {
		return ""
	}
	return n.Path[strings.LastIndex("/"+n.Path, "/node_modules/")+len("node_modules/"):]
}

// called is how problems name a package: by its place.
func (n *node) called() string {
	if n.Path == "" {
		return "the project"
	}
	return n.Path
}
