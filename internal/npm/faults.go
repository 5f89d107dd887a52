package npm

import (
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/samename"
)

// faults judges what a planned tree takes, and nothing else of the lockfile: an
// entry that only development needs is no matter of a tree without development, and
// one that nothing asks for is no matter of any.
func (g *graph) faults() []locked.Fault {
	var all []locked.Fault
	folded := make(map[string]string, len(g.nodes))
	digests := make(map[string]named, len(g.nodes))
	for _, n := range g.nodes {
		if n != g.root && n.gone {
			continue
		}
		add := func(p *diag.Problem) {
			if p != nil {
				all = append(all, locked.Fault{Path: n.Path, Name: n.Name, Version: n.Version, Problem: p})
			}
		}
		if n != g.root {
			add(collision(folded, n.Entry))
		}
		switch {
		case n == g.root:
		case n.Link:
			add(g.linkFault(n))
		case n.local():
		case !ValidName(n.Name) || !ValidVersion(n.Version):
			add(n.problem(CodeEntry, quote(n.Path)+" has the name "+quote(n.Name)+" and the version "+quote(n.Version), "no registry has such a package", restore(g.lock.File)))
		case n.bundler == nil:
			if p := g.originFault(n); p != nil {
				add(p)
				break
			}
			add(n.unreadable())
			add(n.conflict(digests, g.lock.File))
		}
		if n == g.root || !n.local() {
			add(g.engineFault(n))
		}
		if n != g.root && !n.optional && n.bundler == nil && !g.runs(n) {
			add(n.problem(CodePlatform, n.Name+"@"+n.Version+" does not run on "+g.o.Platform(),
				"it says so itself (os "+list(n.OS)+", cpu "+list(n.CPU)+", libc "+list(n.Libc)+") and nothing marks it optional",
				n.elsewhere(g.lock.File)))
		}
	}
	slices.SortStableFunc(all, func(a, b locked.Fault) int { return a.Problem.Pos.Line - b.Problem.Pos.Line })
	return all
}

// problem is one at the entry's place.
func (e *Entry) problem(code diag.Code, what, why, remedy string) *diag.Problem {
	return &diag.Problem{Code: code, Pos: e.Pos, What: what, Why: why, Remedy: remedy}
}

func collision(folded map[string]string, e *Entry) *diag.Problem {
	key := samename.Key(e.Path)
	other, twice := folded[key]
	folded[key] = e.Path
	if !twice {
		return nil
	}
	return e.problem(CodeCollision, "the folders "+quote(other)+" and "+quote(e.Path)+" are one on other systems",
		"where neither case nor the form of accents counts, one replaces the other",
		"run `npm ls "+diag.Word(e.Name)+" --package-lock-only` to see who wants it, remove one of the two, then "+rewrite)
}

// linkFault reports a link that can't be followed, or that leaves the project.
func (g *graph) linkFault(n *node) *diag.Problem {
	target := path.Clean(n.Resolved)
	at, ok := g.at[target]
	bad := ""
	switch {
	case n.Resolved == "" || !(locked.Origin{From: locked.FromFolder, Address: target}).InProject() && !strings.HasPrefix(target, "../"):
		bad = "names no folder"
	case target == "." || strings.HasPrefix(n.Path+"/", target+"/"):
		bad = "leads back to where it stands"
	case !ok:
		bad = "has no entry for its target"
	case at.Link:
		bad = "leads to another link"
	case outside(target):
		return n.problem(CodeWorkspaces, quote(n.Path)+" is a link to "+quote(n.Resolved)+", a folder outside of the project",
			"a build reads its own folder only, so that it is the same on every machine", g.packed(n, target, at.Version))
	default:
		return nil
	}
	return n.problem(CodeLink, "the link "+quote(n.Path)+" to "+quote(n.Resolved)+" "+bad,
		"what it stands for can't be known from the lockfile, and npm writes no such entry", "delete the entry "+quote(n.Path)+", then "+rewrite)
}

// originFault refuses what has no bytes that a lockfile could name, by what it is.
func (g *graph) originFault(n *node) *diag.Problem {
	o := n.Origin()
	shown := o.Shown()
	switch o.From {
	case locked.FromGit:
		return n.problem(CodeGit, n.Name+"@"+n.Version+" comes from git, from "+shown,
			"what a git host packs has no fixed bytes, and nbuild clones nothing", g.packed(n, o.Repository(), n.Version))
	case locked.FromFolder:
		return n.problem(CodeWorkspaces, n.Name+"@"+n.Version+" comes from the folder "+quote(o.Address),
			"nbuild installs packed packages, and no folders", g.packed(n, "./"+o.Address, n.Version))
	case locked.FromUnknown:
		return n.problem(CodeOrigin, quote(n.Path)+" comes from "+quote(shown)+", which nbuild can't read",
			"a package comes from a registry, an https address or a tarball in the project", rewrite)
	case locked.FromFile:
		if n.Tarball == "" && !o.InProject() { // build.hcl names none outside
			return n.problem(CodeOrigin, n.Name+"@"+n.Version+" is a tarball outside of the project, "+quote(o.Address),
				"a build reads its own folder only, so that it is the same on every machine", g.inPlace(n, "copy it into the project: run `cp "+diag.Word(o.Address)+" "+diag.Word(path.Base(o.Address))+"` beside the lockfile", path.Base(o.Address)))
		}
	}
	return nil
}

// elsewhere is the remedy for a package that does not run on the platform.
func (n *node) elsewhere(file string) string {
	if n.dev {
		return "leave it to those who develop on another platform: production does without it (`nbuild install --omit dev`)"
	}
	return "build for a platform that it runs on (`platforms` in the project block); where the lockfile is not what was meant, " + restore(file)
}

// packed is the remedy for what is not a tarball yet: npm packs it.
func (g *graph) packed(n *node, what, version string) string {
	file := "FILE.tgz"
	if ValidName(n.Name) && ValidVersion(version) {
		file = strings.ReplaceAll(strings.TrimPrefix(n.Name, "@"), "/", "-") + "-" + version + ".tgz"
	}
	remedy := g.inPlace(n, "keep it as a tarball of the project: run `npm pack "+diag.Word(what)+"` beside the lockfile", file)
	if n.dev {
		return "leave it to those who develop: production does without it (`nbuild install --omit dev`); or " + remedy
	}
	return remedy
}

// inPlace is the remedy that puts a tarball of the project in a package's place, with the
// block of build.hcl that names it. Neither package.json nor the lockfile is touched.
func (g *graph) inPlace(n *node, bring, file string) string {
	return bring + ", name the tarball in the npm block of build.hcl, which is this one where there is none, and run `nbuild pin`\n" +
		"npm \"deps\" {\n  packed \"" + n.Name + "\" {\n    file = \"" + path.Join(path.Dir(g.lock.File), file) + "\"\n  }\n}"
}
