package js

// identifier folds a reference: all that its variable is given anywhere.
func (f *Folder) identifier(r Ref) result {
	v := f.scopes.of[r]
	if v == 0 {
		switch f.tree.Text(r) {
		case "undefined":
			return one(value{})
		case "NaN", "Infinity":
			return one(numberValue(parseNumber(f.tree.Text(r))))
		}
		return none
	}
	if given, ok := f.env[v]; ok {
		return one(given)
	}
	res := f.variable(v)
	if f.scopes.InWith(r) {
		res.complete = false
	}
	return res
}

func (f *Folder) literalGlobal(a Atom) bool {
	switch f.tree.names[a] {
	case "undefined", "NaN", "Infinity":
		return true
	}
	return false
}

func (f *Folder) variable(v VariableID) result {
	if known, ok := f.variables[v]; ok {
		return known
	}
	declared := &f.scopes.variables[v]
	switch declared.Kind {
	case VarVariable, LetVariable, ConstVariable, ParameterVariable:
	default:
		return none
	}
	for i, o := range f.open {
		if o == v {
			f.cut = min(f.cut, i)
			return none
		}
	}
	if f.depth >= maxFoldDepth || !f.pay(0) {
		f.cut = -1
		return none
	}
	level, before := len(f.open), f.cut
	f.open = append(f.open, v)
	f.cut = uncut
	f.depth++
	env := f.env
	f.env = nil // what is applied is no matter of other variables
	res := f.given(v)
	f.env = env
	f.depth--
	f.open = f.open[:level]
	if f.cut < level {
		// Part of a cycle that is still open. Where parameters are handed round, the
		// same few variables are come to again and again: what is known then has to do.
		if f.visits == nil {
			f.visits = map[VariableID]uint8{}
		}
		if f.visits[v]++; f.visits[v] >= maxFoldVisits {
			res.complete = false
			f.variables = keep(f.variables, v, res)
		}
	} else {
		f.variables = keep(f.variables, v, res)
		f.cut = uncut
	}
	f.cut = min(f.cut, before)
	return res
}

func keep(m map[VariableID]result, v VariableID, res result) map[VariableID]result {
	if m == nil {
		m = map[VariableID]result{}
	}
	m[v] = res
	return m
}

// given joins all that a variable is given. That a variable is undefined before is
// left out.
func (f *Folder) given(v VariableID) result {
	declared := &f.scopes.variables[v]
	if declared.Writes > maxFoldWrite {
		return none
	}
	res := result{complete: !declared.Dynamic}
	for r := range f.scopes.Declarations(v) {
		if declared.Kind == ParameterVariable && f.isParameter(r) {
			res = res.join(f.parameter(r))
		} else {
			res = res.join(f.target(r))
		}
	}
	if declared.Writes == 0 {
		return res
	}
	for r := range f.scopes.Uses(v) {
		f.work--
		if access(f.tree.Nodes, r)&writes != 0 {
			res = res.join(f.target(r))
		}
	}
	return res
}

// target folds what is given to a Binding or to a name that is assigned to.
func (f *Folder) target(r Ref) result {
	nodes := f.tree.Nodes
	parent := nodes[r].Parent
	p := &nodes[parent]
	switch p.Kind {
	case VariableDeclarator:
		if value := nodes[p.First].Next; value != 0 {
			return f.eval(value)
		}
		loop := &nodes[nodes[p.Parent].Parent]
		if loop.First == p.Parent {
			switch loop.Kind {
			case ForOfStatement:
				return f.elements(nodes[loop.First].Next)
			case ForInStatement:
				return none
			}
		}
		return result{complete: true}
	case ForOfStatement:
		return f.elements(nodes[p.First].Next)
	case AssignmentExpression:
		switch p.Op {
		case OpAssign, OpOr, OpAnd, OpNullish:
			return f.eval(nodes[p.First].Next)
		}
	case AssignmentPattern:
		return f.target(parent).join(f.eval(nodes[p.First].Next))
	case PatternProperty:
		key, ok := f.Key(parent)
		if source := f.source(p.Parent); ok && source != 0 {
			return f.lookup(source, one(textValue(key)))
		}
	case ArrayPattern:
		i := 0
		for c := p.First; c != r; c = nodes[c].Next {
			i++
			f.work--
		}
		if source := f.source(parent); source != 0 {
			return f.lookup(source, one(numberValue(float64(i))))
		}
	}
	return none
}

// source is the expression that a pattern takes apart, where it stands beside it.
func (f *Folder) source(pattern Ref) Ref {
	p := &f.tree.Nodes[f.tree.Nodes[pattern].Parent]
	if p.First == pattern && (p.Kind == VariableDeclarator || p.Kind == AssignmentExpression && p.Op == OpAssign) {
		return f.tree.Nodes[pattern].Next
	}
	return 0
}

// elements is what for-of gives.
func (f *Folder) elements(r Ref) result {
	if literal, t := f.literal(r); literal != 0 && f.tree.Nodes[literal].Kind == ArrayExpression {
		res := f.all(literal)
		res.complete = res.complete && (t == nil || t.safe)
		return res
	}
	res := f.eval(r)
	out := result{complete: res.complete}
	for _, v := range res.values {
		if v.kind != listKind {
			return none
		}
		out = out.join(result{v.list, true})
	}
	return out
}

func (f *Folder) isParameter(r Ref) bool {
	nodes := f.tree.Nodes
	parent := nodes[r].Parent
	return nodes[parent].Kind == Parameters || nodes[parent].Kind == AssignmentPattern && nodes[nodes[parent].Parent].Kind == Parameters
}

// parameter folds what callers give to a parameter where all are in sight: of a
// function that is called where it stands, or whose name is only called.
func (f *Folder) parameter(r Ref) result {
	nodes := f.tree.Nodes
	position, list := r, nodes[r].Parent
	if nodes[list].Kind == AssignmentPattern {
		position, list = list, nodes[list].Parent
	}
	index := 0
	for c := nodes[list].First; c != position; c = nodes[c].Next {
		index++
	}
	function := nodes[list].Parent
	calls, all := f.calls(function)
	res := result{complete: all && len(calls) > 0 && !f.hiding(function)}
	if position != r {
		res = res.join(f.eval(nodes[r].Next))
	}
	for _, call := range calls {
		res = res.join(f.argument(call, index))
	}
	return res
}

// argument folds an argument of a call; a missing one adds nothing.
func (f *Folder) argument(call Ref, index int) result {
	nodes := f.tree.Nodes
	a := nodes[nodes[call].First].Next
	for ; a != 0; a = nodes[a].Next {
		f.work--
		if nodes[a].Kind == SpreadElement {
			return none
		}
		if index == 0 {
			return f.eval(a)
		}
		index--
	}
	return result{complete: true}
}

// calls returns the calls of a function, and whether they are all.
func (f *Folder) calls(function Ref) (calls []Ref, all bool) {
	nodes := f.tree.Nodes
	n := &nodes[function]
	var name Ref
	switch n.Kind {
	case FunctionDeclaration:
		name = n.First
	case FunctionExpression, ArrowFunctionExpression:
		if own := f.scopes.of[n.First]; own != 0 && f.scopes.variables[own].Reads > 0 {
			return nil, false
		}
		p := &nodes[n.Parent]
		switch {
		case p.Kind == CallExpression && p.First == function:
			return []Ref{n.Parent}, true
		case p.Kind == VariableDeclarator && p.First != function:
			name = p.First
		}
	}
	if name == 0 || nodes[name].Kind != Binding {
		return nil, false
	}
	v := &f.scopes.variables[f.scopes.of[name]]
	if v.Writes != 1 || v.Dynamic || v.Declaration == 0 || f.tree.Goal == Script && v.Scope == 1 {
		return nil, false
	}
	all = !f.exported(name)
	for use := range f.scopes.Uses(f.scopes.of[name]) {
		f.work--
		p := nodes[use].Parent
		if nodes[p].Kind != CallExpression || nodes[p].First != use || len(calls) == maxFoldWrite {
			all = false
			continue
		}
		calls = append(calls, p)
	}
	return calls, all
}

// exported says whether a Binding is that of an export declaration.
func (f *Folder) exported(binding Ref) bool {
	nodes := f.tree.Nodes
	r := nodes[binding].Parent
	for ; nodes[r].Kind == VariableDeclarator || nodes[r].Kind == VariableDeclaration; r = nodes[r].Parent {
	}
	switch nodes[r].Kind {
	case FunctionDeclaration, ClassDeclaration:
		r = nodes[r].Parent
	}
	return nodes[r].Kind == ExportNamedDeclaration || nodes[r].Kind == ExportDefaultDeclaration
}

// hiding says whether a function uses its arguments object, through which it could
// be called again.
func (f *Folder) hiding(function Ref) bool {
	if f.hidden == nil {
		f.hidden = map[ScopeID]bool{}
		for i := len(f.scopes.variables) - 1; i > 0 && f.scopes.variables[i].Kind == ArgumentsVariable; i-- {
			f.hidden[f.scopes.variables[i].Scope] = true
		}
	}
	return f.hidden[f.scopes.in[function]]
}
