package npm

import (
	"path"

	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/semver"
)

// satisfied reports whether a dependency's package is one that it asks for; without a
// package, whether it can do without (arborist, Edge and dep-valid). Locked is the
// dependent as the lockfile was written. The error is of a text that npm can't read.
func (g *graph) satisfied(e *edge, before *Entry) (bool, error) {
	if e.workspace {
		return e.to != nil && e.to.Link && "file:"+path.Clean(e.to.Resolved) == e.spec, nil
	}
	text, err := g.asked(e)
	if err != nil {
		return false, err
	}
	if _, err := g.request(e.name, text); err != nil {
		return false, err
	}
	switch {
	case e.to == nil:
		return e.optional(), nil
	case e.peer() && e.from == e.to.parent && e.from != g.root && !e.from.local():
		return false, nil // a peer stands beside its dependent, not in it
	}
	is := func(text string) bool {
		return g.is(e, text, before) || e.accept != "" && g.is(e, e.accept, before)
	}
	switch rule := e.rule; {
	case rule == nil || rule.key == "":
		return is(e.spec), nil
	case e.to.HasShrinkwrap || e.to.shrinkwrapped() || g.inBundle(e.to):
		return is(e.spec), nil // overrides do not reach into what is packed already
	case is(text):
		return true, nil
	case !is(e.spec):
		return false, nil
	default: // as asked for, and not what the rule is there to replace
		return !is(rule.versions), nil
	}
}

// inBundle reports whether a package comes in another's tarball, or is bundled by the
// project.
func (g *graph) inBundle(n *node) bool {
	if n.InBundle {
		return true
	}
	if n.parent == g.root && !n.local() {
		for _, name := range g.root.BundleDependencies {
			if name == n.folder() {
				return true
			}
		}
	}
	return false
}

// is reports whether the package of e is what a text asks for.
func (g *graph) is(e *edge, text string, before *Entry) bool {
	asked, err := g.request(e.name, text)
	if err != nil {
		return false
	}
	to := e.to
	from := e.from.where()
	if e.rule != nil && e.rule.name == e.name {
		from = "" // what package.json says of it is seen from package.json
	}
	switch asked.kind {
	case ofTag:
		return to.target == nil && registered(to)
	case ofFolder:
		if g.o.InstallLinks {
			return !to.Link
		}
		return to.Link && path.Clean(to.Resolved) == asked.in(from)
	case ofFile:
		o := to.Origin()
		return !to.Link && o.From == locked.FromFile && o.Address == asked.in(from)
	case ofRemote:
		// User, password and query say who asks; the bytes are named by the integrity.
		return (locked.Origin{From: locked.FromAddress, Address: asked.text}).Shown() == locked.Origin{From: locked.FromAddress, Address: to.Resolved}.Shown()
	case ofGit:
		return g.isGit(e, asked, before)
	case ofAlias:
		if asked.aliased == ofTag {
			return registered(to)
		}
	}
	return asked.any || fitsVersion(asked.versions, to)
}

// registered reports whether a package may have come of a tag: from a registry, or
// from an address. Which version the tag named then is what the lockfile is for.
func registered(n *node) bool {
	from := n.Origin().From
	return from == locked.FromRegistry || from == locked.FromAddress
}

func fitsVersion(r semver.Range, n *node) bool {
	version := n.Version
	if n.target != nil {
		version = n.target.Version
	}
	v, ok := semver.Parse(version, loosely)
	return ok && r.Fits(v)
}

func (g *graph) isGit(e *edge, asked request, before *Entry) bool {
	got, err := g.request(e.name, e.to.Resolved)
	if err != nil || !asked.git.same(got.git) {
		return false
	}
	if asked.git.versions != "" {
		return asked.git.fits(e.to.Version)
	}
	if isCommit(asked.git.committish) || before == nil {
		return true
	}
	// Which commit a branch is at can't be seen, but that another was asked for can.
	for _, deps := range []map[string]string{before.Dependencies, before.OptionalDependencies, before.DevDependencies, before.PeerDependencies} {
		if spec := deps[e.name]; spec != "" {
			then, err := g.request(e.name, spec)
			return err != nil || then.kind != ofGit || then.git.committish == asked.git.committish
		}
	}
	return true
}
