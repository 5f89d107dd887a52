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
	asked := question{dir, pattern}
	if found, ok := w.globbed[asked]; ok {
		return found
	}
	g := search{tree: w.tree, been: map[stop]bool{}}
	g.glob(dir, strings.Split(strings.TrimPrefix(pattern, "/"), "/"), 0)
	if w.globbed == nil {
		w.globbed = map[question][]string{}
	}
	w.globbed[asked] = g.found
	return g.found
}

// question is what programs ask often: one file may spell a path in many
// places.
type question struct{ dir, pattern string }

// search is one walk for the files that fit a pattern. Several holes lead to a folder
// in several ways, and what is below it is looked at once.
type search struct {
	tree  *resolution.Tree
	been  map[stop]bool
	found []string
}

// stop is a folder, with the number of segments that are left to fit.
type stop struct {
	dir  string
	left int
}

func (g *search) glob(dir string, segments []string, depth int) {
	if depth > maxNested || len(g.found) >= maxExpanded {
		return
	}
	first, last := segments[0], len(segments) == 1
	if strings.HasPrefix(first, hole) {
		// **/*rest: any folders, then a name that ends so.
		g.deep(dir, segments, depth)
		return
	}
	for _, n := range g.tree.Names(dir) {
		if !matches(first, n) {
			continue
		}
		full := path.Join(dir, n)
		_, kind := g.tree.Real(full)
		switch {
		case last && kind == resolution.File:
			g.found = append(g.found, full)
		case !last && kind == resolution.Dir:
			g.glob(full, segments[1:], depth+1)
		}
	}
}

func (g *search) deep(dir string, segments []string, depth int) {
	here := stop{dir, len(segments)}
	if depth > maxNested || g.been[here] {
		return
	}
	g.been[here] = true
	for _, n := range g.tree.Names(dir) {
		if len(g.found) >= maxExpanded {
			return
		}
		full := path.Join(dir, n)
		_, kind := g.tree.Real(full)
		if kind == resolution.File && len(segments) == 1 && matches(segments[0], n) {
			g.found = append(g.found, full)
		}
		if kind != resolution.Dir || n == "node_modules" || g.tree.IsLink(full) {
			continue
		}
		if len(segments) > 1 && matches(segments[0], n) {
			g.glob(full, segments[1:], depth+1)
		}
		g.deep(full, segments, depth+1)
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
