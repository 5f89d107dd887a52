package pnpm

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/damage"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/strictyaml"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// reader is one reading of a lockfile.
type reader struct {
	l        *Lockfile
	problems diag.Problems
}

// Read reads and checks a lockfile of pnpm. File is its name as the user would type it.
// The error is a diag.Problems with everything that is wrong.
func Read(src []byte, file string) (*Lockfile, error) {
	l := &Lockfile{File: file, settings: map[string]string{}, importers: map[string]*importer{}, byKey: map[string]*entry{}, overrides: map[string]string{}, catalogs: map[string]map[string]string{}}
	src = utf8bom.Trim(src)
	documents, err := strictyaml.Parse(src, bounds.YAML)
	if err != nil {
		return nil, diag.Problems{unreadable(src, file, err)}
	}
	r := &reader{l: l}
	// pnpm 11 writes what it needs for itself into a document before the lockfile.
	var root *strictyaml.Value
	for _, d := range documents {
		root = d
	}
	if root == nil || root.Kind != strictyaml.Map {
		return nil, diag.Problems{unreadable(src, file, &strictyaml.Error{Line: 1, Why: "it holds no mapping"})}
	}
	if !r.version(root) {
		return nil, r.problems
	}
	r.top(root)
	if len(r.problems) == 0 {
		r.check()
	}
	if err := r.problems.Err(); err != nil {
		return nil, err
	}
	return l, nil
}

// restore brings back a file that can't be read.
func restore(file string) string {
	return "bring back the one that was committed last, `git checkout HEAD -- " + diag.Word(file) + "`, or an older one (`git log -- " + diag.Word(file) + "` lists them)"
}

// unreadable says what happened to a file that is not the YAML that pnpm writes.
func unreadable(src []byte, file string, err error) *diag.Problem {
	p := &diag.Problem{
		Code: npm.CodeSyntax, Pos: diag.Pos{File: file, Line: 1}, What: "the lockfile can't be read", Err: err,
		Why: "pnpm writes a plain list of packages, and nothing else is read: what two readers may understand differently decides no build", Remedy: restore(file),
	}
	var why *strictyaml.Error
	if errors.As(err, &why) {
		p.Pos.Line = why.Line
		p.Snippet = snippet(src, p.Pos)
		if why.Twin != "" {
			p.Code, p.Remedy = npm.CodeDuplicate, "look at how the second one came in (`git log -p "+diag.Word(file)+"`), and "+restore(file)
		}
	}
	d, ok := damage.Of(src[:min(len(src), bounds.YAML)])
	if !ok {
		return p
	}
	p.What, p.Why, p.Err, p.Pos.Line, p.Snippet, p.Code = file+" "+d.What, d.Why, nil, d.Line, "", npm.CodeSyntax
	switch d.Kind {
	case damage.Merge:
		p.Remedy = "run `" + locked.PNPM.Relock() + "`, which joins both sides, and review the diff"
	case damage.LFS:
		p.Remedy = "run `git lfs pull`, or where the file should not be in Git LFS, `git lfs untrack " + diag.Word(file) + "` and commit it as it is"
	}
	return p
}

// snippet shows a line of a file, unless that is a long one.
func snippet(src []byte, pos diag.Pos) string {
	if len(src) > 1<<20 {
		return ""
	}
	s := diag.Snippet(src, pos)
	if len(s) > bounds.Path {
		return ""
	}
	return s
}

func (r *reader) fail(code diag.Code, line int, what, why, remedy string) {
	if len(r.problems) < bounds.Problems {
		r.problems = append(r.problems, r.l.problem(code, line, what, why, remedy))
	}
}

// odd reports what pnpm does not write.
func (r *reader) odd(line int, what string) {
	r.fail(npm.CodeSyntax, line, what, "pnpm writes no such thing, and what it means is not known", restore(r.l.File))
}

func (r *reader) version(root *strictyaml.Value) bool {
	v := root.Get("lockfileVersion")
	said := ""
	if v != nil {
		said = v.Text
	}
	switch said {
	case "9.0":
		r.l.Format = 9
	case "6.0", "6.1":
		r.l.Format = 6
	default:
		line, what := 1, "this is not a lockfile of pnpm: it has no lockfileVersion"
		if v != nil {
			line, what = v.Line, "the lockfile has version "+strconv.Quote(said)
		}
		r.fail(npm.CodeFormat, line, what, "nbuild reads lockfileVersion 9.0, of pnpm 9 and later, and 6.0, of pnpm 8", "run "+r.l.relock()+" with pnpm 9 or later, and review the diff")
		return false
	}
	return true
}

func (r *reader) top(root *strictyaml.Value) {
	l := r.l
	single := &importer{direct: map[locked.Kind][]direct{}}
	for _, e := range root.Entries {
		v := e.Value
		switch e.Key {
		case "settings":
			for _, s := range v.Entries {
				l.settings[s.Key] = s.Value.Text
			}
		case "overrides":
			l.overridesLine = e.Line
			l.overrides = r.texts(v)
		case "catalogs":
			l.catalogsLine = e.Line
			for _, c := range v.Entries {
				specifiers := map[string]string{}
				for _, d := range c.Value.Entries {
					specifiers[d.Key] = r.text(d.Value.Get("specifier"), d.Line)
				}
				l.catalogs[c.Key] = specifiers
			}
		case "packageExtensionsChecksum":
			l.extensionsLine, l.extensionsSum = e.Line, r.text(v, e.Line)
		case "pnpmfileChecksum":
			l.pnpmfileLine, l.pnpmfileSum = e.Line, r.text(v, e.Line)
		case "ignoredOptionalDependencies":
			l.ignoredLine, l.ignoredOptional = e.Line, r.list(v)
		case "patchedDependencies":
			l.patchedLine = e.Line
			for _, p := range v.Entries {
				l.patched = append(l.patched, p.Key)
			}
		case "importers":
			l.importersLine = e.Line
			for _, i := range v.Entries {
				made := &importer{line: i.Line, direct: map[locked.Kind][]direct{}}
				for _, field := range i.Value.Entries {
					r.importer(made, field)
				}
				l.importers[i.Key] = made
			}
		case "packages":
			r.packages(v)
		case "lockfileVersion", "snapshots", "time":
		default:
			r.importer(single, e)
		}
	}
	if l.Format == 9 {
		r.snapshots(root.Get("snapshots"))
	}
	if len(l.importers) == 0 {
		l.importers["."] = single // of a project without a workspace, lockfileVersion 6.0
	}
}

// importer reads one field of a project.
func (r *reader) importer(i *importer, e strictyaml.Entry) {
	kind := locked.Prod
	switch e.Key {
	case "dependencies":
	case "devDependencies":
		kind = locked.Dev
	case "optionalDependencies":
		kind = locked.Optional
	case "dependenciesMeta":
		i.meta = oneForm(e.Value)
		return
	case "publishDirectory":
		i.publishDir = e.Value.Text
		return
	case "skippedOptionalDependencies":
		return
	default:
		r.odd(e.Line, "the field "+strconv.Quote(e.Key)+" is not known")
		return
	}
	for _, d := range e.Value.Entries {
		i.direct[kind] = append(i.direct[kind], direct{
			name: d.Key, specifier: r.text(d.Value.Get("specifier"), d.Line), version: r.text(d.Value.Get("version"), d.Line), line: d.Line,
		})
	}
}

// packages reads what each version is, wherever it stands. In lockfileVersion 6.0 that is
// all; in 9.0 snapshots say with which peers it stands where.
func (r *reader) packages(v *strictyaml.Value) {
	for _, e := range v.Entries {
		if len(r.l.byKey) >= bounds.Packages {
			r.odd(e.Line, "there are more than "+strconv.Itoa(bounds.Packages)+" packages")
			return
		}
		made := r.entry(e)
		r.l.byKey[e.Key] = made
		if r.l.Format == 6 {
			r.l.packages = append(r.l.packages, made)
		}
	}
}

func (r *reader) snapshots(v *strictyaml.Value) {
	if v == nil {
		return
	}
	versions := r.l.byKey
	r.l.byKey = make(map[string]*entry, len(v.Entries))
	for _, e := range v.Entries {
		of, ok := versions[withoutSuffix(e.Key)]
		if !ok {
			r.fail(npm.CodeMissing, e.Line, "the lockfile says which dependencies "+strconv.Quote(e.Key)+" has, and not what it is", "it has no entry under packages", "run "+r.l.relock()+" to write the lockfile anew, and review the diff")
			continue
		}
		made := *of
		made.key, made.pos.Line, made.patch = e.Key, e.Line, strings.Contains(e.Key, "(patch_hash=")
		for _, field := range e.Value.Entries {
			r.edges(&made, field)
		}
		r.l.byKey[e.Key] = &made
		r.l.packages = append(r.l.packages, &made)
	}
}

func (r *reader) entry(e strictyaml.Entry) *entry {
	name, version := split(e.Key)
	made := &entry{key: e.Key, name: name, version: version, pos: diag.Pos{File: r.l.File, Line: e.Line}, patch: strings.Contains(e.Key, "(patch_hash=")}
	for _, field := range e.Value.Entries {
		v := field.Value
		switch field.Key {
		case "name":
			made.name = r.text(v, field.Line)
		case "version":
			made.version = r.text(v, field.Line)
		case "resolution":
			r.resolution(made, v)
		case "engines":
			made.engines = r.texts(v)
		case "os":
			made.os = r.list(v)
		case "cpu":
			made.cpu = r.list(v)
		case "libc":
			made.libc = r.list(v)
		case "hasBin":
			made.hasBin = v.True()
		case "deprecated":
			made.deprecated = v.Text
		case "bundledDependencies":
			made.bundles = v.Kind == strictyaml.List && len(v.Items) > 0 || v.True()
		case "peerDependencies":
			made.peers = map[string]bool{}
			for _, p := range v.Entries {
				made.peers[p.Key] = true
			}
		case "dependencies", "optionalDependencies", "optional":
			r.edges(made, field)
		}
	}
	return made
}

// edges reads a field that says how a package stands in the tree.
func (r *reader) edges(made *entry, field strictyaml.Entry) {
	switch field.Key {
	case "optional":
		made.optional = field.Value.True()
	case "dependencies", "optionalDependencies":
		var refs []reference
		for _, d := range field.Value.Entries {
			refs = append(refs, reference{d.Key, r.text(d.Value, d.Line)})
		}
		if field.Key == "dependencies" {
			made.deps = refs
		} else {
			made.optionalDeps = refs
		}
	}
}

func (r *reader) resolution(made *entry, v *strictyaml.Value) {
	for _, field := range v.Entries {
		text := r.text(field.Value, field.Line)
		switch field.Key {
		case "integrity":
			made.integrity = text
		case "tarball":
			made.tarball = text
		case "directory":
			made.directory = text
		case "repo":
			made.git = text
		case "type":
			switch text {
			case "git", "directory":
			default:
				r.odd(field.Line, "the resolution "+strconv.Quote(text)+" is not known")
			}
		}
	}
}

func (r *reader) text(v *strictyaml.Value, line int) string {
	if v == nil || v.Kind != strictyaml.Text {
		r.odd(line, "a text is due")
		return ""
	}
	return v.Text
}

func (r *reader) texts(v *strictyaml.Value) map[string]string {
	out := make(map[string]string, len(v.Entries))
	for _, e := range v.Entries {
		out[e.Key] = r.text(e.Value, e.Line)
	}
	return out
}

func (r *reader) list(v *strictyaml.Value) []string {
	if v.Kind == strictyaml.Text && !v.Null() {
		return []string{v.Text}
	}
	var out []string
	for _, item := range v.Items {
		out = append(out, r.text(item, item.Line))
	}
	return out
}

// check holds the names that become folders to what a folder may be called.
func (r *reader) check() {
	bad := func(name string, line int) {
		r.fail(npm.CodePath, line, strconv.Quote(name)+" is no name of a package", "it would become a folder of node_modules, or lead out of it", restore(r.l.File))
	}
	for _, i := range r.l.importers { // sorted below
		for _, all := range i.direct { // sorted below
			for _, d := range all {
				if !npm.ValidName(d.name) {
					bad(d.name, d.line)
				}
			}
		}
	}
	for _, e := range r.l.packages {
		if !npm.ValidName(e.name) {
			bad(e.name, e.pos.Line)
		}
		for _, d := range slices.Concat(e.deps, e.optionalDeps) {
			if !npm.ValidName(d.alias) {
				bad(d.alias, e.pos.Line)
			}
		}
	}
	r.problems.Sort()
}
