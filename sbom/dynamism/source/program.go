package source

import (
	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/js/denote"
)

// program is what is known about a text before anything is looked for in it.
type program struct {
	tree     *js.Tree
	scopes   *js.Scopes
	folder   *js.Folder
	denoter  *denote.Denoter
	meanings map[uint32]meaning // by denote.Name.ID
}

// initializer returns what the variable of an Identifier is declared with, 0 where
// that is not known.
func (s *program) initializer(r js.Ref) js.Ref {
	v := s.scopes.Of(r)
	if v == 0 {
		return 0
	}
	b := s.scopes.Variable(v).Declaration
	if b == 0 || s.tree.Kind(s.tree.Nodes[b].Parent) != js.VariableDeclarator {
		return 0
	}
	return s.tree.Nodes[b].Next
}

// string reports whether an expression is a string. Of a parameter that takes all
// its callers in sight to be so.
func (s *program) string(r js.Ref) bool {
	if !s.denoter.String(r) {
		return false
	}
	if s.tree.Kind(r) == js.Identifier && s.scopes.Variable(s.scopes.Of(r)).Kind == js.ParameterVariable {
		_, complete := s.folder.Strings(r)
		return complete
	}
	return true
}

// noString reports whether an argument is something that can't be code.
func (s *program) noString(r js.Ref) bool {
	switch s.tree.Kind(r) {
	case js.ObjectExpression, js.ArrayExpression, js.FunctionExpression, js.ArrowFunctionExpression, js.NumericLiteral, js.BooleanLiteral,
		js.ThisExpression, js.RegExpLiteral, js.ClassExpression:
		return true
	}
	return false
}

// meaning returns what a name says, worked out once a name.
func (s *program) meaning(n denote.Name) meaning {
	m, ok := s.meanings[n.ID]
	if !ok {
		m = meaningOf(n)
		s.meanings[n.ID] = m
	}
	return m
}

// twice reports whether an expression is the constructor of a constructor.
func (s *program) twice(r js.Ref) bool {
	if s.tree.Kind(r) != js.MemberExpression {
		return false
	}
	object := s.tree.Nodes[r].First
	if s.tree.Kind(object) != js.MemberExpression {
		return false
	}
	name, ok := s.folder.Member(object)
	return ok && name == "constructor"
}

// isTarget reports whether a member expression is written to or deleted.
func (s *program) isTarget(r js.Ref) bool {
	t := s.tree
	p := &t.Nodes[t.Nodes[r].Parent]
	switch p.Kind {
	case js.AssignmentExpression, js.AssignmentPattern, js.ForInStatement, js.ForOfStatement:
		return p.First == r
	case js.UpdateExpression, js.ArrayPattern, js.RestElement:
		return true
	case js.UnaryExpression:
		return p.Op == js.OpDelete
	case js.PatternProperty:
		return p.First != r
	}
	return false
}
