package denote

import "github.com/nbuild/nbuild/internal/js"

// results returns the expressions whose value a function returns: at most maxSet.
func (d *Denoter) results(f js.Ref) []js.Ref {
	if rs, ok := d.returns[f]; ok {
		return rs
	}
	if d.returns == nil {
		d.returns = map[js.Ref][]js.Ref{}
	}
	t := d.tree
	var rs []js.Ref
	body := t.Child(f, 2)
	if t.Nodes[f].Flags&js.FlagExpression != 0 {
		if r := t.Nodes[body].First; r != 0 {
			rs = append(rs, r)
		}
		d.returns[f] = rs
		return rs
	}
	// Walk the statements without recursion; nested functions return for themselves.
	steps := 0
	for at := t.Nodes[body].First; at != 0 && steps < 2048 && len(rs) < maxSet; steps++ {
		n := &t.Nodes[at]
		down := false
		switch n.Kind {
		case js.ReturnStatement:
			if n.First != 0 {
				rs = append(rs, n.First)
			}
		case js.BlockStatement, js.IfStatement, js.SwitchStatement, js.SwitchCase, js.TryStatement, js.CatchClause,
			js.LabeledStatement, js.WhileStatement, js.DoWhileStatement, js.ForStatement, js.ForInStatement, js.ForOfStatement,
			js.WithStatement:
			down = n.First != 0
		}
		if down {
			at = n.First
			continue
		}
		for at != body && t.Nodes[at].Next == 0 {
			at = t.Nodes[at].Parent
		}
		if at == body {
			break
		}
		at = t.Nodes[at].Next
	}
	d.returns[f] = rs
	return rs
}

// returned returns what a call of a function of the file gives for these arguments.
func (d *Denoter) returned(f js.Ref, args []js.Ref) set {
	n := &d.tree.Nodes[f]
	switch n.Kind {
	case js.FunctionExpression, js.FunctionDeclaration, js.ArrowFunctionExpression:
	default:
		return none
	}
	if n.Flags&js.FlagGenerator != 0 || d.depth >= maxDepth {
		return none
	}
	d.depth++
	out := none
	for _, r := range d.results(f) {
		out = d.union(out, d.substituted(r, f, args))
	}
	d.depth--
	if n.Flags&js.FlagAsync != 0 {
		return d.promise(out)
	}
	return out
}

// substituted is eval with a function's parameters being the arguments of one call,
// as far as the helpers need it that hand a module through.
func (d *Denoter) substituted(r, f js.Ref, args []js.Ref) set {
	if d.depth >= maxDepth {
		return none
	}
	d.depth++
	defer func() { d.depth-- }()
	t := d.tree
	n := &t.Nodes[r]
	switch n.Kind {
	case js.Identifier:
		v := d.scopes.Of(r)
		if i, ok := d.parameterOf(v, f); ok {
			if i < len(args) && args[i] != 0 {
				return d.eval(args[i])
			}
			if args != nil {
				return none
			}
		}
	case js.ConditionalExpression:
		return d.union(d.substituted(t.Child(r, 1), f, args), d.substituted(t.Child(r, 2), f, args))
	case js.LogicalExpression:
		right := d.substituted(t.Child(r, 1), f, args)
		if n.Op == js.OpAnd {
			return right
		}
		return d.union(d.substituted(n.First, f, args), right)
	case js.SequenceExpression:
		return d.substituted(d.last(r), f, args)
	case js.ObjectExpression:
		// { default: x } is the module x to whoever asks for its default.
		if c := n.First; c != 0 && t.Nodes[c].Next == 0 && t.Nodes[c].Kind == js.Property {
			if key, ok := d.keyName(c); ok && key == "default" {
				module := t.Nodes[t.Nodes[c].First].Next
				_, handedIn := d.parameterOf(d.variableAt(module), f)
				if inner := d.substituted(module, f, args); inner > none || handedIn {
					return d.each(inner, func(id valueID) set {
						if d.values[id].form == pathForm {
							return set(id)
						}
						return d.own(objectForm, r)
					})
				}
			}
		}
	}
	return d.eval(r)
}

// variableAt returns the variable of an Identifier, 0 of any other node.
func (d *Denoter) variableAt(r js.Ref) js.VariableID {
	if d.tree.Nodes[r].Kind != js.Identifier {
		return 0
	}
	return d.scopes.Of(r)
}

// parameterOf reports which parameter of f a variable is.
func (d *Denoter) parameterOf(v js.VariableID, f js.Ref) (int, bool) {
	if v == 0 {
		return 0, false
	}
	info := d.scopes.Variable(v)
	if info.Kind != js.ParameterVariable {
		return 0, false
	}
	at := info.Declaration
	if p := d.tree.Nodes[at].Parent; d.tree.Nodes[p].Kind == js.AssignmentPattern {
		at = p
	}
	list := d.tree.Nodes[at].Parent
	if d.tree.Nodes[list].Kind != js.Parameters || d.tree.Nodes[list].Parent != f {
		return 0, false
	}
	i := 0
	for c := d.tree.Nodes[list].First; c != at && c != 0; c = d.tree.Nodes[c].Next {
		i++
	}
	return i, true
}
