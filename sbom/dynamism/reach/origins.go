package reach

import (
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/js"
)

// origin is a parameter that an expression may be, or a property of it.
type origin struct {
	function js.Ref
	argument int
	path     []string
}

// maxSteps bounds how far a value is followed, and how deep in an object a name may stand.
const maxSteps = 10

// origins returns the parameters that an expression, or what the steps lead to in it,
// may be without being changed.
func (s *source) origins(r js.Ref, steps []string, depth int) []origin {
	if s.work++; r == 0 || depth > maxSteps || len(steps) > maxSteps || s.work > maxWork {
		return nil
	}
	r = s.unwrapped(r)
	n := s.tree.Nodes[r]
	switch n.Kind {
	case js.ConditionalExpression:
		return append(s.origins(s.tree.Child(r, 1), steps, depth+1), s.origins(s.tree.Child(r, 2), steps, depth+1)...)
	case js.LogicalExpression:
		return append(s.origins(n.First, steps, depth+1), s.origins(s.tree.Nodes[n.First].Next, steps, depth+1)...)
	case js.MemberExpression:
		object, name := s.member(r)
		if name == "" {
			return nil
		}
		if s.tree.Kind(object) == js.ThisExpression {
			var out []origin
			for _, value := range s.own(r, name) {
				out = append(out, s.origins(value, steps, depth+1)...)
			}
			return out
		}
		return s.origins(object, slices.Concat([]string{name}, steps), depth+1)
	case js.CallExpression:
		return s.originsOfCall(r, steps, depth)
	case js.ObjectExpression:
		return s.originsIn(r, steps, depth)
	case js.Identifier:
		return s.originsOf(s.scopes.Of(r), steps, depth)
	}
	return nil
}

// originsIn are those of a property of a literal, or of what is spread in it.
func (s *source) originsIn(literal js.Ref, steps []string, depth int) []origin {
	if len(steps) == 0 {
		return nil
	}
	var out []origin
	for c := s.tree.Nodes[literal].First; c != 0; c = s.tree.Nodes[c].Next {
		switch n := s.tree.Nodes[c]; n.Kind {
		case js.SpreadElement:
			out = append(out, s.origins(n.First, steps, depth+1)...)
		case js.Property:
			if key, ok := s.key(c); ok && key == steps[0] {
				out = append(out, s.origins(s.tree.Nodes[n.First].Next, steps[1:], depth+1)...)
			}
		}
	}
	return out
}

// originsOfCall are those behind calls that give what they are given.
func (s *source) originsOfCall(call js.Ref, steps []string, depth int) []origin {
	callee := s.tree.Nodes[call].First
	args := s.arguments(call)
	if s.is(callee, "String", "Object", "Object.freeze", "Object.assign", "Object.create") {
		var out []origin
		for _, a := range args {
			out = append(out, s.origins(a, steps, depth+1)...)
		}
		return out
	}
	if object, name := s.member(callee); len(steps) == 0 && (name == "toString" || name == "trim" || name == "toLowerCase") {
		return s.origins(object, nil, depth+1)
	}
	return nil
}

// originsOf are those of a variable.
func (s *source) originsOf(v js.VariableID, steps []string, depth int) []origin {
	if v == 0 {
		return nil
	}
	about := s.scopes.Variable(v)
	var out []origin
	if about.Kind == js.ParameterVariable {
		if o, ok := s.originOf(about.Declaration, steps); ok {
			out = append(out, o)
		}
	} else if p := s.tree.Nodes[about.Declaration].Parent; about.Declaration != 0 && s.tree.Kind(p) != js.VariableDeclarator {
		// const { engine } = options
		if root, path, ok := s.patternPath(about.Declaration); ok {
			if d := s.tree.Nodes[root].Parent; s.tree.Kind(d) == js.VariableDeclarator && s.tree.Nodes[d].First == root {
				out = append(out, s.origins(s.tree.Nodes[root].Next, slices.Concat(path, steps), depth+1)...)
			}
		}
	}
	for _, value := range s.written(v) {
		out = append(out, s.origins(value, steps, depth+1)...)
	}
	return out
}

// originOf is the parameter that a Binding is, or is taken out of.
func (s *source) originOf(binding js.Ref, steps []string) (origin, bool) {
	root, path, ok := s.patternPath(binding)
	if !ok {
		return origin{}, false
	}
	list := s.tree.Nodes[root].Parent
	if s.tree.Kind(list) != js.Parameters {
		return origin{}, false
	}
	at := 0
	for c := s.tree.Nodes[list].First; c != root; c = s.tree.Nodes[c].Next {
		at++
	}
	return origin{s.tree.Nodes[list].Parent, at, slices.Concat(path, steps)}, true
}

// patternPath climbs from a Binding to the pattern that it stands in, and returns the
// properties that lead back.
func (s *source) patternPath(r js.Ref) (root js.Ref, path []string, ok bool) {
	for range maxSteps {
		parent := s.tree.Nodes[r].Parent
		switch n := s.tree.Nodes[parent]; n.Kind {
		case js.AssignmentPattern:
			if n.First != r {
				return 0, nil, false
			}
		case js.PatternProperty:
			key, known := s.key(parent)
			if !known || strings.Contains(key, hole) {
				return 0, nil, false
			}
			path = slices.Concat([]string{key}, path)
		case js.ObjectPattern:
		case js.ArrayPattern, js.RestElement:
			return 0, nil, false
		default:
			return r, path, true
		}
		r = parent
	}
	return 0, nil, false
}

// own returns what the code of a class, or of a file outside of classes, gives to a
// property of this.
func (s *source) own(this js.Ref, name string) []js.Ref {
	if s.owned == nil {
		s.owned = map[ownProperty][]js.Ref{}
		for i := 1; i < len(s.tree.Nodes); i++ {
			switch n := &s.tree.Nodes[i]; n.Kind {
			case js.AssignmentExpression:
				if n.Op != js.OpAssign || s.tree.Kind(n.First) != js.MemberExpression {
					continue
				}
				if object := s.tree.Nodes[n.First].First; s.tree.Kind(object) == js.ThisExpression {
					if _, key := s.member(n.First); key != "" {
						at := ownProperty{s.classOf(js.Ref(i)), key}
						s.owned[at] = append(s.owned[at], s.tree.Nodes[n.First].Next)
					}
				}
			case js.PropertyDefinition:
				if value := s.tree.Nodes[n.First].Next; value != 0 && s.tree.Kind(value) != js.Decorator && s.tree.Kind(value) != js.Empty && n.Flags&js.FlagComputed == 0 {
					at := ownProperty{n.Parent, s.tree.Text(n.First)}
					s.owned[at] = append(s.owned[at], value)
				}
			}
		}
	}
	all := s.owned[ownProperty{s.classOf(this), name}]
	return all[:min(len(all), maxWrites)]
}

// ownProperty is a property of this in a class body, or in 0 outside of classes.
type ownProperty struct {
	class js.Ref
	name  string
}

func (s *source) classOf(r js.Ref) js.Ref {
	for p := s.tree.Nodes[r].Parent; p != 0; p = s.tree.Nodes[p].Parent {
		if s.tree.Kind(p) == js.ClassBody {
			return p
		}
	}
	return 0
}
