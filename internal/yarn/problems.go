package yarn

import (
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/semver"
	"github.com/nbuild/nbuild/internal/npm/sri"
)

// runs reports whether a package says that it runs on the machine. Of libc yarn knows
// nothing, so that it installs the package for either.
func runs(o locked.Options, p *pkg) bool { return listed(o.OS, p.says.OS) && listed(o.CPU, p.says.CPU) }

// listed reports whether a value is in a list such as ["linux"] or ["!win32"]
// (package-compatibility).
func listed(value string, list []string) bool {
	if value == "" || len(list) == 0 {
		return true
	}
	only, not := true, false
	for _, word := range list {
		if word, negated := strings.CutPrefix(word, "!"); negated {
			if not = true; word == value {
				return false
			}
			continue
		}
		if only = false; word == value {
			return true
		}
	}
	return not && only
}

// engine is the engine that does not take the version that is planned for, "" for none.
func (l *Lockfile) engine(o locked.Options, engines map[string]string) string {
	if l.settings.IgnoreEngines || o.NodeVersion == "" {
		return ""
	}
	for _, name := range []string{"node", "iojs"} {
		if spec, ok := engines[name]; ok && !takes(spec, o.NodeVersion) {
			return name
		}
	}
	return ""
}

// takes reports whether a range takes a version of Node. A range of the time before
// Node 1 stands for any later one, as yarn has it.
func takes(spec, version string) bool {
	wanted, ok := semver.ParseRange(spec, semverLoosely())
	v, known := semver.Parse(version, semverLoosely())
	if !known {
		return true
	}
	if ok && wanted.Fits(v) {
		return true
	}
	major, _, _ := strings.Cut(version, ".")
	for _, minor := range []string{"0.10.", "0.11.", "0.12.", "0.13."} {
		if old, valid := semver.Parse(minor+major, semverLoosely()); ok && valid && wanted.Fits(old) {
			return true
		}
	}
	return false
}

func (l *Lockfile) engineProblem(o locked.Options, who, engine string, pos diag.Pos) *diag.Problem {
	return &diag.Problem{
		Code: npm.CodeEngine, Pos: pos, What: who + " does not take Node " + o.NodeVersion,
		Why:    "yarn stops here too: its engines name another version of " + engine,
		Remedy: "use a version that it takes: `node` of the base in build.hcl says which is in an image, and `nbuild install` goes by the one on this machine; or write the line \"ignore-engines true\" into .yarnrc beside the lockfile, which yarn reads as well",
	}
}

// machineProblem reports a required package that refuses the machine.
func (l *Lockfile) machineProblem(o locked.Options, p *pkg, at *locked.Package) *diag.Problem {
	if engine := l.engine(o, p.says.Engines); engine != "" {
		return l.engineProblem(o, at.Name+"@"+at.Version, engine, at.Pos)
	}
	if runs(o, p) {
		return nil
	}
	remedy := "build for a platform that it runs on (`platforms` in the project block)"
	if at.Dev {
		remedy = "leave it to those who develop on another platform: production does without it (`nbuild install --omit dev`)"
	}
	return &diag.Problem{
		Code: npm.CodePlatform, Pos: at.Pos, What: at.Name + "@" + at.Version + " does not run on " + o.Platform(),
		Why:    "it says so itself (os " + list(p.says.OS) + ", cpu " + list(p.says.CPU) + ") and nothing marks it optional: yarn stops here too",
		Remedy: remedy,
	}
}

func list(words []string) string {
	if len(words) == 0 {
		return "any"
	}
	return strings.Join(words, "|")
}

// originProblem refuses what has no bytes that a lockfile could name.
func (l *Lockfile) originProblem(p *locked.Package) *diag.Problem {
	id := p.Name + "@" + p.Version
	problem := &diag.Problem{Pos: p.Pos}
	switch o := p.Origin; o.From {
	case locked.FromGit:
		problem.Code, problem.What = npm.CodeGit, id+" comes from git, from "+o.Shown()
		problem.Why = "what a git host packs has no fixed bytes, and nbuild clones nothing"
		problem.Remedy = l.packed(p, "clone it ("+o.Shown()+") at the commit that the lockfile names")
	case locked.FromFolder:
		problem.Code, problem.What = npm.CodeWorkspaces, id+" comes from the folder "+quote(o.Address)
		problem.Why = "nbuild installs packed packages, and no folders"
		problem.Remedy = l.packed(p, "go into "+quote(o.Address))
	case locked.FromUnknown:
		problem.Code, problem.What = npm.CodeOrigin, id+" comes from "+quote(o.Shown())+", which nbuild can't read"
		problem.Why, problem.Remedy = "a package comes from a registry, an https address or a tarball in the project", relock
	case locked.FromFile:
		if o.InProject() {
			return l.integrityProblem(p)
		}
		problem.Code, problem.What = npm.CodeOrigin, id+" is a tarball outside of the project, "+quote(o.Address)
		problem.Why = "a build reads its own folder only, so that it is the same on every machine"
		problem.Remedy = l.inPlace(p, "copy it into the project: run `cp "+diag.Word(o.Address)+" "+diag.Word(path.Base(o.Address))+"` beside the lockfile", path.Base(o.Address))
	default:
		return l.integrityProblem(p)
	}
	return problem
}

func (l *Lockfile) integrityProblem(p *locked.Package) *diag.Problem {
	if _, err := sri.Parse(p.Integrity); err == nil || strings.TrimSpace(p.Integrity) == "" {
		return nil
	}
	return &diag.Problem{
		Code: npm.CodeNoIntegrity, Pos: p.Pos, What: p.Name + "@" + p.Version + " has an integrity in which no digest can be read: " + quote(p.Integrity),
		Why:    "it was meant to name the bytes, and nothing can be held to it",
		Remedy: "write what `yarn info " + diag.Word(p.Name+"@"+p.Version) + " dist.integrity` prints in its place",
	}
}

// packed is the remedy for what is not a tarball yet: yarn packs it.
func (l *Lockfile) packed(p *locked.Package, into string) string {
	file := "FILE.tgz"
	if npm.ValidName(p.Name) && npm.ValidVersion(p.Version) {
		file = strings.ReplaceAll(strings.TrimPrefix(p.Name, "@"), "/", "-") + "-" + p.Version + ".tgz"
	}
	return l.inPlace(p, "keep it as a tarball of the project: "+into+", run `yarn pack --filename "+diag.Word(file)+"` there, move the file beside the lockfile", file)
}

func (l *Lockfile) inPlace(p *locked.Package, bring, file string) string {
	return bring + ", name the tarball in the npm block of build.hcl, which is this one where there is none, and run `nbuild pin`\n" +
		"npm \"deps\" {\n  packed \"" + p.Name + "\" {\n    file = \"" + path.Join(path.Dir(l.File), file) + "\"\n  }\n}"
}

func collisionProblem(p *locked.Package, other string) *diag.Problem {
	return &diag.Problem{
		Code: npm.CodeCollision, Pos: p.Pos, What: "the folders " + quote(other) + " and " + quote(p.Path) + " are one on other systems",
		Why:    "where neither case nor the form of accents counts, one replaces the other",
		Remedy: "run `yarn why " + diag.Word(p.Name) + "` to see who wants it, remove one of the two, then " + relock,
	}
}
