package pnpm

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/strictyaml"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// Manifest is what a package.json asks for, and what it says to pnpm.
type Manifest struct {
	File                   string // as the user would type it
	Name, Version, License string
	Engines                map[string]string

	manager    string // packageManager
	deps       map[locked.Kind]map[string]string
	at         map[string]int // the line of a dependency
	peers      map[string]string
	meta       string // dependenciesMeta, in one form
	publishDir string

	resolutions     map[string]string
	overrides       map[string]string
	ignoredOptional []string
	patched         []string
	extensions      bool
}

// ReadManifest reads a package.json. File is its name as the user would type it.
func ReadManifest(src []byte, file string) (*Manifest, error) {
	src = utf8bom.Trim(src)
	m := &Manifest{File: file, deps: map[locked.Kind]map[string]string{}, at: map[string]int{}}
	r := strictjson.NewReader(src)
	if len(src) > bounds.PackageJSON {
		r.Fail(0, "larger than %d bytes", bounds.PackageJSON)
	} else {
		m.read(r)
	}
	if r.End(); r.Failed() {
		if p := npm.Unreadable(src, file, npm.CodeManifest); p != nil {
			p.Remedy = strings.ReplaceAll(p.Remedy, locked.NPM.Relock(), locked.PNPM.Relock())
			return nil, p
		}
		line := 1
		if e, ok := r.Err().(*strictjson.Error); ok {
			line = lineOf(src, e.Offset)
		}
		return nil, &diag.Problem{
			Code: npm.CodeManifest, Pos: diag.Pos{File: file, Line: line}, What: file + " can't be read", Err: r.Err(), Why: "it says what the project asks for",
			Remedy: restore(file),
		}
	}
	return m, nil
}

// Manager is what packageManager says, "pnpm@9.15.0", or "".
func (m *Manifest) Manager() string { return m.manager }

func lineOf(src []byte, off int) int { return bytes.Count(src[:min(off, len(src))], []byte("\n")) + 1 }

func (m *Manifest) read(r *strictjson.Reader) {
	seen := map[string]bool{}
	r.Object(func(key string, at int) {
		if seen[key] {
			r.Fail(at, "the key %q stands twice", key)
			return
		}
		seen[key] = true
		switch key {
		case "name":
			m.Name = r.AsText()
		case "version":
			m.Version = r.AsText()
		case "license":
			m.License = r.AsText()
		case "packageManager":
			m.manager = r.AsText()
		case "engines":
			m.Engines = r.AsTexts()
		case "dependencies":
			m.dependencies(r, locked.Prod)
		case "devDependencies":
			m.dependencies(r, locked.Dev)
		case "optionalDependencies":
			m.dependencies(r, locked.Optional)
		case "peerDependencies":
			m.peers = r.AsTexts()
		case "resolutions":
			m.resolutions = r.AsTexts()
		case "dependenciesMeta":
			form, err := strictjson.Canonical(r.Raw())
			if err != nil {
				r.Fail(at, "dependenciesMeta can't be read")
			}
			m.meta = string(form)
		case "publishConfig":
			r.AsObject(func(key string, _ int) {
				if key == "directory" {
					m.publishDir = r.AsText()
					return
				}
				r.Skip()
			})
		case "pnpm":
			r.AsObject(func(key string, _ int) { m.pnpm(r, key) })
		default:
			r.Skip()
		}
	})
}

func (m *Manifest) dependencies(r *strictjson.Reader, kind locked.Kind) {
	all := map[string]string{}
	r.AsObject(func(name string, at int) {
		if len(m.at) >= bounds.Packages {
			r.Fail(at, "more than %d dependencies", bounds.Packages)
			return
		}
		m.at[name] = lineOf(r.Source(), at)
		all[name] = r.AsText()
	})
	m.deps[kind] = all
}

// pnpm reads what a project says to pnpm in package.json, up to pnpm 10.
func (m *Manifest) pnpm(r *strictjson.Reader, key string) {
	switch key {
	case "overrides":
		m.overrides = r.AsTexts()
	case "ignoredOptionalDependencies":
		m.ignoredOptional = r.AsList()
	case "patchedDependencies":
		r.AsObject(func(name string, _ int) { m.patched = append(m.patched, name); r.Skip() })
	case "packageExtensions":
		r.AsObject(func(string, int) { m.extensions = true; r.Skip() })
	default:
		r.Skip()
	}
}

// oneForm writes a value of YAML as the canonical JSON of the same.
func oneForm(v *strictyaml.Value) string {
	var b strings.Builder
	var write func(v *strictyaml.Value)
	write = func(v *strictyaml.Value) {
		switch {
		case v.Kind == strictyaml.Map:
			b.WriteByte('{')
			for i, key := range sortedKeys(v) {
				if i > 0 {
					b.WriteByte(',')
				}
				b.WriteString(strconv.Quote(key) + ":")
				write(v.Get(key))
			}
			b.WriteByte('}')
		case v.Kind == strictyaml.List:
			b.WriteByte('[')
			for i, item := range v.Items {
				if i > 0 {
					b.WriteByte(',')
				}
				write(item)
			}
			b.WriteByte(']')
		case v.Quoted || v.Text != "true" && v.Text != "false":
			b.WriteString(strconv.Quote(v.Text))
		default:
			b.WriteString(v.Text)
		}
	}
	write(v)
	return b.String()
}
