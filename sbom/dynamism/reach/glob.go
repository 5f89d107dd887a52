package reach

import (
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/glob"
	"github.com/nbuild/nbuild/internal/resolution"
)

// maxExpanded bounds the files that one text with holes stands for.
const maxExpanded = 20_000

// below returns the names of the files below a folder that match a pattern, sorted:
// text that begins with a slash and in which a hole stands for any part of a name,
// or, behind a slash, for any path. "" matches every file. node_modules folders in
// it are left out.
func (w *walk) below(dir, pattern string) []string {
	if pattern == "" || pattern == "/" {
		pattern = "/" + hole
	}
	var out []string
	w.glob(dir, strings.Split(strings.TrimPrefix(pattern, "/"), "/"), 0, &out)
	return out
}

func (w *walk) glob(dir string, segments []string, depth int, out *[]string) {
	if depth > maxNested || len(*out) >= maxExpanded {
		return
	}
	first, last := segments[0], len(segments) == 1
	if strings.HasPrefix(first, hole) && len(segments) >= 1 {
		// **/*rest: any folders, then a name that ends so.
		w.deep(dir, segments, depth, out)
		return
	}
	for _, n := range w.tree.Names(dir) {
		if !matches(first, n) {
			continue
		}
		full := path.Join(dir, n)
		_, kind := w.tree.Real(full)
		switch {
		case last && kind == resolution.File:
			*out = append(*out, full)
		case !last && kind == resolution.Dir:
			w.glob(full, segments[1:], depth+1, out)
		}
	}
}

func (w *walk) deep(dir string, segments []string, depth int, out *[]string) {
	if depth > maxNested {
		return
	}
	for _, n := range w.tree.Names(dir) {
		if len(*out) >= maxExpanded {
			return
		}
		full := path.Join(dir, n)
		_, kind := w.tree.Real(full)
		if kind == resolution.File && len(segments) == 1 && matches(segments[0], n) {
			*out = append(*out, full)
		}
		if kind != resolution.Dir || n == "node_modules" || w.tree.IsLink(full) {
			continue
		}
		if len(segments) > 1 && matches(segments[0], n) {
			w.glob(full, segments[1:], depth+1, out)
		}
		w.deep(full, segments, depth+1, out)
	}
}

// matches reports whether a name fits a segment with holes. A name that begins with
// a dot fits a hole as well.
func matches(segment, name string) bool {
	return glob.Between(strings.Split(segment, hole), name)
}

// expand returns the specifiers that one with holes stands for, asked from a file.
func (w *walk) expand(spec, from string) []string {
	if strings.HasPrefix(spec, "file:") {
		spec = fromURL(spec)
	}
	if strings.HasPrefix(spec, "/") || strings.HasPrefix(spec, "./") || strings.HasPrefix(spec, "../") {
		dir := path.Dir(from)
		full := spec
		if !strings.HasPrefix(spec, "/") {
			full = slashed(dir) + "/" + spec
		}
		full = path.Clean(full)
		before, _, ok := strings.Cut(full, hole)
		if !ok {
			return []string{full}
		}
		base := before[:strings.LastIndexByte(before, '/')]
		var out []string
		for _, f := range w.modules(name(base+"/."), full[len(base):]) {
			out = append(out, slashed(f))
		}
		return out
	}
	return w.expandPackage(spec, from)
}

// modules returns what of the files below a folder require or import could name: a
// hole at the end may leave the extension to them.
func (w *walk) modules(dir, pattern string) []string {
	if path.Ext(pattern) != "" && !strings.HasSuffix(pattern, hole) && loadable(pattern) {
		return w.below(dir, pattern)
	}
	var out []string
	if strings.HasSuffix(pattern, hole) {
		for _, f := range w.below(dir, pattern) {
			if loadable(f) {
				out = append(out, f)
			}
		}
		if strings.HasSuffix(pattern, "/"+hole) {
			return out
		}
	}
	for _, end := range []string{".js", ".json", ".node", "/index.js", "/package.json"} {
		for _, f := range w.below(dir, pattern+end) {
			if end == "/package.json" {
				f = path.Dir(f)
			}
			out = append(out, f)
		}
	}
	return out
}

func loadable(name string) bool {
	switch path.Ext(name) {
	case ".js", ".cjs", ".mjs", ".json", ".node", ".wasm", ".ts", ".mts", ".cts":
		return !strings.HasSuffix(name, ".d.ts") && !strings.HasSuffix(name, ".d.mts") && !strings.HasSuffix(name, ".d.cts")
	}
	return false
}

// expandPackage does so where the specifier is a package's: holes in its name stand
// for the installed packages.
func (w *walk) expandPackage(spec, from string) []string {
	cut := strings.IndexByte(spec, '/')
	if strings.HasPrefix(spec, "@") && cut >= 0 {
		if next := strings.IndexByte(spec[cut+1:], '/'); next >= 0 {
			cut += 1 + next
		} else {
			cut = len(spec)
		}
	}
	if cut < 0 {
		cut = len(spec)
	}
	pkg, rest := spec[:cut], spec[cut:]
	seen := map[string]bool{}
	var out []string
	for dir := path.Dir(from); ; dir = path.Dir(dir) {
		if path.Base(dir) != "node_modules" {
			modules := path.Join(dir, "node_modules")
			for _, found := range w.packagesNamed(modules, pkg) {
				if seen[found] {
					continue
				}
				seen[found] = true
				if !strings.Contains(rest, hole) {
					out = append(out, found+rest)
					continue
				}
				before, _, _ := strings.Cut(rest, hole)
				base := path.Join(modules, found, before[:strings.LastIndexByte(before, '/')])
				for _, f := range w.modules(base, rest[strings.LastIndexByte(before, '/'):]) {
					out = append(out, found+"/"+strings.TrimPrefix(f, path.Join(modules, found)+"/"))
				}
			}
		}
		if dir == "." {
			return out
		}
	}
}

func (w *walk) packagesNamed(modules, pattern string) []string {
	var out []string
	scope, rest, scoped := strings.Cut(pattern, "/")
	for _, n := range w.tree.Names(modules) {
		switch {
		case !scoped && !strings.HasPrefix(n, ".") && !strings.HasPrefix(n, "@") && matches(pattern, n):
			out = append(out, n)
		case scoped && strings.HasPrefix(n, "@") && matches(scope, n):
			for _, m := range w.tree.Names(path.Join(modules, n)) {
				if matches(rest, m) {
					out = append(out, n+"/"+m)
				}
			}
		}
	}
	return out
}
