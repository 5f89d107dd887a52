package reach

import (
	"strings"

	"github.com/nbuild/nbuild/internal/js"
)

// bundle is what a file that webpack wrote holds: functions in one container (an
// array or an object), each a module, called with module, exports and a require of
// their own, by which they ask for each other. Modules of Node stand there as
// functions that only hand on a true require.
type bundle struct {
	container map[js.Ref]js.Ref // by function
	exports   map[js.Ref]js.Ref // by function: what it gives to module.exports
}

// bundled returns the bundle of the file; one without modules for any other file.
func (s *source) bundled() *bundle {
	if s.bundle != nil {
		return s.bundle
	}
	b := &bundle{container: map[js.Ref]js.Ref{}, exports: map[js.Ref]js.Ref{}}
	s.bundle = b
	for i := range s.tree.Nodes {
		n := &s.tree.Nodes[i]
		if n.Kind != js.FunctionExpression && n.Kind != js.ArrowFunctionExpression {
			continue
		}
		container := n.Parent
		if s.tree.Nodes[container].Kind == js.Property {
			container = s.tree.Nodes[container].Parent
		}
		if k := s.tree.Nodes[container].Kind; (k == js.ArrayExpression || k == js.ObjectExpression) && s.holdsModules(container) {
			b.container[js.Ref(i)] = container
		}
	}
	return b
}

// holdsModules reports whether a literal stands where webpack's modules do.
func (s *source) holdsModules(container js.Ref) bool {
	parent := s.tree.Nodes[container].Parent
	n := s.tree.Nodes[parent]
	switch n.Kind {
	case js.CallExpression:
		return s.tree.Nodes[n.First].Kind == js.FunctionExpression
	case js.AssignmentExpression:
		_, name := s.member(n.First)
		return name == "modules"
	case js.VariableDeclarator:
		return strings.Contains(s.tree.Text(n.First), "webpack_modules")
	case js.ArrayExpression:
		call := s.tree.Nodes[n.Parent]
		_, name := s.member(call.First)
		return call.Kind == js.CallExpression && name == "push"
	}
	return false
}

// bundledNames returns what an expression denotes through the modules of a bundle,
// or behind Object(…), which compilers write around a callee.
func (s *source) bundledNames(r js.Ref) []string {
	if s.work++; s.work > maxWork {
		return nil
	}
	n := s.tree.Nodes[r]
	switch n.Kind {
	case js.ChainExpression, js.SequenceExpression, js.AssignmentExpression, js.AwaitExpression:
		if inner := s.unwrapped(r); inner != r {
			return s.names(inner)
		}
	case js.Identifier:
		v := s.scopes.Of(r)
		if v == 0 || len(s.bundled().container) == 0 {
			return nil
		}
		if inits := s.written(v); len(inits) == 1 {
			return s.names(inits[0])
		}
	case js.MemberExpression:
		if len(s.bundled().container) == 0 {
			return nil
		}
		object, name := s.member(r)
		if name == "default" || name == "a" && s.getter(object) {
			return s.names(object)
		}
		if name == "" {
			return nil
		}
		var out []string
		for _, o := range s.names(object) {
			out = append(out, o+"."+name)
		}
		return out
	case js.CallExpression:
		return s.bundledCall(r)
	}
	return nil
}

func (s *source) bundledCall(r js.Ref) []string {
	callee := s.tree.Nodes[r].First
	args := s.arguments(r)
	if s.is(callee, "Object") && len(args) == 1 {
		return s.names(args[0])
	}
	if len(s.bundled().container) == 0 {
		return nil
	}
	if len(args) == 0 && s.getter(callee) { // of x_default(), which __webpack_require__.n made
		return s.names(callee)
	}
	object, name := s.member(callee)
	if name == "n" && s.moduleRequire(object) != 0 && len(args) == 1 {
		return s.names(args[0])
	}
	function := s.moduleRequire(callee)
	if function == 0 || len(args) != 1 {
		return nil
	}
	return s.names(s.exported(s.module(s.bundle.container[function], s.texts(args[0]))))
}

// getter reports whether an expression is what __webpack_require__.n gave.
func (s *source) getter(r js.Ref) bool {
	if s.tree.Nodes[r].Kind == js.Identifier {
		inits := s.written(s.scopes.Of(r))
		if len(inits) != 1 {
			return false
		}
		r = s.unwrapped(inits[0])
	}
	if s.tree.Nodes[r].Kind != js.CallExpression {
		return false
	}
	object, name := s.member(s.tree.Nodes[r].First)
	return name == "n" && s.moduleRequire(object) != 0
}

// moduleRequire returns the module whose third parameter, its require, an expression is.
func (s *source) moduleRequire(r js.Ref) js.Ref {
	if r == 0 || s.tree.Nodes[r].Kind != js.Identifier {
		return 0
	}
	about := s.scopes.Variable(s.scopes.Of(r))
	if about.Kind != js.ParameterVariable {
		return 0
	}
	list := s.tree.Nodes[about.Declaration].Parent
	function := s.tree.Nodes[list].Parent
	if s.tree.Child(list, 2) != about.Declaration || s.bundled().container[function] == 0 {
		return 0
	}
	return function
}

// module returns the function that a container has for an id.
func (s *source) module(container js.Ref, id texts) js.Ref {
	if len(id) != 1 || strings.Contains(id[0], hole) {
		return 0
	}
	i := 0
	for c := s.tree.Nodes[container].First; c != 0; c = s.tree.Nodes[c].Next {
		if s.tree.Nodes[c].Kind == js.Property {
			if key, ok := s.key(c); ok && key == id[0] {
				return s.tree.Nodes[s.tree.Nodes[c].First].Next
			}
		} else if number(i) == id[0] {
			return c
		}
		i++
	}
	return 0
}

// exported returns what a module gives to module.exports, 0 where that is not one
// expression.
func (s *source) exported(function js.Ref) js.Ref {
	if function == 0 {
		return 0
	}
	if r, ok := s.bundle.exports[function]; ok {
		return r
	}
	s.bundle.exports[function] = 0
	parameters := s.tree.Child(function, 1)
	if s.tree.Nodes[parameters].Kind != js.Parameters {
		return 0
	}
	module := s.scopes.Of(s.tree.Nodes[parameters].First)
	if module == 0 {
		return 0
	}
	for use := range s.scopes.Uses(module) {
		member := s.tree.Nodes[use].Parent
		assignment := s.tree.Nodes[s.tree.Nodes[member].Parent]
		if _, name := s.member(member); name == "exports" && assignment.Kind == js.AssignmentExpression && assignment.First == member {
			s.bundle.exports[function] = s.tree.Nodes[member].Next
		}
	}
	return s.bundle.exports[function]
}
