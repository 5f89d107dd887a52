package yarn

import (
	"maps"
	"slices"
	"strings"
)

// place is a package at one place of the tree, while it is hoisted (package-hoister).
type place struct {
	p        *pkg
	parts    []string // the names on the way to it
	key      string   // of parts, as it was when it was noted
	direct   bool     // the project asks for it
	required bool     // it is installed
}

// hoister moves packages up. It remembers in tainted which package has a name at a place,
// though it may stand further up by now: another one must not come there, or it would be
// found in its stead.
type hoister struct {
	r        *resolver
	tree     map[string]*place
	tainted  map[string]*place
	queue    []queued
	optional bool // optional packages are left out
}

type queued struct {
	pattern string
	parent  *place
}

const between = "#"

func key(parts []string) string { return strings.Join(parts, between) }

func (h *hoister) taint(at string, pl *place) {
	if other := h.tainted[at]; other == nil || other.p.cache == pl.p.cache {
		h.tainted[at] = pl
	}
}

// hoist lays out what the patterns ask for and returns the places by key.
func (r *resolver) hoist(patterns []string, noOptional bool) map[string]*place {
	h := &hoister{r: r, tree: map[string]*place{}, tainted: map[string]*place{}, optional: noOptional}
	h.popular(patterns)
	for _, pattern := range r.once(patterns) {
		h.seed(pattern, true, nil)
	}
	for len(h.queue) > 0 {
		level := h.queue
		h.queue = nil
		slices.SortStableFunc(level, func(a, b queued) int { return strings.Compare(a.pattern, b.pattern) })
		var last []queued
		for _, q := range level { // those with peers come when all others have their places
			if len(r.patterns[q.pattern].says.Peers) > 0 {
				last = append(last, q)
				continue
			}
			h.settle(q)
		}
		for _, q := range last {
			h.settle(q)
		}
	}
	h.require()
	return h.tree
}

func (h *hoister) settle(q queued) {
	if pl := h.seed(q.pattern, false, q.parent); pl != nil {
		h.lift(pl)
	}
}

// once leaves of patterns of one package the first.
func (r *resolver) once(patterns []string) []string {
	seen := map[*pkg]bool{}
	var out []string
	for _, pattern := range patterns {
		if p := r.patterns[pattern]; !seen[p] {
			seen[p] = true
			out = append(out, pattern)
		}
	}
	return out
}

// seed puts a package into the folder of who asks for it, nil where that is gone.
func (h *hoister) seed(pattern string, direct bool, parent *place) *place {
	p := h.r.patterns[pattern]
	left := p.optional && h.optional
	pl := &place{p: p, direct: direct, required: direct && !p.ignored && !p.incompatible && !left}
	if parent != nil {
		if h.tree[parent.key] == nil {
			return nil
		}
		if !direct && !p.incompatible && parent.required && !left {
			pl.required = true
		}
		pl.parts = parent.parts
	}
	pl.parts = append(slices.Clone(pl.parts), p.name)
	pl.key = key(pl.parts)
	h.tree[pl.key] = pl
	h.taint(pl.key, pl)
	pushed := map[string]bool{}
	for _, d := range p.deps {
		if !pushed[d] {
			pushed[d] = true
			h.queue = append(h.queue, queued{d, pl})
		}
	}
	return pl
}

// popular puts at the top, of each name with several versions that the project does not
// ask for itself, the version that most packages ask for, if more than one does.
func (h *hoister) popular(patterns []string) {
	type version struct {
		pattern string
		by      map[*pkg]bool
	}
	asked := map[string]map[string]*version{}
	visited := map[string]bool{}
	within := map[*pkg]bool{}
	var visit func(pattern string, parent *pkg)
	visit = func(pattern string, parent *pkg) {
		p := h.r.patterns[pattern]
		if within[p] {
			return
		}
		if asked[p.name] == nil {
			asked[p.name] = map[string]*version{}
		}
		v := asked[p.name][p.version]
		if v == nil {
			v = &version{pattern, map[*pkg]bool{}}
			asked[p.name][p.version] = v
		}
		if parent != nil {
			v.by[parent] = true
		}
		if visited[pattern] {
			return
		}
		within[p] = true
		for _, d := range p.deps {
			visit(d, p)
		}
		delete(within, p)
		visited[pattern] = true
	}
	own := map[string]bool{}
	for _, pattern := range slices.Sorted(slices.Values(h.r.once(patterns))) {
		own[h.r.patterns[pattern].name] = true
		visit(pattern, nil)
	}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if len(asked[name]) == 1 || h.tree[name] != nil || own[name] {
			continue
		}
		most, pattern := 0, ""
		for _, v := range slices.Sorted(maps.Keys(asked[name])) {
			if n := len(asked[name][v].by); n > most {
				most, pattern = n, asked[name][v].pattern
			}
		}
		if most > 1 {
			h.seed(pattern, false, nil)
		}
	}
}

// lift moves a place as far up as it can go.
func (h *hoister) lift(pl *place) {
	old, was := pl.key, pl.parts
	delete(h.tree, old)
	parts, duplicate := h.highest(pl)
	now := key(parts)
	if !duplicate {
		pl.key, pl.parts = now, parts
		h.tree[now] = pl
	}
	if duplicate || old != now {
		for i := len(parts) - 1; i < len(was)-1; i++ { // its name is taken on the whole way
			h.taint(key(append(slices.Clone(was[:i]), pl.p.name)), pl)
		}
	}
}

// highest finds the highest place for a package, or the one where it stands already.
func (h *hoister) highest(pl *place) (parts []string, duplicate bool) {
	parts = slices.Clone(pl.parts)
	name := parts[len(parts)-1]
	parts = parts[:len(parts)-1]
	at := func(parts []string, name string) string { return key(append(slices.Clone(parts), name)) }
	for i := len(parts) - 1; i >= 0; i-- {
		check := at(parts[:i], name)
		if there := h.tree[check]; there != nil {
			if there.p.cache != pl.p.cache {
				break // whatever is further up is hidden by it
			}
			there.required = there.required || pl.required
			return append(slices.Clone(parts[:i]), name), true
		}
		if mark := h.tainted[check]; mark != nil && mark.p.cache != pl.p.cache {
			break
		}
	}
	up := false
	var removed []string
climb:
	for len(parts) > 0 {
		for peer := range pl.p.says.Peers { // whether there is any
			if h.tree[at(parts, peer)] != nil {
				break climb // not above its peer
			}
		}
		check := at(parts, name)
		if h.tree[check] != nil || check != pl.key && h.tainted[check] != nil {
			up = true
			break
		}
		removed, parts = append(removed, parts[len(parts)-1]), parts[:len(parts)-1]
	}
	free := func() bool {
		check := at(parts, name)
		if there := h.tree[check]; there != nil && there.p.cache == pl.p.cache {
			return true
		}
		mark := h.tainted[check]
		return mark == nil || mark.p.cache == pl.p.cache
	}
	for up = up || !free(); up && len(removed) > 0; up = !free() {
		parts, removed = append(parts, removed[len(removed)-1]), removed[:len(removed)-1]
	}
	return append(parts, name), false
}

// require has whatever an installed package asks for installed as well.
func (h *hoister) require() {
	var queue []*place
	for _, at := range slices.Sorted(maps.Keys(h.tree)) {
		if h.tree[at].required {
			queue = append(queue, h.tree[at])
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		from := queue[0]
		for _, d := range from.p.deps {
			to := h.lookup(from, h.r.patterns[d].name)
			if to == nil || to.required || to.p.incompatible || to.p.optional && h.optional && to.p.hint == "optional" {
				continue
			}
			to.required = true
			queue = append(queue, to)
		}
	}
}

// lookup is the package that a name leads to, as Node looks for it.
func (h *hoister) lookup(from *place, name string) *place {
	for i := len(from.parts); i >= 0; i-- {
		if to := h.tree[key(append(slices.Clone(from.parts[:i]), name))]; to != nil {
			return to
		}
	}
	return nil
}
