package yarn

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// manifest is what the project's package.json asks for, in the order in which it does.
type manifest struct {
	file                   string
	name, version, license string
	engines                map[string]string
	wishes                 []wish
	resolutions            []dep // key and range
	workspaces             bool
	flat                   bool
}

// wish is one dependency of the project.
type wish struct {
	dep
	kind locked.Kind
	pos  diag.Pos
}

// kinds are the sections in yarn's order: of a name in several the first has it
// (cleanDependencies), and they are asked for in another order (ask).
var kinds = []struct {
	key  string
	kind locked.Kind
}{{"optionalDependencies", locked.Optional}, {"dependencies", locked.Prod}, {"devDependencies", locked.Dev}}

// readManifest reads a package.json. Its syntax is npm's matter.
func readManifest(src []byte, file string) (*manifest, error) {
	if _, err := npm.ReadManifest(src, file); err != nil {
		return nil, err
	}
	src = utf8bom.Trim(src)
	m := &manifest{file: file}
	sections := map[string][]wish{}
	r := strictjson.NewReader(src)
	r.Object(func(key string, _ int) {
		switch key {
		case "name":
			m.name = r.AsText()
		case "version":
			m.version = r.AsText()
		case "license":
			m.license = r.AsText()
		case "engines":
			m.engines = r.AsTexts()
		case "flat":
			m.flat, _ = r.AsBool()
		case "workspaces":
			m.workspaces = r.Peek() == '[' || r.Peek() == '{'
			r.Skip()
		case "dependencies", "devDependencies", "optionalDependencies":
			sections[key] = nil
			r.AsObject(func(name string, at int) {
				if w := (wish{dep: dep{name, r.AsText()}, pos: position(src, file, at)}); name != "//" {
					sections[key] = append(sections[key], w)
				}
			})
		case "resolutions":
			r.AsObject(func(name string, _ int) { m.resolutions = append(m.resolutions, dep{name, r.AsText()}) })
		default:
			r.Skip()
		}
	})
	if r.End(); r.Failed() || len(src) > bounds.PackageJSON {
		return nil, diag.Problems{{
			Code: npm.CodeManifest, Pos: diag.Pos{File: file}, What: file + " can't be read", Err: r.Err(),
			Why: "what a build takes is decided by what stands in it", Remedy: "correct the file; `git log -p " + diag.Word(file) + "` says how it changed",
		}}
	}
	m.clean(sections)
	return m, nil
}

// position turns an offset into a line and a column.
func position(src []byte, file string, off int) diag.Pos {
	before := src[:min(off, len(src))]
	return diag.Pos{File: file, Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1}
}

// clean leaves one wish a name, as yarn does: the first section has it, with the first
// text that says anything.
func (m *manifest) clean(sections map[string][]wish) {
	said := map[string]string{}
	for _, k := range kinds {
		for _, w := range sections[k.key] {
			if said[w.name] == "" && w.spec != "" && w.spec != "*" {
				said[w.name] = w.spec
			}
		}
	}
	has := map[string]bool{}
	kept := map[locked.Kind][]wish{}
	for _, k := range kinds {
		for _, w := range inOrder(sections[k.key], func(w wish) string { return w.name }) {
			if has[w.name] {
				continue
			}
			has[w.name], w.kind = true, k.kind
			if said[w.name] != "" {
				w.spec = said[w.name]
			}
			kept[k.kind] = append(kept[k.kind], w)
		}
	}
	m.wishes = slices.Concat(kept[locked.Prod], kept[locked.Dev], kept[locked.Optional])
}

// inOrder sorts as JavaScript lists the keys of an object: whole numbers first, by value.
func inOrder[T any](all []T, key func(T) string) []T {
	number := func(v T) (uint64, bool) {
		n, err := strconv.ParseUint(key(v), 10, 32)
		return n, err == nil && n < 1<<32-1 && strconv.FormatUint(n, 10) == key(v)
	}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b T) int {
		n, one := number(a)
		o, other := number(b)
		switch {
		case one && other:
			return int(int64(n) - int64(o))
		case one:
			return -1
		case other:
			return 1
		}
		return 0
	})
	return sorted
}
