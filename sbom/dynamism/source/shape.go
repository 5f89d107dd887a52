package source

import "github.com/nbuild/nbuild/internal/js"

// maxMade bounds the expressions that a variable's value is followed to, and
// maxShape the variables and branches that are followed one behind the other.
const (
	maxMade  = 16
	maxShape = 6
)

// shapes says how arguments are made.
type shapes struct{ *program }

// shape says how an argument is made.
func (s *shapes) shape(r js.Ref) Shape { return s.shapeOf(r, 0) }

func (s *shapes) shapeOf(r js.Ref, depth int) Shape {
	if r == 0 || depth > maxShape {
		return ShapeOther
	}
	if values, complete := s.folder.Strings(r); complete && len(values) > 0 {
		return ShapeConstant
	}
	t := s.tree
	n := &t.Nodes[r]
	switch n.Kind {
	case js.FunctionExpression, js.ArrowFunctionExpression:
		return ShapeFunction
	case js.ObjectExpression:
		return ShapeObject
	case js.ArrayExpression:
		return ShapeArray
	case js.BooleanLiteral, js.NullLiteral, js.NumericLiteral, js.RegExpLiteral:
		return ShapeConstant
	case js.TemplateLiteral, js.BinaryExpression:
		if s.denoter.String(r) {
			return ShapeBuilt
		}
	case js.Identifier:
		// A variable that was built once is as built as its initialiser.
		v := s.scopes.Of(r)
		if v == 0 {
			return ShapeOther
		}
		info := s.scopes.Variable(v)
		p := &t.Nodes[t.Nodes[info.Declaration].Parent]
		if p.Kind == js.VariableDeclarator && p.First == info.Declaration {
			if t.Kind(t.Nodes[info.Declaration].Next) == js.ObjectExpression {
				return ShapeObject
			}
		}
		if s.builtVariable(r, depth) {
			return ShapeBuilt
		}
		if s.denoter.Function(r) != 0 {
			return ShapeFunction
		}
	case js.ConditionalExpression, js.LogicalExpression:
		for _, b := range s.branches(r) {
			if s.shapeOf(b, depth+1) == ShapeBuilt {
				return ShapeBuilt
			}
		}
	case js.CallExpression:
		// 'a'.concat(x), ['a', x].join(' ')
		if callee := n.First; t.Kind(callee) == js.MemberExpression {
			name, _ := s.folder.Member(callee)
			object := t.Nodes[callee].First
			if name == "concat" && s.denoter.String(object) || name == "join" && t.Kind(object) == js.ArrayExpression {
				return ShapeBuilt
			}
		}
		for _, name := range s.denoter.Of(n.First) {
			if name.Path == "node:util.format" {
				return ShapeBuilt
			}
		}
	}
	return ShapeOther
}

// made returns the expressions that give a variable its value, in source order: its
// initialiser and the right sides of assignments. appended says that some of them
// are added to what it had, as in sql += ' WHERE …'.
func (s *shapes) made(r js.Ref) (from []js.Ref, appended bool) {
	v := s.scopes.Of(r)
	if v == 0 {
		return nil, false
	}
	t := s.tree
	info := s.scopes.Variable(v)
	if p := &t.Nodes[t.Nodes[info.Declaration].Parent]; p.Kind == js.VariableDeclarator && p.First == info.Declaration {
		if init := t.Nodes[info.Declaration].Next; init != 0 {
			from = append(from, init)
		}
	}
	if info.Writes < 2 && len(from) > 0 {
		return from, false
	}
	for use := range s.scopes.Uses(v) {
		p := &t.Nodes[t.Nodes[use].Parent]
		if p.Kind != js.AssignmentExpression || p.First != use {
			continue
		}
		from = append(from, t.Nodes[use].Next)
		appended = appended || p.Op == js.OpAdd
		if len(from) >= maxMade {
			break
		}
	}
	return from, appended
}

// builtVariable reports whether a variable may hold a string that is built: one of
// its values is, or something that is not a constant was added to a string.
func (s *shapes) builtVariable(r js.Ref, depth int) bool {
	from, appended := s.made(r)
	text, open := false, false
	for _, e := range from {
		if s.shapeOf(e, depth+1) == ShapeBuilt {
			return true
		}
		if values, complete := s.folder.Strings(e); !complete || len(values) == 0 {
			open = true
		}
		text = text || s.denoter.String(e)
	}
	return appended && text && open
}

// branches returns what a conditional or a logical expression may give.
func (s *shapes) branches(r js.Ref) [2]js.Ref {
	n := &s.tree.Nodes[r]
	second := s.tree.Nodes[n.First].Next
	if n.Kind == js.ConditionalExpression {
		return [2]js.Ref{second, s.tree.Nodes[second].Next}
	}
	return [2]js.Ref{n.First, second}
}
