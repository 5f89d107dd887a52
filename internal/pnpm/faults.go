package pnpm

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/sri"
	"github.com/nbuild/nbuild/internal/samename"
)

// faults judges what a planned tree takes, and nothing else of the lockfile.
func (g *graph) faults() []locked.Fault {
	var all []locked.Fault
	for _, m := range g.missing {
		by := "the project"
		f := locked.Fault{}
		if m.by != nil {
			by, f.Path, f.Name, f.Version = m.by.name+"@"+m.by.version, g.l.layout.place(m.by), m.by.name, m.by.version
		}
		f.Problem = g.l.problem(npm.CodeMissing, m.line, by+" asks for "+strconv.Quote(m.key)+", which the lockfile does not have",
			"pnpm installs nothing from such a lockfile either", "run "+g.l.relock()+" to complete the lockfile, and review the diff")
		all = append(all, f)
	}
	for _, d := range g.linked {
		all = append(all, locked.Fault{Path: top + "/" + d.name, Name: d.name, Problem: g.l.problem(npm.CodeWorkspaces, d.line, d.name+" is a link to "+strconv.Quote(strings.TrimPrefix(d.version, "link:"))+", a folder",
			"nbuild installs packed packages, and links no folders", g.publish(d.name))})
	}
	folded, digests := map[string]string{}, map[string]*entry{}
	for _, e := range g.picked {
		if g.skipped[e] {
			continue
		}
		for _, p := range g.judge(e, folded, digests) {
			all = append(all, locked.Fault{Path: g.l.layout.place(e), Name: e.name, Version: e.version, Problem: p})
		}
	}
	slices.SortStableFunc(all, func(a, b locked.Fault) int { return a.Problem.Pos.Line - b.Problem.Pos.Line })
	return all
}

func (g *graph) judge(e *entry, folded map[string]string, digests map[string]*entry) []*diag.Problem {
	var ps []*diag.Problem
	add := func(code diag.Code, what, why, remedy string) {
		ps = append(ps, g.l.problem(code, e.pos.Line, what, why, remedy))
	}
	place := g.l.layout.place(e)
	if other, twice := folded[samename.Key(place)]; twice {
		add(npm.CodeCollision, "the folders "+strconv.Quote(other)+" and "+strconv.Quote(place)+" are one on other systems", "where neither case nor the form of accents counts, one replaces the other", g.why(e))
	}
	folded[samename.Key(place)] = place
	if !npm.ValidVersion(e.version) {
		add(npm.CodeEntry, strconv.Quote(e.key)+" has the version "+strconv.Quote(e.version), "no registry has such a package", restore(g.l.File))
		return ps
	}
	name, o := e.name+"@"+e.version, e.origin()
	switch o.From {
	case locked.FromGit:
		add(npm.CodeGit, name+" comes from git, from "+o.Shown(), "what a git host packs has no fixed bytes, and nbuild clones nothing", g.packed(e, "clone it ("+o.Shown()+") at the commit that the lockfile names, run `pnpm pack` there, move the file beside the lockfile"))
		return ps
	case locked.FromFolder:
		add(npm.CodeWorkspaces, name+" comes from the folder "+strconv.Quote(o.Address), "nbuild installs packed packages, and no folders", g.packed(e, "run `pnpm pack` in "+strconv.Quote(o.Address)+", move the file beside the lockfile"))
		return ps
	case locked.FromUnknown:
		add(npm.CodeOrigin, name+" comes from "+strconv.Quote(o.Shown())+", which nbuild can't read", "a package comes from a registry, an https address or a tarball in the project", g.publish(e.name))
		return ps
	case locked.FromFile:
		if !o.InProject() {
			add(npm.CodeOrigin, name+" is a tarball outside of the project, "+strconv.Quote(o.Address), "a build reads its own folder only, so that it is the same on every machine", g.packed(e, "run `cp "+diag.Word(o.Address)+" "+diag.Word(path.Base(o.Address))+"` beside the lockfile"))
			return ps
		}
	}
	if i, err := sri.Parse(e.integrity); e.packed == "" && (err != nil || i.IsZero()) {
		why := "without it nobody knows which bytes were meant"
		if strings.Contains(e.tarball, "codeload.github.com") || o.From == locked.FromAddress {
			why = "pnpm notes none of what a git host packs: it may be other bytes each time"
		}
		add(npm.CodeNoIntegrity, name+" has no integrity that can be read", why, "run "+g.l.relock()+"; if it still has none, "+g.packed(e, "bring the file that the lockfile names ("+o.Shown()+") and put it beside the lockfile"))
		return ps
	}
	if other := digests[name]; other != nil && other.integrity != e.integrity {
		add(npm.CodeConflict, name+" has two digests in the lockfile, the other one at line "+strconv.Itoa(other.pos.Line), "a published version never changes", g.why(e))
	}
	digests[name] = e
	if g.o.EngineStrict && !e.optional && !npm.EngineFits(e.engines["node"], g.o.NodeVersion) {
		add(npm.CodeEngine, name+" does not take Node "+g.o.NodeVersion, "it asks for node "+strconv.Quote(e.engines["node"])+", and pnpm's setting engine-strict makes that a condition", "use a version that it takes: `node` of the base in build.hcl says which is in an image, and `nbuild install` goes by the one on this machine")
	}
	return ps
}

func (g *graph) why(e *entry) string {
	return "run `pnpm why " + diag.Word(e.name) + "` to see who asks for it, then " + g.l.relock() + ", and review the diff"
}

// packed is the remedy for what has no tarball with a digest, and a tarball of the project
// can stand for.
func (g *graph) packed(e *entry, bring string) string {
	file := "FILE.tgz"
	if npm.ValidName(e.name) && npm.ValidVersion(e.version) {
		file = strings.ReplaceAll(strings.TrimPrefix(e.name, "@"), "/", "-") + "-" + e.version + ".tgz"
	}
	if strings.HasPrefix(bring, "run `cp") {
		file = path.Base(e.origin().Address)
	}
	return "keep it as a tarball of the project: " + bring + ", name the tarball in the npm block of build.hcl, which is this one where there is none, and run `nbuild pin`\n" +
		"npm \"deps\" {\n  packed \"" + e.name + "\" {\n    file = \"" + path.Join(path.Dir(g.l.File), file) + "\"\n  }\n}"
}

// publish is the remedy for what no tarball of the project can stand for.
func (g *graph) publish(name string) string {
	return "publish it to your registry (`pnpm publish` in its own folder), and depend on the version there; `pnpm why " + diag.Word(name) + "` shows what asks for it"
}
