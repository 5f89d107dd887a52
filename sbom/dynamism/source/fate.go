package source

import (
	"strings"

	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/js/denote"
)

// fate is what becomes of a value at the place where it stands.
type fate uint8

const (
	nowhere   fate = iota // compared, tested, or part of something that is looked at itself
	handedOn              // given to a variable or a member of the file's own
	escapes               // given to something unknown
	inherited             // extended by a class
)

// fates says what becomes of values.
type fates struct{ *program }

// fate follows a value up through what hands it on unchanged, and finds what takes it.
func (s *fates) fate(r js.Ref, n denote.Name, m meaning) fate {
	t := s.tree
	for {
		p := t.Nodes[r].Parent
		parent := &t.Nodes[p]
		second := t.Nodes[parent.First].Next
		switch parent.Kind {
		case js.MemberExpression:
			if parent.First != r {
				return nowhere // a computed name
			}
			if m.exact {
				return escapes
			}
			if len(s.denoter.Of(p)) > 0 {
				return nowhere // that is looked at itself
			}
			if m.kind == "" || !m.module && !s.unknownMember(p) {
				return nowhere
			}
			return escapes // a member whose name is not known
		case js.CallExpression, js.NewExpression, js.TaggedTemplateExpression:
			if parent.First == r {
				return nowhere // call looks at it
			}
			return s.given(p, r, n)
		case js.ChainExpression, js.AwaitExpression, js.SpreadElement:
		case js.SequenceExpression:
			if t.Nodes[r].Next != 0 {
				return nowhere
			}
		case js.ConditionalExpression:
			if parent.First == r {
				return nowhere
			}
		case js.LogicalExpression:
			if parent.First == r && parent.Op == js.OpAnd {
				return nowhere
			}
		case js.VariableDeclarator, js.AssignmentPattern:
			if m.exact && t.Kind(parent.First) != js.Binding && t.Kind(parent.First) != js.Identifier {
				return escapes // a member is taken here
			}
			if !m.module && t.Kind(t.Nodes[parent.Parent].Parent) == js.ExportNamedDeclaration {
				return escapes
			}
			return handedOn
		case js.AssignmentExpression:
			if parent.First == r {
				if m.exact || m.kind == ModuleInternals {
					return escapes
				}
				return nowhere // patch looks at it
			}
			if second != r {
				return nowhere
			}
			if m.exact && t.Kind(parent.First) == js.ObjectPattern || !m.module && s.exported(parent.First) {
				return escapes
			}
			return handedOn
		case js.ForOfStatement:
			return handedOn
		case js.Property:
			if parent.First == r && parent.Flags&js.FlagShorthand == 0 {
				return nowhere
			}
			return s.literal(t.Nodes[p].Parent, m)
		case js.ArrayExpression:
			return s.literal(p, m)
		case js.ObjectExpression: // a spread
			if m.exact {
				return escapes
			}
			return s.literal(p, m)
		case js.ClassDeclaration, js.ClassExpression:
			return inherited
		case js.PropertyDefinition:
			if parent.First == r {
				return nowhere
			}
			return handedOn
		case js.ReturnStatement:
			return s.result(m)
		case js.FunctionBody: // of an arrow
			return s.result(m)
		case js.ExpressionStatement:
			if m.module {
				return handedOn // require('fs'); by itself
			}
			if m.exact {
				return escapes
			}
			return nowhere
		case js.UnaryExpression:
			if m.exact && parent.Op != js.OpTypeof {
				return escapes
			}
			return nowhere
		case js.BinaryExpression:
			if m.exact && parent.Op == js.OpIn && second == r {
				return escapes
			}
			return nowhere
		case js.ForInStatement:
			if m.exact {
				return escapes
			}
			return nowhere
		case js.IfStatement, js.WhileStatement, js.DoWhileStatement, js.ForStatement, js.SwitchStatement, js.SwitchCase,
			js.UpdateExpression, js.PatternProperty, js.ArrayPattern, js.RestElement, js.Decorator, js.MethodDefinition:
			if m.exact && parent.Kind != js.PatternProperty {
				return escapes
			}
			return nowhere
		default: // exports, throw, yield, templates, export default
			return escapes
		}
		r = p
	}
}

// unknownMember reports whether a member expression's name is not constant.
func (s *fates) unknownMember(r js.Ref) bool {
	if s.tree.Nodes[r].Flags&js.FlagComputed == 0 {
		return false
	}
	_, ok := s.folder.Member(r)
	return !ok
}

// given finds what becomes of an argument of a call.
func (s *fates) given(call, arg js.Ref, n denote.Name) fate {
	t := s.tree
	for _, got := range s.denoter.Of(call) {
		if got.ID == n.ID || got.Root == n.Root {
			return nowhere // the call gives it back, and is looked at itself
		}
	}
	c, _ := s.denoter.Call(call)
	for _, callee := range c.Callees {
		if callee.ID == n.ID || callee.Root == n.Root && s.meaning(n).module {
			return nowhere // Reflect.apply(n, …), fs.readFile.call(fs, …)
		}
		switch callee.Path {
		case "Object.getPrototypeOf", "Reflect.getPrototypeOf", "Object.keys", "Object.getOwnPropertyNames", "Object.prototype.hasOwnProperty",
			"Reflect.has", "Object.hasOwn", "Boolean":
			if !s.meaning(n).exact {
				return nowhere
			}
		case "Reflect.get", "Object.getOwnPropertyDescriptor":
			return nowhere
		case "Function.prototype.call.bind", "Function.prototype.apply.bind":
			return handedOn
		}
	}
	if f := s.denoter.Function(t.Nodes[call].First); f != 0 {
		i := 0
		for a := t.Nodes[t.Nodes[call].First].Next; a != 0 && a != arg; a = t.Nodes[a].Next {
			i++
		}
		p := t.Child(t.Child(f, 1), i)
		if t.Kind(p) == js.AssignmentPattern {
			p = t.Nodes[p].First
		}
		if t.Kind(p) == js.Binding {
			for _, got := range s.denoter.Of(p) {
				if got.ID == n.ID {
					return handedOn // its uses inside are looked at
				}
			}
		}
	}
	return escapes
}

// literal finds what becomes of a value in an array or object literal.
func (s *fates) literal(r js.Ref, m meaning) fate {
	t := s.tree
	p := t.Nodes[r].Parent
	for t.Kind(p) == js.Property || t.Kind(p) == js.ObjectExpression || t.Kind(p) == js.ArrayExpression {
		r, p = p, t.Nodes[p].Parent
	}
	parent := &t.Nodes[p]
	switch parent.Kind {
	case js.MemberExpression, js.ForOfStatement:
		return handedOn
	case js.VariableDeclarator, js.AssignmentExpression:
		if m.module {
			return handedOn
		}
		if parent.Kind == js.VariableDeclarator && t.Kind(parent.Parent) == js.VariableDeclaration &&
			t.Kind(t.Nodes[parent.Parent].Parent) != js.ExportNamedDeclaration {
			return handedOn
		}
	}
	if m.module {
		return handedOn
	}
	return escapes
}

// result finds what becomes of a value that a function returns: its callers in the file
// are looked at, those elsewhere are not known.
func (s *fates) result(m meaning) fate {
	if m.module {
		return handedOn
	}
	return escapes
}

// exported reports whether a target of an assignment is in sight of other files: the
// module's exports or a member of them, a member of the global object, or a name that
// nothing declares.
func (s *fates) exported(r js.Ref) bool {
	for _, n := range s.denoter.Of(r) {
		if strings.HasPrefix(n.Path, "module.exports") {
			return true
		}
	}
	switch s.tree.Kind(r) {
	case js.Identifier:
		switch s.tree.Text(r) {
		case "require", "module", "exports":
			return false // of the wrapper
		}
		return s.scopes.Of(r) == 0
	case js.MemberExpression:
		return s.denoter.Is(s.tree.Nodes[r].First, "globalThis")
	}
	return false
}
