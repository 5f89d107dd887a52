package reach

import (
	"cmp"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/resolution"
)

// walk goes from file to file.
type walk struct {
	fsys        fs.FS
	r           *resolution.Resolver
	tree        *resolution.Tree
	cwd         string
	platform    string
	options     Options
	files       map[string]*reached
	links       map[string]bool
	meanings    map[asked]string
	globbed     map[question][]string
	queue       []string
	warnings    []Warning
	carriers    map[string][]carrier // by name
	fresh       []carrier            // whose calls were not looked for yet
	openedFiles map[string]*source   // of the project, opened for what they give out
}

// asked is a request from a folder.
type asked struct{ dir, request string }

// reached is a File while it is found.
type reached struct {
	File
	from   map[string]bool
	code   bool // it is loaded, rather than read
	opened bool
	depth  int // loads that may follow from it; negative for no limit
	looks  int // how often it was looked at again
	mode   resolution.Mode
}

// resolve asks Node's resolution, and what stands in for it with Options.Bundled.
func (w *walk) resolve(spec, from string, mode resolution.Mode) (resolution.Result, error) {
	if strings.HasPrefix(spec, top) || strings.HasPrefix(spec, "file://"+top) {
		spec = "/" + name(spec)
	}
	res, err := w.r.Resolve(spec, from, mode)
	if err != nil && w.options.Bundled {
		if other, ok := w.bundledResolve(spec, from, mode); ok {
			return other, nil
		}
	}
	return res, err
}

// reach notes that a file was reached, and queues it where it is code.
func (w *walk) reach(name, from string, reason Reason, code bool, mode resolution.Mode, depth int) {
	real, kind := w.tree.Real(name)
	if kind != resolution.File {
		return
	}
	for _, l := range w.tree.Links(name) {
		w.links[l] = true
	}
	f := w.files[real]
	if f == nil {
		f = &reached{File: File{Path: real, Reason: reason}, from: map[string]bool{}, mode: mode, depth: depth}
		w.files[real] = f
	}
	if from != "" && from != real {
		f.from[from] = true
	}
	if strength[reason] > strength[f.Reason] {
		f.Reason = reason
	}
	deeper := depth < 0 && f.depth >= 0 || depth > f.depth && f.depth >= 0
	if deeper {
		f.depth = depth
	}
	if code && (!f.code || deeper && f.opened) {
		f.code = true
		w.queue = append(w.queue, real)
	}
}

// visit opens a file of code and follows what it leads to.
func (w *walk) visit(file string) {
	f := w.files[file]
	f.opened = true
	ext := resolution.Extension(file)
	if ext == ".json" {
		f.Format = resolution.JSON
		return
	}
	if m, err := w.r.Governing(file); err == nil && m != nil && (ext == ".js" || ext == ".ts" || ext == "" || f.mode == resolution.Start) {
		w.reach(m.Path, file, Governs, false, resolution.Require, 0)
	}
	if ext == ".node" {
		f.Format = resolution.Addon
		if dir, _ := packageOf(file); dir != "" {
			for _, so := range w.below(dir, "/"+hole+".so"+hole) {
				w.reach(so, file, Known, false, resolution.Require, 0)
			}
		}
		return
	}
	if ext == ".wasm" {
		f.Format = resolution.Wasm
		return
	}
	s := w.parse(f)
	if s == nil || f.depth == 0 {
		return
	}
	s.read()
	for _, known := range w.known(file) {
		w.reach(known, file, Known, isCode(known), resolution.Require, f.depth-1)
	}
	for _, e := range s.edges {
		w.edge(f, s, e)
	}
	w.warnings = append(w.warnings, s.warned...)
}

// parse reads a file of code and settles its format; nil where there is nothing to
// follow.
func (w *walk) parse(f *reached) *source {
	text, err := w.text(f.Path)
	if err != nil {
		w.warnings = append(w.warnings, Warning{File: f.Path, Message: "it can't be read, or is too large to: what it loads is not known"})
		return nil
	}
	if !isText(f.Path, text) {
		f.code = false
		if f.Format, err = w.binary(f.Path, f.mode, text); err != nil {
			w.warnings = append(w.warnings, Warning{File: f.Path, Message: err.Error()})
		}
		return nil
	}
	text, place, err := javascript(f.Path, text)
	if err != nil {
		w.warnings = append(w.warnings, Warning{File: f.Path, Message: "what it loads is not known: " + err.Error()})
		return nil
	}
	tree := js.Parse(text, goal(f.Path))
	format, err := w.r.Format(f.Path, f.mode, syntaxOf(tree))
	switch {
	case err != nil:
		w.warnings = append(w.warnings, Warning{File: f.Path, Message: err.Error()})
	case format == resolution.Other && !w.options.Bundled:
		w.warnings = append(w.warnings, Warning{File: f.Path, Message: "Node refuses it as a module: its extension is none of JavaScript's"})
	}
	f.Format = format
	if format == resolution.Module && tree.Goal != js.Module {
		tree = js.Parse(text, js.Module)
	}
	for _, e := range tree.Errors {
		if !e.Early {
			line, column := place(tree, e.Start)
			w.warnings = append(w.warnings, Warning{File: f.Path, Line: line, Column: column, Message: "not read from here: " + e.Message})
			break
		}
	}
	s := open(w, f.Path, tree)
	s.position = place
	return s
}

// isText distinguishes code from machine code and images, where the name does not say
// that it is code.
func isText(file string, text []byte) bool {
	return loadable(file) || !slices.Contains(text[:min(len(text), 512)], 0)
}

// isCode reports whether a path that is spelled is one that is likely loaded.
func isCode(file string) bool {
	switch path.Ext(file) {
	case ".js", ".mjs", ".cjs", ".node", "":
		return true
	case ".ts", ".tsx":
		return !strings.Contains("/"+file, "/node_modules/")
	}
	return false
}

func (w *walk) edge(f *reached, s *source, e edge) {
	from := cmp.Or(e.from, f.Path)
	depth := f.depth - 1
	switch {
	case e.reason == Asset:
		for _, asset := range w.assetFiles(e, f.Path) {
			if asset == name(e.spec) || isAsset(asset) {
				w.reach(asset, f.Path, Asset, isCode(asset), resolution.Require, depth)
			}
		}
	case e.reason == Wildcard || e.path:
		found := w.expand(e.spec, from)
		for _, spec := range found {
			if res, err := w.resolve(spec, from, e.mode); err == nil {
				w.means(spec, from, e.mode, res)
				w.arrive(f, res, e, depth)
			}
		}
		if len(found) >= maxExpanded {
			s.warned = append(s.warned, s.place(e.at, "more files than are followed fit what is known of the name"))
		}
	default:
		res, err := w.resolve(e.spec, from, e.mode)
		if err != nil {
			if !e.quiet && !w.options.Bundled {
				s.warned = append(s.warned, s.place(e.at, "it leads nowhere: "+err.Error()))
			}
			return
		}
		w.means(e.spec, from, e.mode, res)
		w.arrive(f, res, e, depth)
		if w.options.Bundled {
			w.beside(f, e, from, res, depth)
		}
	}
}

// means notes what require answers to a request that does not spell a place of its own.
func (w *walk) means(request, from string, mode resolution.Mode, res resolution.Result) {
	if mode != resolution.Require || res.Path == "" || request == "" || strings.ContainsAny(request[:1], "/#") || strings.Contains(request, ":") {
		return
	}
	w.meanings[asked{path.Dir(from), request}] = res.Path
}

// arrive notes what was resolved, and the package.json files that decided.
func (w *walk) arrive(f *reached, res resolution.Result, e edge, depth int) {
	for _, m := range res.Manifests {
		w.reach(m, f.Path, Governs, false, resolution.Require, 0)
	}
	if res.Path != "" {
		w.reach(cmp.Or(res.Name, res.Path), f.Path, e.reason, true, e.mode, depth)
	}
}

// place is a Warning at a node.
func (s *source) place(at js.Ref, message string) Warning {
	line, column := s.position(s.tree, s.tree.Nodes[at].Start)
	return Warning{File: s.file, Line: line, Column: column, Message: message}
}

// governed notes the package.json that governs a file where nothing has asked for it yet,
// as for one whose name says alone what it is: what names it as its package has it beside.
func (w *walk) governed() {
	for _, p := range slices.Sorted(maps.Keys(w.files)) {
		if m, err := w.r.Governing(p); err == nil && m != nil && w.files[m.Path] == nil && w.files[p].Format != resolution.Other {
			w.reach(m.Path, p, Governs, false, resolution.Require, 0)
		}
	}
}

// result orders what was found.
func (w *walk) result() *Result {
	out := &Result{}
	w.governed()
	for _, p := range slices.Sorted(maps.Keys(w.files)) {
		f := w.files[p]
		f.From = slices.Sorted(maps.Keys(f.from))
		if f.Format == resolution.Other && path.Ext(p) == ".json" {
			f.Format = resolution.JSON
		}
		if m, err := w.r.Governing(p); err == nil && m != nil {
			f.Package = m.Path
		}
		out.Files = append(out.Files, f.File)
	}
	out.Links = slices.Sorted(maps.Keys(w.links))
	slices.SortFunc(w.warnings, func(a, b Warning) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column, strings.Compare(a.Message, b.Message))
	})
	out.Warnings = slices.Compact(w.warnings)
	for a, file := range w.meanings { // sorted below
		out.Meanings = append(out.Meanings, Meaning{a.dir, a.request, file})
	}
	slices.SortFunc(out.Meanings, func(a, b Meaning) int {
		return cmp.Or(strings.Compare(a.Dir, b.Dir), strings.Compare(a.Request, b.Request))
	})
	return out
}
