package reach

import "github.com/nbuild/nbuild/internal/js"

// maxWrites bounds the writes of a variable, and the calls of a function, that are
// looked at.
const maxWrites = 64

// variable returns what a variable may hold.
func (s *source) variable(v js.VariableID) texts {
	if t, ok := s.vars[v]; ok {
		return t
	}
	s.vars[v] = unknown // for one that depends on itself
	t := s.held(v)
	if len(t) == 0 {
		t = unknown
	}
	s.vars[v] = t
	return t
}

func (s *source) held(v js.VariableID) texts {
	about := s.scopes.Variable(v)
	if file, steps := s.imported(v); file != "" && (about.Kind == js.ImportVariable || len(steps) > 0) {
		return s.w.givenOut(file, steps, 0)
	}
	var out texts
	found := 0
	for b := range s.scopes.Declarations(v) {
		if about.Kind == js.ParameterVariable {
			out = out.with(s.parameter(b))
			found++
			continue
		}
		if t := s.declared(b); t != nil {
			out = out.with(t)
			found++
		}
	}
	for use := range s.scopes.Uses(v) {
		parent := s.tree.Nodes[use].Parent
		n := s.tree.Nodes[parent]
		switch {
		case n.First != use:
		case n.Kind == js.AssignmentExpression && (n.Op == js.OpAssign || n.Op == js.OpOr || n.Op == js.OpNullish || n.Op == js.OpAnd):
			out = out.with(s.texts(s.tree.Nodes[use].Next))
			found++
		case n.Kind == js.AssignmentExpression:
			out = out.with(unknown)
			found++
		case n.Kind == js.ForOfStatement:
			out = out.with(s.element(s.tree.Nodes[use].Next))
			found++
		}
		if found > maxWrites {
			return out.with(unknown)
		}
	}
	if about.Dynamic || uint32(found) < about.Writes {
		out = out.with(unknown)
	}
	return out
}

// declared returns what a declaration gives to a name, nil where it gives nothing.
func (s *source) declared(b js.Ref) texts {
	parent := s.tree.Nodes[b].Parent
	n := s.tree.Nodes[parent]
	switch n.Kind {
	case js.VariableDeclarator:
		if init := s.tree.Nodes[b].Next; init != 0 {
			return s.texts(init)
		}
		loop := s.tree.Nodes[n.Parent].Parent
		if l := s.tree.Nodes[loop]; l.Kind == js.ForOfStatement && l.First == n.Parent {
			return s.element(s.tree.Nodes[l.First].Next)
		}
		return nil
	case js.PatternProperty:
		declarator := s.tree.Nodes[n.Parent].Parent
		if s.tree.Nodes[declarator].Kind != js.VariableDeclarator {
			return unknown
		}
		init := s.tree.Nodes[n.Parent].Next
		key, ok := s.key(parent)
		if init == 0 || !ok {
			return unknown
		}
		if key == "sep" && s.is(init, "node:path", "node:path/posix") {
			return texts{"/"}
		}
		var out texts
		for _, l := range s.literals(init) {
			out = out.with(s.at(l, key))
		}
		if out == nil {
			out = s.valueAt(init, []string{key}, 0)
		}
		if out == nil {
			return unknown
		}
		return out
	}
	return unknown
}

// written returns the expressions that a variable is given.
func (s *source) written(v js.VariableID) []js.Ref {
	if v == 0 {
		return nil
	}
	var out []js.Ref
	for b := range s.scopes.Declarations(v) {
		n := s.tree.Nodes[s.tree.Nodes[b].Parent]
		if n.Kind == js.VariableDeclarator && n.First == b && s.tree.Nodes[b].Next != 0 {
			out = append(out, s.tree.Nodes[b].Next)
		}
		if n.Kind == js.FunctionDeclaration && n.First == b {
			out = append(out, s.tree.Nodes[b].Parent)
		}
	}
	for use := range s.scopes.Uses(v) {
		n := s.tree.Nodes[s.tree.Nodes[use].Parent]
		if n.Kind == js.AssignmentExpression && n.First == use {
			out = append(out, s.tree.Nodes[use].Next)
		}
		if len(out) > maxWrites {
			return nil
		}
	}
	return out
}

// element returns what the members of an array may be.
func (s *source) element(array js.Ref) texts {
	var out texts
	for _, l := range s.literals(array) {
		if s.tree.Nodes[l].Kind == js.ArrayExpression {
			out = out.with(s.at(l, ""))
		}
	}
	if out == nil {
		return unknown
	}
	return out
}

// walkers are the methods of arrays that hand each member to a function first.
var walkers = map[string]bool{"map": true, "forEach": true, "filter": true, "some": true, "every": true, "find": true, "findIndex": true, "flatMap": true}

// parameter returns what the calls of its function give to a parameter.
func (s *source) parameter(b js.Ref) texts {
	r, fallback := b, texts(nil)
	if n := s.tree.Nodes[s.tree.Nodes[b].Parent]; n.Kind == js.AssignmentPattern && n.First == b {
		r, fallback = s.tree.Nodes[b].Parent, s.texts(s.tree.Nodes[b].Next)
	}
	list := s.tree.Nodes[r].Parent
	if s.tree.Nodes[list].Kind != js.Parameters {
		return unknown
	}
	at := 0
	for c := s.tree.Nodes[list].First; c != r; c = s.tree.Nodes[c].Next {
		at++
	}
	function := s.tree.Nodes[list].Parent
	calls, complete := s.callsOf(function)
	out := fallback
	for _, call := range calls {
		args := s.arguments(call)
		if s.tree.Nodes[s.tree.Nodes[call].First].Kind == js.MemberExpression && len(args) > 0 && s.unwrapped(args[0]) == function {
			if object, name := s.member(s.tree.Nodes[call].First); at == 0 && walkers[name] {
				out = out.with(s.element(object))
			} else {
				out = out.with(unknown)
			}
			continue
		}
		switch {
		case at < len(args):
			out = out.with(s.texts(args[at]))
		case fallback == nil:
			out = out.with(unknown)
		}
	}
	if !complete {
		out = out.with(unknown)
	}
	return out
}

// callsOf returns the calls of a function, and whether they are all there are: it
// is called where it stands, or through a name that is only called, or handed to a
// method that walks an array.
func (s *source) callsOf(function js.Ref) (calls []js.Ref, complete bool) {
	if c, ok := s.calls[function]; ok {
		return c.calls, c.complete
	}
	calls, complete = s.findCalls(function)
	s.calls[function] = callSites{calls, complete}
	return calls, complete
}

type callSites struct {
	calls    []js.Ref
	complete bool
}

func (s *source) findCalls(function js.Ref) (calls []js.Ref, complete bool) {
	n := s.tree.Nodes[function]
	parent := s.tree.Nodes[n.Parent]
	if n.Kind != js.FunctionDeclaration {
		if parent.Kind == js.CallExpression {
			if parent.First == function {
				return []js.Ref{n.Parent}, true
			}
			if s.tree.Nodes[parent.First].Next == function && s.tree.Nodes[parent.First].Kind == js.MemberExpression {
				return []js.Ref{n.Parent}, true
			}
			return nil, false
		}
		if parent.Kind != js.VariableDeclarator || s.tree.Nodes[parent.First].Kind != js.Binding {
			return nil, false
		}
	}
	binding := n.First
	if n.Kind != js.FunctionDeclaration {
		binding = parent.First
	}
	if s.tree.Nodes[binding].Kind != js.Binding {
		return nil, false
	}
	v := s.scopes.Of(binding)
	complete = v != 0
	for use := range s.scopes.Uses(v) {
		call := s.tree.Nodes[s.tree.Nodes[use].Parent]
		if call.Kind == js.CallExpression && call.First == use && len(calls) < maxWrites {
			calls = append(calls, s.tree.Nodes[use].Parent)
		} else {
			complete = false
		}
	}
	return calls, complete
}
