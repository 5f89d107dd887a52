package npm

import (
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// Manifest is what a package.json asks for.
type Manifest struct {
	File       string // as the user would type it
	entry      *Entry
	src        []byte
	at         map[locked.Kind]map[string]int // where each dependency stands
	overrides  *override
	workspaces int // where they stand
	devEngines *devEngines
}

// ReadManifest reads a package.json; what asks for nothing may be anything. File is
// its name as the user would type it. The error is a diag.Problems.
func ReadManifest(src []byte, file string) (*Manifest, error) {
	src = utf8bom.Trim(src)
	p := newParser(src, file)
	m := &Manifest{File: file, entry: &Entry{}, src: src, at: map[locked.Kind]map[string]int{}, overrides: &override{}}
	if len(src) > bounds.PackageJSON {
		p.Fail(0, "larger than %d bytes", bounds.PackageJSON)
	} else {
		p.manifest(m)
	}
	if syntax, ok := p.Err().(*strictjson.Error); ok {
		p.problems = nil
		p.broken(CodeManifest, unreadable(src, file, true, syntax.Err), syntax.Offset)
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	return m, nil
}

func (p *parser) manifest(m *Manifest) {
	e := m.entry
	seen := map[string]bool{}
	p.Object(func(key string, at int) {
		switch key {
		case "name":
			p.once(seen, key, at)
			e.Name = p.orFalse()
		case "version":
			p.once(seen, key, at)
			e.Version = p.orFalse()
		case "license":
			p.once(seen, key, at)
			e.License = p.license()
		case "dependencies":
			p.once(seen, key, at)
			e.Dependencies = p.dependencies(m, locked.Prod)
		case "devDependencies":
			p.once(seen, key, at)
			e.DevDependencies = p.dependencies(m, locked.Dev)
		case "optionalDependencies":
			p.once(seen, key, at)
			e.OptionalDependencies = p.dependencies(m, locked.Optional)
		case "peerDependencies":
			p.once(seen, key, at)
			e.PeerDependencies = p.dependencies(m, locked.Peer)
		case "peerDependenciesMeta":
			p.once(seen, key, at)
			if p.Peek() != '{' {
				p.Skip()
				return
			}
			e.PeerOptional = p.peerMeta()
		case "acceptDependencies":
			p.once(seen, key, at)
			e.Accept = p.dependencies(nil, "")
		case "engines":
			p.once(seen, key, at)
			e.Engines = p.AsTexts() // nobody checks them: what is no text asks for nothing
		case "devEngines":
			p.once(seen, key, at)
			m.devEngines = &devEngines{src: m.src, file: m.File, off: at, raw: p.Raw()}
		case "bundleDependencies", "bundledDependencies":
			p.once(seen, key, at)
			e.BundleDependencies = p.bundled(e)
		case "workspaces":
			p.once(seen, key, at)
			m.workspaces = at
			e.Workspaces = p.patterns()
		case "overrides":
			p.once(seen, key, at)
			if p.Peek() != '{' {
				p.Skip()
				return
			}
			p.overrides(m.overrides)
		default:
			p.Skip()
		}
	})
	p.End()
	if m.devEngines != nil {
		e.Engines = nil // npm looks at devEngines in place of the project's engines
	}
}

// dependencies reads an object of strings, and where each stands. Nothing may be
// null, false or [], as old tools write it.
func (p *parser) dependencies(m *Manifest, kind locked.Kind) map[string]string {
	switch p.Peek() {
	case '{':
	case '[':
		p.Array(func() { p.Fail(p.Offset(), "dependencies in a list") })
		return nil
	case 'n', 'f':
		p.Literal()
		return nil
	}
	out, places := map[string]string{}, map[string]int{}
	seen := map[string]bool{}
	p.Object(func(key string, at int) {
		p.once(seen, key, at)
		if len(out) >= bounds.Packages {
			p.Fail(at, "more than %d dependencies", bounds.Packages)
		}
		out[key], places[key] = p.Text(), at
	})
	if m != nil {
		m.at[kind] = places
	}
	return out
}

// bundled reads the names in a list or of an object; true names every dependency
// that stands before it.
func (p *parser) bundled(e *Entry) []string {
	switch p.Peek() {
	case '[':
		return p.list()
	case '{':
		var names []string
		p.Object(func(key string, _ int) { names = append(names, key); p.Skip() })
		return names
	}
	if p.Literal() == "true" {
		names := make([]string, 0, len(e.Dependencies))
		for name := range e.Dependencies { // looked up, never listed
			names = append(names, name)
		}
		return names
	}
	return nil
}

// patterns reads "workspaces": a list, or an object with one in "packages", as yarn has
// it and npm takes it too. What is neither names no folder.
func (p *parser) patterns() []string {
	switch p.Peek() {
	case '[':
		return p.AsList()
	case '{':
		var patterns []string
		p.Object(func(key string, _ int) {
			if key == "packages" && p.Peek() == '[' {
				patterns = p.AsList()
				return
			}
			p.Skip()
		})
		return patterns
	}
	p.Skip()
	return nil
}

// overrides reads the rules below one, each a text, or an object in which "." is the
// rule itself.
func (p *parser) overrides(under *override) {
	seen := map[string]bool{}
	p.Object(func(key string, at int) {
		p.once(seen, key, at)
		if key == "." {
			value := p.Text()
			if under.parent != nil && value != "" {
				under.value = value
			} else if under.parent != nil {
				under.value = "*"
			}
			return
		}
		o, err := newOverride(under, key)
		if err != nil {
			p.Fail(at, "overrides: %v", err)
			return
		}
		if p.Peek() == '{' {
			p.overrides(o)
		} else if o.value = p.Text(); o.value == "" {
			o.value = "*"
		}
		under.children = append(under.children, o)
		if len(under.children) > bounds.Packages {
			p.Fail(at, "more than %d overrides", bounds.Packages)
		}
	})
}

// place is where a dependency stands in the file.
func (m *Manifest) place(e *edge) (diag.Pos, string) {
	kind := e.kind
	if kind == locked.PeerOptional {
		kind = locked.Peer
	}
	off, ok := m.at[kind][e.name]
	if e.workspace {
		off, ok = m.workspaces, true
	}
	if !ok {
		return diag.Pos{File: m.File}, ""
	}
	pos := place(m.src, m.File, off)
	if shown(e.spec) != e.spec {
		return pos, "" // a password may stand in the line
	}
	return pos, snippet(m.src, pos, off)
}
