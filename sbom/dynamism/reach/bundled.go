package reach

import (
	"path"
	"slices"

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

// javascript returns a file's text as JavaScript; false where it is no code.
func (w *walk) javascript(file string, text []byte) ([]byte, bool) {
	switch path.Ext(file) {
	case ".ts", ".mts", ".cts", ".tsx", ".jsx":
		return w.stripped(file, text)
	}
	return text, true
}

func (w *walk) stripped(file string, text []byte) ([]byte, bool) { return text, true }
