package npm

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/locked"
)

// node is an entry while the tree is planned. The flags start true and are taken
// back by walking from the root: what keeps `dev` is reached through development
// dependencies only, and so on (arborist, calc-dep-flags).
type node struct {
	*Entry
	out     []*edge
	in      []*edge
	parent  *node // whose node_modules it stands in, nil where the lockfile has no such package; of a folder of the project, the one around it
	target  *node // of a link
	bundler *node
	place   int

	extraneous, dev, optional, devOptional, peer bool
	inert                                        bool // optional, and can't run here
	gone                                         bool // not installed, for whatever reason
}

type edge struct {
	name, spec string // spec as written, whatever an override makes of it
	accept     string // a second range that will do, "" for none
	kind       locked.Kind
	from, to   *node
	rule       *override // what package.json's overrides say about it, nil for nothing
	workspace  bool      // the root has it as a member: a link, whatever else asks for it
}

func (e *edge) optional() bool { return e.kind == locked.Optional || e.kind == locked.PeerOptional }
func (e *edge) peer() bool     { return e.kind == locked.Peer || e.kind == locked.PeerOptional }

type graph struct {
	lock  *Lockfile
	o     locked.Options
	root  *node
	nodes []*node // the root, then by path
	at    map[string]*node

	requests map[string]reading // what texts ask for, by name and text
}

// reading is what parseRequest made of a text.
type reading struct {
	request request
	err     error
}

// request is parseRequest, once for each text.
func (g *graph) request(name, spec string) (request, error) {
	key := name + "@" + spec
	r, ok := g.requests[key]
	if !ok {
		r.request, r.err = parseRequest(name, spec)
		g.requests[key] = r
	}
	return r.request, r.err
}

func newGraph(l *Lockfile, o locked.Options) *graph {
	g := &graph{lock: l, o: o, at: make(map[string]*node, len(l.entries)+1), requests: map[string]reading{}}
	for i, e := range append([]*Entry{l.root}, l.entries...) {
		n := &node{Entry: e, place: i, extraneous: true, dev: true, optional: true, devOptional: true, peer: true}
		g.nodes = append(g.nodes, n)
		g.at[e.Path] = n
	}
	g.root = g.nodes[0]
	for _, n := range g.nodes[1:] {
		n.parent = g.around(n)
		if n.Link {
			n.target = g.at[n.Resolved]
		}
		if b := l.Bundler(n.Entry); b != nil {
			n.bundler = g.at[b.Path]
		}
	}
	for _, n := range g.nodes {
		if n.Link {
			continue
		}
		for _, want := range g.wants(n, n == g.root || n.local(), !o.LegacyPeerDeps) {
			want.from, want.to = n, g.resolve(n, want.name, func(*node) bool { return true })
			n.out = append(n.out, want)
			if want.to != nil {
				want.to.in = append(want.to.in, want)
			}
		}
	}
	return g
}

// around returns the node whose folder n stands in: of a folder of the project, the
// next one above that the lockfile knows.
func (g *graph) around(n *node) *node {
	if !n.local() {
		return g.at[parentPath(n.Path)]
	}
	for at := path.Dir(n.Path); at != "."; at = path.Dir(at) {
		if found := g.at[at]; found != nil {
			return found
		}
	}
	return g.root
}

// wants lists what a node asks for, by name: of the root its members too, which stand
// for whatever else is asked for by their names (arborist, Node, loadWorkspaces).
func (g *graph) wants(n *node, top, peers bool) []*edge {
	out := wants(n.Entry, top, peers)
	if n != g.root || len(n.Workspaces) == 0 {
		return out
	}
	members := map[string]bool{}
	for _, m := range g.nodes[1:] {
		if g.member(m) {
			name := m.packageName()
			members[name] = true
			out = append(out, &edge{name: name, spec: "file:" + m.Path, kind: locked.Prod, workspace: true})
		}
	}
	out = slices.DeleteFunc(out, func(e *edge) bool { return members[e.name] && !e.workspace })
	slices.SortStableFunc(out, func(a, b *edge) int { return strings.Compare(a.name, b.name) })
	return out
}

// member reports whether a node is a folder that the root has as a workspace.
func (g *graph) member(n *node) bool {
	return n != g.root && n.local() && !outside(n.Path) && isMember(g.root.Workspaces, n.Path)
}

// packageName is the name of the package in a folder of the project.
func (n *node) packageName() string { return (&workspaceManifest{name: n.Name}).called(n.Path) }

// wants lists what an entry asks for, by name; where one name is asked for in two
// ways, the later of peer, prod, optional, dev counts.
func wants(e *Entry, top, peers bool) []*edge {
	all := map[string]*edge{}
	add := func(deps map[string]string, kind locked.Kind) {
		for name, spec := range deps { // sorted below
			all[name] = &edge{name: name, spec: spec, kind: kind, accept: e.Accept[name]}
		}
	}
	if peers {
		add(e.PeerDependencies, locked.Peer)
		for name := range e.PeerDependencies {
			if e.PeerOptional[name] {
				all[name].kind = locked.PeerOptional
			}
		}
	}
	add(e.Dependencies, locked.Prod)
	add(e.OptionalDependencies, locked.Optional)
	if top {
		add(e.DevDependencies, locked.Dev)
	}
	out := make([]*edge, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[name])
	}
	return out
}

// resolve walks up from a package's own node_modules, as Node does.
func (g *graph) resolve(n *node, name string, ok func(*node) bool) *node {
	for at := n; at != nil; at = at.parent {
		prefix := at.Path + "/"
		if at == g.root {
			prefix = ""
		}
		if found := g.at[prefix+"node_modules/"+name]; found != nil && ok(found) {
			return found
		}
	}
	return nil
}

// flag takes back the flags of everything that is reached from the project, or from the
// member that the tree is for.
func (g *graph) flag(r *node) {
	r.extraneous, r.dev, r.optional, r.devOptional, r.peer = false, false, false, false, false
	queue := []*node{r}
	seen := map[*node]bool{}
	for len(queue) > 0 {
		n := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		seen[n] = true
		if !n.extraneous {
			for up := n.parent; up != nil && up.extraneous; up = up.parent {
				up.extraneous = false
			}
		}
		if n.target != nil {
			if n.target.unset(n, &edge{}) || !seen[n.target] {
				queue = append(queue, n.target)
			}
			continue
		}
		for _, e := range n.out {
			if e.to != nil && e.to.unset(n, e) {
				queue = append(queue, e.to)
			}
		}
	}
	for _, n := range g.nodes {
		if n.devOptional && (n.dev || n.optional) {
			n.devOptional = false
		}
	}
}

// unset takes back the flags that an edge from another package contradicts, and
// reports whether any was.
func (n *node) unset(from *node, e *edge) bool {
	before := [...]bool{n.extraneous, n.dev, n.optional, n.devOptional, n.peer}
	dev := from.dev || e.kind == locked.Dev
	optional := from.optional || e.optional()
	// An optional peer asks for nothing: it is there if someone else wants it.
	n.extraneous = n.extraneous && (from.extraneous || e.kind == locked.PeerOptional)
	n.dev = n.dev && dev
	n.optional = n.optional && optional
	n.devOptional = n.devOptional && (from.devOptional || dev || optional)
	n.peer = n.peer && (from.peer || e.peer())
	return before != [...]bool{n.extraneous, n.dev, n.optional, n.devOptional, n.peer}
}

// skip marks the optional packages that can't run here, with what only they need
// or what needs them (arborist, optional-set).
func (g *graph) skip() {
	for _, n := range g.nodes[1:] {
		if !n.optional || n.inert || g.runs(n) && fit(g.o, n.Engines) {
			continue
		}
		set := []*node{n}
		in := map[*node]bool{n: true}
		for i := 0; i < len(set); i++ {
			for _, e := range set[i].in {
				if !e.optional() && !in[e.from] {
					in[e.from] = true
					set = append(set, e.from)
				}
			}
		}
		for _, gone := range gather(set) {
			gone.inert = true
		}
	}
}

// gather adds to set what it depends on, less what someone else depends on too.
func gather(set []*node) []*node {
	first := map[*node]bool{}
	for _, n := range set {
		first[n] = true
	}
	counts := func(e *edge) bool { return !first[e.to] && !e.from.inert }
	in := maps.Clone(first)
	for i := 0; i < len(set); i++ {
		for _, e := range set[i].out {
			if e.to != nil && counts(e) && !in[e.to] {
				in[e.to] = true
				set = append(set, e.to)
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, n := range set {
			if in[n] && slices.ContainsFunc(n.in, func(e *edge) bool { return !in[e.from] && counts(e) }) {
				in[n], changed = false, true
			}
		}
	}
	return slices.DeleteFunc(set, func(n *node) bool { return !in[n] })
}

// omits reports whether dependencies of a kind, by npm's word for it, are left out.
func (g *graph) omits(kind string) bool { return slices.Contains(g.o.Omit, kind) }

// omit marks everything that is not installed.
func (g *graph) omit() {
	dev, optional, peer := g.omits("dev"), g.omits("optional"), g.omits("peer")
	for _, n := range g.nodes[1:] {
		n.gone = n.extraneous || n.inert || n.peer && peer || n.dev && dev || n.optional && optional || n.devOptional && dev && optional
		if n.bundler != nil {
			n.gone = n.bundler.gone // it comes with the tarball, wanted or not
		}
	}
	for _, n := range g.nodes[1:] { // by path: a parent comes before what stands in it
		n.gone = n.gone || n.parent == nil || n.parent != g.root && n.parent.gone && !n.local()
	}
}

// edges gives a package's dependencies as Node resolves them among what is
// installed. What the options omit is asked for by nobody: a package that development
// names and production reaches another way is there, and is no dependency of the
// project. Peers are among them whatever the options: Node does not know npm's.
func (g *graph) edges(n *node, ok func(*node) bool) []locked.Edge {
	from := n
	if n.target != nil {
		from = n.target
	}
	var out []locked.Edge
	for _, e := range g.wants(from, from == g.root || from == n && n.local(), true) {
		if e.kind == locked.Dev && g.omits("dev") || e.kind == locked.Optional && g.omits("optional") {
			continue
		}
		if to := g.resolve(from, e.name, ok); to != nil && to != from {
			out = append(out, locked.Edge{Name: e.name, To: to.Path, Kind: e.kind, Spec: e.spec})
		}
	}
	return out
}

func list(words []string) string {
	if len(words) == 0 {
		return "any"
	}
	return strings.Join(words, "|")
}

// child is the package in a package's own node_modules, nil for none.
func (g *graph) child(n *node, name string) *node {
	if n == g.root {
		return g.at["node_modules/"+name]
	}
	return g.at[n.Path+"/node_modules/"+name]
}
