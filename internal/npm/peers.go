package npm

import (
	"slices"

	"github.com/nbuild/nbuild/internal/locked"
)

// tolerated reports whether npm leaves a dependency with a package that it does not
// ask for. It does so with a peer, where it tried to put the right one in place and
// something else is in the way (arborist, PlaceDep and CanPlaceDep: "overriding peer
// dependency"), and the dependent is not the project's own doing.
func (c *comparison) tolerated(e *edge) bool {
	return e.kind == locked.Peer && e.to != nil && e.from != e.to.parent && !c.g.o.StrictPeerDeps && !c.projectsOwn(e) && c.inTheWay(e)
}

// projectsOwn reports whether the project itself asked for what has the peer: it can
// do something about it, so npm stops.
func (c *comparison) projectsOwn(e *edge) bool {
	if e.from == c.g.root || e.from.local() {
		return true
	}
	top := func(n *node) bool { return n == c.g.root || n.local() }
	for _, in := range e.from.in {
		if !in.peer() && top(in.from) {
			return true
		}
	}
	for in := range c.entries(e.from) {
		if top(in.from) {
			return true
		}
	}
	return false
}

// inTheWay reports whether the package that a peer asks for has no place: what stands
// there is wanted by others, who could neither do with the new one nor have a copy of
// their own deeper in the tree.
func (c *comparison) inTheWay(e *edge) bool {
	place := c.deepest(e.from, e.name)
	there := c.g.child(place, e.name)
	if there == nil {
		for _, other := range place.out {
			if other.name == e.name && !c.mayDo(e, other) {
				return true
			}
		}
		above := c.g.resolve(place, e.name, func(*node) bool { return true })
		return above != nil && slices.ContainsFunc(above.in, func(other *edge) bool {
			return c.valid[other] && inside(other.from, place) && !c.mayDo(e, other)
		})
	}
	if !slices.ContainsFunc(there.in, func(other *edge) bool { return other != e && !c.mayDo(e, other) && !c.onlyOf(there, other.from) }) {
		return false // it can take the place of what is there
	}
	for in, set := range c.entries(there) {
		if in == e || in.to != there && c.mayReplace(e, in.to) {
			continue
		}
		for peer := range set {
			if deepest := c.deepest(in.from, peer.folder()); deepest == place || inside(place, deepest) {
				return true // it can't go deeper
			}
		}
	}
	return false
}

// mayDo reports whether a package that e asks for may be one that other asks for as
// well. Where that can't be said it may.
func (c *comparison) mayDo(e, other *edge) bool {
	a, errA := c.g.asked(e)
	b, errB := c.g.asked(other)
	if errA != nil || errB != nil {
		return true
	}
	asked, errAsked := c.g.request(e.name, a)
	also, errAlso := c.g.request(other.name, b)
	if errAsked != nil || errAlso != nil || asked.kind != ofRange || also.kind != ofRange {
		return true
	}
	return asked.versions.Intersects(also.versions)
}

// mayReplace reports whether the peers of a package would do with what e asks for.
func (c *comparison) mayReplace(e *edge, entry *node) bool {
	seen := map[*node]bool{entry: true}
	for queue := []*node{entry}; len(queue) > 0; queue = queue[1:] {
		for _, peer := range queue[0].out {
			switch {
			case !peer.peer() || !c.valid[peer] || peer.to == nil:
			case peer.name == e.name:
				if !c.mayDo(e, peer) {
					return false
				}
			case !seen[peer.to]:
				seen[peer.to] = true
				queue = append(queue, peer.to)
			}
		}
	}
	return true
}

// onlyOf reports whether a package is there for n alone, so that it goes with it.
func (c *comparison) onlyOf(n, dependent *node) bool {
	set := gather([]*node{n})
	return dependent != n && slices.Contains(set, dependent)
}

// entries are the dependencies by which a package and the peers around it come into
// the tree, each with the peers that it brings.
func (c *comparison) entries(n *node) map[*edge]map[*node]bool {
	group := closure(n, func(n *node) (next []*node) {
		for _, e := range n.out {
			if e.peer() && c.valid[e] && e.to != nil {
				next = append(next, e.to)
			}
		}
		for _, e := range n.in {
			if e.peer() && c.valid[e] {
				next = append(next, e.from)
			}
		}
		return next
	})
	all := map[*edge]map[*node]bool{}
	for peer := range group {
		for _, in := range peer.in {
			if !c.valid[in] || in.peer() && in.from != c.g.root && !in.from.local() {
				continue
			}
			set := closure(peer, func(n *node) (next []*node) {
				for _, e := range n.out {
					if e.peer() && c.valid[e] && e.to != nil {
						next = append(next, e.to)
					}
				}
				return next
			})
			if set[n] {
				all[in] = set
			}
		}
	}
	return all
}

func closure(n *node, next func(*node) []*node) map[*node]bool {
	all := map[*node]bool{n: true}
	for queue := []*node{n}; len(queue) > 0; queue = queue[1:] {
		for _, to := range next(queue[0]) {
			if !all[to] {
				all[to] = true
				queue = append(queue, to)
			}
		}
	}
	return all
}

// deepest is the deepest package in whose node_modules a dependency of n could stand:
// not in one that wants it as a peer.
func (c *comparison) deepest(n *node, name string) *node {
	at := n
	for ; at != c.g.root && at.parent != nil; at = at.parent {
		if !slices.ContainsFunc(at.out, func(e *edge) bool { return e.name == name && e.peer() }) {
			return at
		}
	}
	return at
}

// inside reports whether n stands in a folder of another package, or is that package.
func inside(n, other *node) bool {
	for at := n; at != nil; at = at.parent {
		if at == other {
			return true
		}
	}
	return false
}
