package source

import (
	"strings"

	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/js/denote"
)

// loads finds what is loaded by names that can't be seen, or late, or by the loader's own means.
type loads struct{ *findings }

// constructorCall finds x.constructor('…')(): what is called at once was made of a
// string, whatever x is.
func (s *loads) constructorCall(r js.Ref) {
	t := s.tree
	inner := t.Nodes[r].First
	if t.Kind(inner) != js.CallExpression && t.Kind(inner) != js.NewExpression {
		return
	}
	callee := t.Nodes[inner].First
	if t.Kind(callee) != js.MemberExpression || t.Nodes[callee].Next == 0 {
		return
	}
	if name, ok := s.folder.Member(callee); ok && name == "constructor" && s.denoter.String(s.denoter.LastArgument(inner)) {
		s.add(hit{kind: CtorTrick, start: t.Nodes[inner].Start, symbol: "Function", root: "Function"})
	}
}

// require looks at a call of require, or of what loads as it does.
func (s *loads) require(r js.Ref, n denote.Name, args []js.Ref) {
	t := s.tree
	if n.Via&denote.ViaCreated != 0 {
		s.use(CreateRequire, "node:module")
	}
	if len(args) == 0 {
		if t.Nodes[t.Nodes[r].First].Next == 0 {
			return
		}
		s.addAt(r, NonliteralRequire, n)
		return
	}
	values, complete := s.folder.Strings(args[0])
	if args[0] == 0 || !complete || len(values) == 0 {
		s.addAt(r, NonliteralRequire, n)
		if args[0] != 0 {
			if parts, ok := s.tail(args[0]); ok && strings.HasSuffix(parts, ".node") {
				s.addAt(r, NativeAddon, n)
			}
		}
		return
	}
	for _, v := range values {
		switch {
		case strings.HasSuffix(v, ".node"):
			s.addAt(r, NativeAddon, n)
		case strings.HasSuffix(v, ".wasm"):
			s.addAt(r, Wasm, n)
		}
	}
	if n.Path == "require" && s.lazy(r) {
		s.addAt(r, LazyRequire, n)
	}
}

// tail returns the constant text that a built string ends with.
func (s *loads) tail(r js.Ref) (string, bool) {
	t := s.tree
	for depth := 0; depth < 64; depth++ {
		if values, complete := s.folder.Strings(r); complete && len(values) > 0 {
			return values[0], true
		}
		n := &t.Nodes[r]
		switch n.Kind {
		case js.BinaryExpression:
			if n.Op != js.OpAdd {
				return "", false
			}
			r = t.Nodes[n.First].Next
		case js.TemplateLiteral:
			last := n.First
			for c := last; c != 0; c = t.Nodes[c].Next {
				last = c
			}
			return t.Text(last), true
		case js.CallExpression: // path.join(…, 'x.node')
			r = s.denoter.LastArgument(r)
		case js.Identifier:
			r = s.initializer(r)
		default:
			return "", false
		}
		if r == 0 {
			return "", false
		}
	}
	return "", false
}

// foreign reports whether a specifier names code that is in no file: a data: URL, or
// another machine's.
func foreign(values []string) bool {
	for _, v := range values {
		scheme, _, ok := strings.Cut(v, ":")
		switch strings.ToLower(scheme) {
		case "data", "http", "https", "blob":
			return ok
		}
	}
	return false
}

// dynamicImport looks at import(…).
func (s *loads) dynamicImport(r js.Ref) {
	values, complete := s.folder.Strings(s.tree.Nodes[r].First)
	if !complete || len(values) == 0 || foreign(values) {
		s.add(hit{kind: NonliteralImport, start: s.tree.Nodes[r].Start, symbol: "import", root: "import"})
		return
	}
	for _, v := range values {
		switch {
		case strings.HasSuffix(v, ".wasm"):
			s.add(hit{kind: Wasm, start: s.tree.Nodes[r].Start, symbol: "import", root: "import"})
		case strings.HasSuffix(v, ".node"):
			s.add(hit{kind: NativeAddon, start: s.tree.Nodes[r].Start, symbol: "import", root: "import"})
		}
	}
}

// declaration looks at import and export declarations that name a module. What an
// import brings in is reported here only where nothing uses it; what an export hands
// out is used elsewhere.
func (s *loads) declaration(r js.Ref) {
	t := s.tree
	n := &t.Nodes[r]
	source := n.First
	if n.Kind == js.ExportNamedDeclaration {
		source = t.Nodes[n.First].Next
	}
	if t.Kind(source) != js.String {
		return
	}
	text := t.Text(source)
	switch {
	case foreign([]string{text}):
		s.add(hit{kind: NonliteralImport, start: n.Start, symbol: "import", root: "import"})
	case strings.HasSuffix(text, ".wasm"):
		s.add(hit{kind: Wasm, start: n.Start, symbol: "import", root: "import"})
	case strings.HasSuffix(text, ".node"):
		s.add(hit{kind: NativeAddon, start: n.Start, symbol: "import", root: "import"})
	}
	module, ok := denote.Module(text)
	if !ok {
		return
	}
	note := func(name denote.Name) {
		m := meaningOf(name)
		if m.kind == "" {
			return
		}
		h := hit{kind: m.kind, start: n.Start, symbol: name.Path, through: m.through, root: name.Root}
		if n.Kind == js.ImportDeclaration {
			s.pending = append(s.pending, h)
			return
		}
		s.add(h)
	}
	named := false
	for c := t.Nodes[source].Next; c != 0; c = t.Nodes[c].Next {
		switch t.Kind(c) {
		case js.ImportSpecifier, js.ExportSpecifier:
			named = true
			if name := t.Text(t.Nodes[c].First); name != "default" {
				note(denote.Member(module, name))
				continue
			}
			note(denote.Name{Path: module, Root: module})
		}
	}
	if !named {
		note(denote.Name{Path: module, Root: module})
	}
}

// lazy reports whether a call stands where loading the file does not come by, or not
// always: in a function that is not called at once, or behind a condition.
func (s *loads) lazy(r js.Ref) bool {
	t := s.tree
	child := r
	for p := t.Nodes[r].Parent; p != 0; child, p = p, t.Nodes[p].Parent {
		n := &t.Nodes[p]
		switch n.Kind {
		case js.FunctionDeclaration, js.FunctionExpression, js.ArrowFunctionExpression:
			if !s.calledAtOnce(p) {
				return true
			}
		case js.IfStatement, js.ConditionalExpression:
			if n.First != child {
				return true
			}
		case js.LogicalExpression:
			if n.First != child {
				return true
			}
		case js.SwitchCase, js.CatchClause:
			return true
		case js.PropertyDefinition:
			if n.Flags&js.FlagStatic == 0 && n.First != child {
				return true
			}
		case js.AssignmentExpression:
			if n.First != child && (n.Op == js.OpAnd || n.Op == js.OpOr || n.Op == js.OpNullish) {
				return true
			}
		case js.AssignmentPattern:
			if n.First != child {
				return true
			}
		}
	}
	return false
}

// calledAtOnce reports whether a function is called where it stands, or is what an
// AMD loader calls when it loads the file.
func (s *loads) calledAtOnce(f js.Ref) bool {
	t := s.tree
	if t.Nodes[f].Flags&js.FlagGenerator != 0 {
		return false
	}
	p := t.Nodes[f].Parent
	n := &t.Nodes[p]
	switch n.Kind {
	case js.CallExpression, js.NewExpression:
		if n.First == f {
			return true
		}
		callee := n.First
		return t.Kind(callee) == js.Identifier && t.Text(callee) == "define" && s.scopes.Of(callee) == 0
	case js.MemberExpression:
		call := &t.Nodes[n.Parent]
		if n.First != f || call.Kind != js.CallExpression || call.First != p {
			return false
		}
		name, _ := s.folder.Member(p)
		return name == "call" || name == "apply"
	}
	return false
}
