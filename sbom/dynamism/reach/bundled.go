package reach

import (
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/resolution"
)

// beside reaches, with Options.Bundled, what an older Node or a bundler takes where
// Node takes something else: the main of a package that has exports, the other side
// of module-sync, and what the field browser has in place of a file.
func (w *walk) beside(f *reached, e edge, from string, res resolution.Result, depth int) {
	all := append([]resolution.Result{res}, w.r.Alternatives(e.spec, from, e.mode)...)
	for _, other := range all[1:] {
		w.arrive(f, other, e, depth)
	}
	if !slices.Contains(w.options.Conditions, "browser") {
		return
	}
	for _, r := range all {
		if r.Path != "" {
			w.remapped(r.Path, depth)
		}
	}
}

// remapped reaches what a package's field browser has in place of a file (the
// package-browser-field-spec, "Replace specific files").
func (w *walk) remapped(file string, depth int) {
	m, err := w.r.Governing(file)
	for dir, _ := packageOf(file); err == nil && m != nil && m.Browser == nil && dir != "" && path.Dir(m.Path) != dir; {
		m, err = w.r.Governing(path.Dir(m.Path)) // one folder up, where the package's own may be
	}
	if err != nil || m == nil || m.Browser == nil {
		return
	}
	for _, field := range m.Browser.Fields {
		from, kind := w.tree.Real(path.Join(path.Dir(m.Path), field.Key))
		if kind == resolution.File && from == file && field.Value.Shape == resolution.Text {
			w.reach(path.Join(path.Dir(m.Path), field.Value.String), file, Known, true, resolution.Require, depth)
		}
	}
}

// bundledResolve finds what TypeScript and bundlers would take where Node finds
// nothing.
func (w *walk) bundledResolve(spec, from string, mode resolution.Mode) (resolution.Result, bool) {
	if mode == resolution.Import {
		if res, err := w.r.Resolve(spec, from, resolution.Require); err == nil {
			return res, true
		}
	}
	if others := w.r.Alternatives(spec, from, mode); len(others) > 0 {
		return others[0], true
	}
	at := path.Join(path.Dir(from), spec)
	relative := strings.HasPrefix(spec, "./") || strings.HasPrefix(spec, "../")
	switch {
	case relative:
		if strings.Contains("/"+from, "/node_modules/") {
			return resolution.Result{}, false
		}
	case strings.HasPrefix(spec, "/"):
		at = name(spec)
	default:
		dir := w.installed(spec, path.Dir(from))
		if dir == "" {
			return resolution.Result{}, false
		}
		at = dir
		if m, err := w.r.Governing(path.Join(dir, "package.json")); err == nil && m != nil {
			at = path.Join(dir, m.Main)
			if real, _ := w.tree.Real(path.Join(dir, "package.json")); real != m.Path {
				at = dir
			}
		}
	}
	tries := []string{at + ".ts", at + ".tsx", at + "/index.ts", at + "/index.tsx"}
	if base, ok := strings.CutSuffix(at, ".js"); ok {
		tries = []string{base + ".ts", base + ".tsx"}
	}
	for _, try := range tries {
		if real, kind := w.tree.Real(try); kind == resolution.File {
			res := resolution.Result{Path: real, Name: try}
			if m, err := w.r.Governing(at); err == nil && m != nil && !relative {
				res.Manifests = []string{m.Path}
			}
			return res, true
		}
	}
	return resolution.Result{}, false
}
