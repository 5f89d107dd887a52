package npm

import (
	"path"
	"slices"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
)

// For holds the lockfile against the package.json beside it, and returns it as npm
// takes it then: what the project asks for is what package.json says now, and not
// what it said when the lockfile was written. Without a manifest the lockfile is held
// against itself.
//
// Everything that is reached from the project must have what it asks for, also what
// only development or another machine reaches: a lockfile that lacks any of it was
// not made of this package.json, and `npm ci` refuses it whole. The error is a
// diag.Problems with every difference.
//
// Folders says what stands in the package.json of a folder of the project that is
// linked to, nil for what the lockfile says about it; it may be nil itself. It is never
// asked about a folder outside of the project.
//
// A lockfile that was read and not held against anything plans a tree that may lack
// packages.
func (l *Lockfile) For(m *Manifest, folders func(folder string) (*Manifest, error), o locked.Options) (*Lockfile, error) {
	as := &Lockfile{File: l.File, Format: l.Format, root: l.root, entries: slices.Clone(l.entries), byPath: make(map[string]*Entry, len(l.byPath))}
	for path, e := range l.byPath {
		as.byPath[path] = e
	}
	c := &comparison{was: l, manifests: map[string]*Manifest{}}
	if m != nil {
		as.root, as.devEngines = l.root.asking(m), m.devEngines
		as.byPath[""] = as.root
		c.manifests[""] = m
	}
	for i, e := range as.entries {
		if folders == nil || !e.local() || outside(e.Path) {
			continue
		}
		at, err := folders(e.Path)
		if err != nil {
			return nil, err
		}
		if at != nil {
			as.entries[i] = e.asking(at)
			as.byPath[e.Path] = as.entries[i]
			c.manifests[e.Path] = at
		}
	}
	c.g = newGraph(as, o)
	if err := c.compare(); err != nil {
		return nil, err
	}
	return as, nil
}

// asking is an entry with what its package.json asks for now.
func (e *Entry) asking(m *Manifest) *Entry {
	now := *e
	a := m.entry
	now.Version, now.License = a.Version, a.License
	if a.Name != "" {
		now.Name = a.Name
	}
	now.Dependencies, now.DevDependencies = a.Dependencies, a.DevDependencies
	now.OptionalDependencies, now.PeerDependencies = a.OptionalDependencies, a.PeerDependencies
	now.Engines, now.Workspaces = a.Engines, a.Workspaces
	now.PeerOptional, now.Accept, now.BundleDependencies = a.PeerOptional, a.Accept, a.BundleDependencies
	return &now
}

// comparison is one lockfile, held against its package.json.
type comparison struct {
	was       *Lockfile // as it was written
	g         *graph    // as it is now
	manifests map[string]*Manifest
	valid     map[*edge]bool
	wrong     map[*edge]error // what no version can be
	problems  diag.Problems
	more      bool
}

func (c *comparison) compare() error {
	root := c.manifests[""]
	if root != nil {
		if err := c.g.override(root.overrides); err != nil {
			c.report(&diag.Problem{
				Code: CodeManifest, Pos: diag.Pos{File: root.File}, What: "an override can't be held against what it is of", Err: err,
				Why: "npm stops here too: which version is meant is not known", Remedy: "correct \"overrides\" in " + root.File + ", then " + rewrite,
			})
			return c.problems
		}
	}
	reached := c.reached()
	c.valid, c.wrong = map[*edge]bool{}, map[*edge]error{}
	for _, n := range reached {
		for _, e := range n.out {
			ok, err := c.g.satisfied(e, c.locked(n))
			if err != nil {
				c.wrong[e] = err
			}
			c.valid[e] = ok
		}
	}
	for _, n := range reached {
		if n.HasShrinkwrap {
			continue // its own lockfile says what stands in it
		}
		for _, e := range n.out {
			c.judge(e)
		}
		c.judgeName(n)
	}
	c.problems.Sort()
	if c.more {
		c.problems[len(c.problems)-1].Why += "; there are more problems than these"
	}
	return c.problems.Err()
}

// reached lists what npm ci looks at, in the order of the entries: all that can be reached
// from the project, and of folders that are linked to, what their own package.json asks
// for. What only such a folder's packages ask for in turn npm installs as the lockfile has
// it (arborist, build-ideal-tree: the walk ends at links, whose targets come in by
// themselves).
func (c *comparison) reached() []*node {
	seen := map[*node]bool{c.g.root: true}
	var links []*node
	for queue := []*node{c.g.root}; len(queue) > 0; queue = queue[1:] {
		for _, e := range queue[0].out {
			if e.to == nil || seen[e.to] {
				continue
			}
			seen[e.to] = true
			queue = append(queue, e.to)
			if e.to.target != nil {
				links = append(links, e.to)
			}
		}
	}
	linked := map[*node]bool{}
	for ; len(links) > 0; links = links[1:] {
		folder := links[0].target
		if linked[folder] {
			continue
		}
		seen[folder], linked[folder] = true, true
		for _, e := range folder.out {
			if e.to != nil && e.to.target != nil {
				links = append(links, e.to)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(c.g.nodes), func(n *node) bool { return !seen[n] })
}

// locked is an entry as the lockfile has it.
func (c *comparison) locked(n *node) *Entry {
	if n == c.g.root {
		return c.was.root
	}
	return c.was.byPath[n.Path]
}

// judge reports a dependency that the lockfile has no package for, or another than
// is asked for.
func (c *comparison) judge(e *edge) {
	switch {
	case e.from != c.g.root && slices.Contains(e.from.BundleDependencies, e.name):
		return // the tarball brings whatever it brings
	case e.to != nil && e.to.shrinkwrapped():
		return
	case e.workspace && e.to == nil:
		c.missing(e)
	case e.workspace:
		if !c.valid[e] {
			c.differs(e)
		}
	case e.from == c.g.root && e.kind == locked.PeerOptional && c.wrong[e] == nil && c.overridesDirect(e):
		c.overridden(e) // though it asks for nothing
	case e.kind == locked.PeerOptional:
		return // it asks for nothing: npm ci takes what there is
	case c.wrong[e] != nil:
		c.unreadable(e)
	case e.from == c.g.root && c.overridesDirect(e):
		c.overridden(e)
	case e.to == nil:
		c.missing(e)
	case !c.valid[e] && !c.tolerated(e):
		c.differs(e)
	case e.from == c.g.root && !e.to.bears(c.g, e):
		c.otherPackage(e)
	}
}

// judgeName reports an entry with another package's name that nobody asks for by
// that name. npm looks at versions alone here, so an entry that was edited by hand
// could bring any package under a trusted name.
func (c *comparison) judgeName(n *node) {
	if n == c.g.root || n.local() || n.Link || n.bundler != nil || n.shrinkwrapped() {
		return
	}
	fromProject := false
	for _, e := range n.in {
		if n.bears(c.g, e) {
			return
		}
		fromProject = fromProject || e.from == c.g.root
	}
	if len(n.in) > 0 && !fromProject { // what the project asks for is reported by its edge
		c.otherPackage(n.in[0])
	}
}

// bears reports whether a package has the name that a dependency asks for. What comes
// from a file, a folder, an address or git may have any.
func (n *node) bears(g *graph, e *edge) bool {
	if n.Link || n.bundler != nil || n.shrinkwrapped() {
		return true
	}
	text, err := g.asked(e)
	if err != nil {
		return true // reported already
	}
	asked, err := g.request(e.name, text)
	switch {
	case err != nil:
		return true
	case asked.kind == ofAlias:
		return n.Name == asked.name
	case asked.kind == ofRange, asked.kind == ofTag:
		return n.Name == e.name
	}
	return true
}

// overridesDirect reports whether package.json overrides what it asks for itself,
// which npm does not allow.
func (c *comparison) overridesDirect(e *edge) bool {
	text, err := c.g.asked(e)
	return err == nil && text != e.spec && len(text) > 0 && text[0] != '$' && (e.rule == nil || e.rule.value[0] != '$')
}

// shrinkwrapped reports whether n stands in a package that has a lockfile of its own.
func (n *node) shrinkwrapped() bool {
	for at := n.parent; at != nil && !n.local(); n, at = at, at.parent {
		if at.HasShrinkwrap {
			return true
		}
	}
	return false
}

// where is the folder that a package stands in, as its own "file:" dependencies see
// it: of a tarball in the project, the folder that the tarball stands in.
func (n *node) where() string {
	if o := n.Origin(); n.Path != "" && o.From == locked.FromFile {
		return path.Dir(o.Address)
	}
	if n.target != nil {
		return n.target.Path
	}
	return n.Path
}

func (c *comparison) report(p *diag.Problem) {
	if len(c.problems) >= bounds.Problems {
		c.more = true
		return
	}
	c.problems = append(c.problems, p)
}
