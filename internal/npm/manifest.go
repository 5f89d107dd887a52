package npm

import (
	"maps"
	"slices"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// CheckManifest reports where the project's package.json asks for something else
// than the lockfile was made for, as `npm ci` does. File is the manifest's name.
func (l *Lockfile) CheckManifest(src []byte, file string) error {
	src = utf8bom.Trim(src)
	p := newParser(src, file)
	var m *Entry
	if len(src) > bounds.PackageJSON {
		p.Fail(0, "larger than %d bytes", bounds.PackageJSON)
	} else {
		m = p.manifest()
	}
	if syntax, ok := p.Err().(*strictjson.Error); ok {
		p.broken(CodeManifest, unreadable(src, file, true, syntax.Err), syntax.Offset)
		return p.problems
	}
	if len(p.problems) > 0 {
		return p.problems
	}
	r := l.root
	sections := []struct {
		name         string
		want, locked map[string]string
	}{
		{"dependencies", without(m.Dependencies, m.OptionalDependencies), without(r.Dependencies, r.OptionalDependencies)},
		{"devDependencies", m.DevDependencies, r.DevDependencies},
		{"optionalDependencies", m.OptionalDependencies, r.OptionalDependencies},
		{"peerDependencies", m.PeerDependencies, r.PeerDependencies},
	}
	for _, s := range sections {
		all := maps.Clone(s.locked)
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, s.want)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			want, wanted := s.want[name]
			locked, known := s.locked[name]
			what := ""
			switch {
			case !known:
				what = file + " asks for " + name + "@" + want + " in " + s.name + ", the lockfile was made without it"
			case !wanted:
				what = file + " does not ask for " + name + " in " + s.name + ", the lockfile was made for " + name + "@" + locked
			case want != locked:
				what = file + " asks for " + name + "@" + want + " in " + s.name + ", the lockfile was made for " + name + "@" + locked
			default:
				continue
			}
			p.problems = append(p.problems, &diag.Problem{
				Code: CodeManifest, Pos: diag.Pos{File: l.File}, What: what,
				Why: "the lockfile does not say what to install for it", Remedy: "run `npm install --package-lock-only`, and commit both files",
			})
		}
	}
	return p.problems.Err()
}

// manifest reads the dependencies of a package.json; the rest may be anything.
func (p *parser) manifest() *Entry {
	e := &Entry{}
	seen := map[string]bool{}
	p.Object(func(key string, at int) {
		p.once(seen, key, at)
		switch key {
		case "dependencies":
			e.Dependencies = p.texts()
		case "devDependencies":
			e.DevDependencies = p.texts()
		case "optionalDependencies":
			e.OptionalDependencies = p.texts()
		case "peerDependencies":
			e.PeerDependencies = p.texts()
		default:
			p.Skip()
		}
	})
	p.End()
	return e
}

// without leaves out what is optional too: npm writes such names in either.
func without(deps, optional map[string]string) map[string]string {
	out := map[string]string{}
	for name, spec := range deps {
		if _, ok := optional[name]; !ok {
			out[name] = spec
		}
	}
	return out
}
