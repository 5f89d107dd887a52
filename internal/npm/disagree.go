package npm

import (
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
)

const (
	refused = "npm ci refuses it too: the lockfile was not made for this"
	both    = "run `npm install --package-lock-only`, and commit package.json and the lockfile together"
)

// problem is one at the place where a dependency is asked for: in package.json, or at
// the entry that asks for it.
func (c *comparison) problem(code diag.Code, e *edge, what, why, remedy string) {
	p := &diag.Problem{Code: code, Pos: e.from.Pos, What: what, Why: why, Remedy: remedy}
	if m := c.manifests[e.from.Path]; m != nil {
		p.Pos, p.Snippet = m.place(e)
	}
	c.report(p)
}

// code is the one of a manifest where that is who disagrees, else another.
func (c *comparison) code(e *edge, other diag.Code) diag.Code {
	if c.manifests[e.from.Path] != nil || e.from == c.g.root || c.isOverridden(e) || c.wrong[e] != nil && e.rule != nil {
		return CodeManifest
	}
	return other
}

func (c *comparison) isOverridden(e *edge) bool {
	text, err := c.g.asked(e)
	return err == nil && text != e.spec
}

// asks says who asks for what, and how.
func (c *comparison) asks(e *edge) string {
	who := e.from.called()
	if m := c.manifests[e.from.Path]; m != nil {
		who = m.File
	}
	where := map[locked.Kind]string{
		locked.Dev: " in devDependencies", locked.Optional: " in optionalDependencies", locked.Peer: " in peerDependencies", locked.PeerOptional: " in peerDependencies",
	}[e.kind]
	if e.workspace {
		return who + " has " + strings.TrimPrefix(e.spec, "file:") + " as a workspace"
	}
	what := who + " asks for " + e.name + "@" + shown(e.spec) + where
	if text, err := c.g.asked(e); err == nil && text != e.spec {
		what += ", of which overrides make " + e.name + "@" + shown(text)
		if r := e.rule; r != nil && r.parent != nil && r.parent.parent != nil {
			what += " below " + r.parent.key
		}
	}
	return what
}

func (c *comparison) missing(e *edge) {
	why := refused
	if e.kind == locked.Optional {
		why = "what is optional has an entry as well, whatever machine it is for; without one it is left out everywhere"
		if len(c.g.o.Platforms) > 0 {
			why += ", also on " + strings.Join(c.g.o.Platforms, " and ") + ", where it may be what the package runs with"
		}
	}
	c.problem(c.code(e, CodeMissing), e, c.asks(e)+", and the lockfile has no "+e.name, why, both)
}

func (c *comparison) differs(e *edge) {
	what := c.asks(e) + ", and the lockfile has " + c.has(e)
	remedy := both
	if e.kind == locked.Peer && c.projectsOwn(e) && c.inTheWay(e) {
		remedy = "change what package.json asks for so that both can be had; or take the peer as it is, which npm calls legacy: run `npm config set legacy-peer-deps true --location=project`, which writes it into .npmrc"
	}
	why := refused
	if c.fitsAbove(e) {
		why = "one that fits stands further up, where it is not found; npm ci drops one of the two or leaves both, and says nothing of it"
	}
	c.problem(c.code(e, CodeDiffers), e, what, why, remedy)
}

// fitsAbove reports whether a package that a dependency asks for stands above the one
// that it gets.
func (c *comparison) fitsAbove(e *edge) bool {
	if e.to.parent == nil {
		return false
	}
	return c.g.resolve(e.to.parent.parent, e.name, func(n *node) bool {
		other := *e
		other.to = n
		fits, err := c.g.satisfied(&other, c.locked(e.from))
		return err == nil && fits
	}) != nil
}

// has is the package that the lockfile has for a dependency, with where it comes from
// if that is what was asked for.
func (c *comparison) has(e *edge) string {
	n := e.to
	at := n.Name + " " + n.Version
	if n.target != nil {
		at = "a link to the folder " + quote(n.target.Path)
	} else if from := n.Origin(); from.From != locked.FromRegistry {
		text, _ := c.g.asked(e)
		if asked, err := c.g.request(e.name, text); err == nil && asked.kind > ofAlias {
			at += " from " + from.Shown()
		}
	}
	return at + " (" + n.Path + ")"
}

func (c *comparison) otherPackage(e *edge) {
	c.problem(c.code(e, CodeDiffers), e, c.asks(e)+", and the lockfile has another package there, "+c.has(e),
		"npm would install it under the name of the other: it looks at the version alone",
		"look at how it came in (`git log -p "+diag.Word(c.was.File)+"`), delete the entry "+quote(e.to.Path)+" from the lockfile, then "+rewrite)
}

func (c *comparison) overridden(e *edge) {
	text, _ := c.g.asked(e)
	c.problem(CodeManifest, e, c.asks(e)+": what package.json asks for itself can't be overridden with "+shown(text),
		"npm stops here (EOVERRIDE): one file says two versions", "write one version in both places, or \"$"+e.name+"\" in overrides, then "+rewrite)
}

func (c *comparison) unreadable(e *edge) {
	remedy := "run `npm ls " + diag.Word(e.name) + " --package-lock-only` to see what brings it in, and use a version of that which was published whole"
	if m := c.manifests[e.from.Path]; m != nil || c.isOverridden(e) || e.rule != nil {
		remedy = "correct package.json, then " + rewrite
	}
	what := e.from.called() + " asks for " + e.name + "@" + shown(e.spec)
	p := &diag.Problem{Code: c.code(e, CodeDiffers), Pos: e.from.Pos, What: what, Err: c.wrong[e], Why: "npm stops here too: it does not know what is meant", Remedy: remedy}
	if m := c.manifests[e.from.Path]; m != nil {
		p.Pos, p.Snippet = m.place(e)
	}
	c.report(p)
}
