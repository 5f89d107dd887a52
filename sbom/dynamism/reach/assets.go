package reach

import (
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/resolution"
)

// assets finds the paths that the code spells. It starts where absolute paths come
// from (__dirname, import.meta.url, the working directory), and follows each
// through the expressions that it is part of for as long as they are paths, and
// through the variables that it is given to.
func (s *source) assets() {
	var leaves []js.Ref
	seen := map[js.Ref]bool{}
	push := func(r js.Ref) {
		if !seen[r] {
			seen[r] = true
			leaves = append(leaves, r)
		}
	}
	t := s.tree
	for i := 1; i < len(t.Nodes); i++ {
		r := js.Ref(i)
		switch n := &t.Nodes[i]; n.Kind {
		case js.Identifier:
			if name := t.Text(r); (name == "__dirname" || name == "__filename") && s.scopes.Of(r) == 0 {
				push(r)
			}
		case js.MetaProperty:
			if n.Op == js.OpImportMeta {
				push(n.Parent)
			}
		case js.CallExpression:
			if s.rooted(n.First) {
				push(r)
			}
		}
	}
	for len(leaves) > 0 && len(seen) < maxLeaves {
		r := leaves[0]
		leaves = leaves[1:]
		if s.texts(r).known() {
			s.climb(r, push)
		}
	}
}

// maxLeaves bounds the places of one file from which paths are followed.
const maxLeaves = 20_000

// rooted reports whether a callee gives an absolute path without being given one.
func (s *source) rooted(callee js.Ref) bool {
	for _, name := range s.names(callee) {
		switch name {
		case "process.cwd", "require.resolve", "import.meta.resolve", "node:url.pathToFileURL":
			return true
		}
		if pathFunction(name) == "resolve" || isLoader(name) {
			return true
		}
	}
	return false
}

// climb follows a path outwards, and notes the widest expression that is still one.
func (s *source) climb(r js.Ref, push func(js.Ref)) {
	for {
		parent := s.tree.Nodes[r].Parent
		n := s.tree.Nodes[parent]
		switch n.Kind {
		case js.BinaryExpression, js.TemplateLiteral, js.ConditionalExpression, js.LogicalExpression, js.MemberExpression,
			js.CallExpression, js.NewExpression, js.AwaitExpression, js.ChainExpression, js.SequenceExpression:
			if n.Kind == js.CallExpression && n.First != r && (s.is(n.First, "node:module.createRequire") || s.lists(parent, r)) {
				return // a require made for a folder says nothing of what is in it
			}
			if s.texts(parent).known() {
				r = parent
				continue
			}
		case js.ArrayExpression:
			s.use(r)
			s.follow(parent, push)
			return
		case js.Property:
			s.use(r)
			s.follow(n.Parent, push)
			return
		}
		s.use(r)
		s.follow(r, push)
		return
	}
}

// lists notes the folder of the file itself where a call reads it: by any other
// mention it is not meant as a whole.
func (s *source) lists(call, arg js.Ref) bool {
	if s.tree.Kind(arg) != js.Identifier || s.tree.Text(arg) != "__dirname" || s.tree.Nodes[s.tree.Nodes[call].First].Next != arg {
		return false
	}
	for _, name := range s.names(s.tree.Nodes[call].First) {
		if strings.HasPrefix(name, "node:fs.readdir") || strings.HasPrefix(name, "node:fs/promises.readdir") || strings.HasPrefix(name, "node:fs.promises.readdir") ||
			strings.HasPrefix(name, "npm:fs-extra.readdir") || strings.HasPrefix(name, "npm:graceful-fs.readdir") {
			s.add(edge{reason: Asset, at: arg, spec: slashed(s.dir) + "/" + hole, path: true, whole: true})
			return true
		}
	}
	return false
}

// follow goes on at the uses of the variable that an expression is given to, and at
// the calls of the function that returns it.
func (s *source) follow(r js.Ref, push func(js.Ref)) {
	parent := s.tree.Nodes[r].Parent
	n := s.tree.Nodes[parent]
	switch n.Kind {
	case js.VariableDeclarator:
		if n.First == r {
			return
		}
		s.uses(n.First, push)
	case js.AssignmentExpression:
		if n.First != r && s.tree.Kind(n.First) == js.Identifier {
			s.uses(n.First, push)
		}
	case js.Property:
		s.follow(n.Parent, push)
	case js.ReturnStatement, js.FunctionBody:
		for p := parent; p != 0; p = s.tree.Nodes[p].Parent {
			switch s.tree.Kind(p) {
			case js.FunctionDeclaration, js.FunctionExpression, js.ArrowFunctionExpression:
				calls, _ := s.callsOf(p)
				for _, c := range calls {
					if s.unwrapped(s.tree.Nodes[c].First) == p || s.tree.Kind(s.tree.Nodes[c].First) == js.Identifier {
						push(c)
					}
				}
				return
			}
		}
	}
}

func (s *source) uses(target js.Ref, push func(js.Ref)) {
	var names []js.Ref
	switch s.tree.Kind(target) {
	case js.Binding, js.Identifier:
		names = []js.Ref{target}
	case js.ObjectPattern:
		for c := range s.tree.Children(target) {
			if s.tree.Kind(c) == js.PatternProperty {
				names = append(names, s.tree.Child(c, 1))
			}
		}
	}
	for _, b := range names {
		v := s.scopes.Of(b)
		if v == 0 {
			continue
		}
		for use := range s.scopes.Uses(v) {
			if parent := s.tree.Nodes[s.tree.Nodes[use].Parent]; parent.Kind != js.AssignmentExpression || parent.First != use {
				push(s.used(use))
			}
		}
	}
}

// used is a use of a variable, or the member of it that is a path.
func (s *source) used(r js.Ref) js.Ref {
	for {
		parent := s.tree.Nodes[r].Parent
		if n := s.tree.Nodes[parent]; n.Kind != js.MemberExpression || n.First != r || s.texts(r).known() {
			return r
		}
		r = parent
	}
}

// use notes the files that an expression names.
func (s *source) use(r js.Ref) {
	for _, t := range s.texts(r) {
		if !absolute(t) || t[1:] == hole {
			continue
		}
		p := slashed(name(t))
		if strings.HasSuffix(t, "/") && p != top {
			p += "/"
		}
		s.add(edge{reason: Asset, at: r, spec: p, path: true})
	}
}

// assetFiles returns the files that a path with holes names, as far as the place of
// the file that spells it lets them be meant: no folder around it, no node_modules,
// nothing outside of the packages for a package.
func (w *walk) assetFiles(e edge, file string) []string {
	p := e.spec
	before, _, partly := strings.Cut(p, hole)
	base := p
	if partly {
		base = before[:strings.LastIndexByte(before, '/')]
	}
	real, kind := w.tree.Real(name(base))
	if kind == resolution.Missing || partly && kind == resolution.File {
		return nil
	}
	if i := strings.Index(slashed(file), "/node_modules/"); i >= 0 && !strings.HasPrefix(p, slashed(file)[:i]+"/node_modules/") {
		return nil
	}
	if kind == resolution.File {
		return []string{name(base)}
	}
	if partly && path.Base(base) == "node_modules" {
		return nil // a file of whatever package: that is a search, as resolvers do it
	}
	whole := withoutHoles(p)
	if !e.whole && !strings.Contains(whole, hole) && w.tooWide(whole, file) {
		return nil
	}
	if !partly {
		return w.below(real, "")
	}
	return w.below(name(base), p[len(base):])
}

// withoutHoles takes away what a path ends with and does not name: all that is below a
// folder is meant by one hole behind it, and by two.
func withoutHoles(p string) string {
	for {
		less := strings.TrimSuffix(strings.TrimSuffix(p, hole), "/")
		if less == p {
			return p
		}
		p = less
	}
}

// tooWide reports whether a folder is spelled on the way to something else.
func (w *walk) tooWide(whole, file string) bool {
	dir := slashed(path.Dir(file))
	return whole == "/" || whole == "" || whole == dir || whole == slashed(w.cwd) || path.Base(whole) == "node_modules" || strings.HasPrefix(dir, whole+"/")
}

// sources of what is compiled, and words for people: no program reads them.
var (
	noAsset     = []string{".h", ".cmake", ".c", ".cpp"}
	noAssetName = []string{"CHANGELOG.md", "README.md", "readme.md", "changelog.md"}
)

func isAsset(name string) bool {
	return !slices.Contains(noAsset, path.Ext(name)) && !slices.Contains(noAssetName, path.Base(name))
}
