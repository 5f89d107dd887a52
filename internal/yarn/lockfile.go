package yarn

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/semver"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Manifests says what the manifest of a version says, as far as nbuild.lock has it.
type Manifests func(name, version string) (snapshot.Manifest, bool)

// Lockfile is a yarn.lock of version 1, held against the package.json beside it.
type Lockfile struct {
	File string // as the user would type it

	entries     map[string]*entry
	order       []*entry
	manifest    *manifest
	manifests   Manifests
	settings    Settings
	resolutions []resolution
}

// resolution is one key of package.json's resolutions.
type resolution struct {
	dep
	at *regexp.Regexp // the ways that it is for: "a/b/name"
}

func (r resolution) matches(at string) bool { return r.at.MatchString(at) }

// Beside is what stands beside a lockfile.
type Beside struct {
	Manifest     []byte // package.json
	ManifestFile string // as the user would type it
	Settings     Settings
	Manifests    Manifests
}

// Read reads a yarn.lock and holds it against what stands beside it: everything that is
// asked for, on whatever machine, must be answered. File is its name as the user would type
// it. The error is a diag.Problems with all that is wrong.
func Read(src []byte, file string, beside Beside) (*Lockfile, error) {
	l := &Lockfile{File: file, settings: beside.Settings, manifests: beside.Manifests}
	var err error
	if l.entries, l.order, err = read(src, file); err != nil {
		return nil, err
	}
	if l.manifest, err = readManifest(beside.Manifest, beside.ManifestFile); err != nil {
		return nil, err
	}
	if l.manifest.workspaces {
		return nil, diag.Problems{{
			Code: npm.CodeWorkspaces, Pos: diag.Pos{File: beside.ManifestFile}, What: "the project has workspaces", Why: "nbuild installs one package's dependencies; which of several to install is not supported",
			Remedy: "give the workspace a lockfile of its own: copy its folder out of the workspace, run `yarn install --ignore-scripts` there, and commit its yarn.lock beside its package.json",
		}}
	}
	if l.manifest.flat {
		return nil, diag.Problems{{
			Code: npm.CodeManifest, Pos: diag.Pos{File: beside.ManifestFile}, What: "the project asks for one version of each package (\"flat\")", Why: "yarn asks a person which one, and nbuild does not plan such a tree",
			Remedy: "resolve the versions in \"resolutions\", which yarn writes itself, and build from a branch without \"flat\"; or keep building this project with yarn",
		}}
	}
	for _, d := range l.manifest.resolutions {
		l.resolutions = append(l.resolutions, resolutionOf(d)...)
	}
	return l, l.answers()
}

// resolutionOf makes a rule of one key, none of a key or a range that yarn passes over.
func resolutionOf(d dep) []resolution {
	if strings.HasSuffix(d.name, "/") || strings.HasSuffix(d.name, "*") || strings.Contains(d.name, "//") || len(d.name) > bounds.Path || !isRange(d.spec) && !exotic(d.spec) {
		return nil
	}
	name := path.Base(d.name)
	if scope := path.Base(path.Dir(d.name)); strings.HasPrefix(scope, "@") {
		name = scope + "/" + name
	}
	where := d.name
	if where == name {
		where = "**/" + name
	}
	return []resolution{{dep{name, d.spec}, glob(where)}}
}

// answers reports what is asked for and not answered. Yarn refuses the first kind as it
// does here, with --frozen-lockfile; of the others it asks the registry.
func (l *Lockfile) answers() error {
	var problems diag.Problems
	for _, m := range l.resolve().missing {
		if len(problems) == bounds.Problems {
			problems[len(problems)-1].Why += "; there are more problems than these"
			break
		}
		problems = append(problems, l.unanswered(m))
	}
	problems.Sort()
	return problems.Err()
}

func (l *Lockfile) unanswered(m missing) *diag.Problem {
	name, spec := split(m.pattern)
	p := &diag.Problem{
		Code: npm.CodeMissing, Pos: diag.Pos{File: l.File},
		Why:    "yarn install --frozen-lockfile refuses it too: the lockfile was not made for this",
		Remedy: relock + ", and commit package.json and the lockfile together",
	}
	who := l.manifest.file
	switch {
	case m.from != nil:
		who = m.from.name + "@" + m.from.version
		p.Pos = m.from.entry.pos
		p.Why = "yarn would ask the registry for it, whatever the lockfile is for: what comes then is decided on that day"
	case m.pos != nil:
		p.Code, p.Pos = npm.CodeManifest, m.pos.pos
	default:
		p.Code, p.Pos = npm.CodeManifest, diag.Pos{File: l.manifest.file}
		who += " (resolutions)"
	}
	p.What = who + " asks for " + name + "@" + shown(spec) + ", and the lockfile has "
	if m.entry == nil {
		p.What += "no entry for it"
	} else {
		p.What += m.entry.version
		if p.Code == npm.CodeMissing {
			p.Code = npm.CodeDiffers
		}
	}
	return p
}

// shown is a text that may hold a password, without it.
func shown(spec string) string {
	if at := strings.LastIndexByte(spec, '@'); at >= 0 {
		if from := strings.Index(spec, "://"); from >= 0 && from < at {
			spec = spec[:from+3] + spec[at+1:]
		}
	}
	if len(spec) > 100 {
		spec = strings.ToValidUTF8(spec[:100], "") + "…"
	}
	return spec
}

// Pack returns the lockfile with tarballs of the project in the place of what has no bytes
// of its own: what comes from git, or is a folder. The error is a diag.Problems with every
// block that means no package.
func (l *Lockfile) Pack(all []npm.Packed) (*Lockfile, error) {
	var problems diag.Problems
	for _, p := range all {
		meant := false
		for _, e := range l.order {
			name := e.realName()
			if p.Package != name && p.Package != name+"@"+e.version || !l.packable(e) {
				continue
			}
			e.tarball, e.integrity, meant = p.File, "", true
		}
		if meant {
			continue
		}
		var names []string
		for _, e := range l.order {
			if l.packable(e) && e.tarball == "" {
				names = append(names, e.realName())
			}
		}
		remedy := "remove the block"
		if len(names) > 0 {
			remedy += ", or name what it is for: " + strings.Join(slices.Compact(slices.Sorted(slices.Values(names))), ", ")
		}
		problems = append(problems, &diag.Problem{
			Code: npm.CodePacked, Pos: p.At, What: fmt.Sprintf("packed %q names no package that %s takes from git or from a folder", p.Package, l.File),
			Why: "any other package has its own bytes, and a block that means nothing hides a mistake", Remedy: remedy,
		})
	}
	return l, problems.Err()
}

func quote(s string) string { return strconv.Quote(s) }

func semverLoosely() semver.Options { return semver.Options{Loose: true} }
