package denote

import "github.com/nbuild/nbuild/internal/js"

// The constructor of a constructor is Function, whatever the first was asked of: these
// find the first where nothing is known about its value.

// isConstructorOf reports whether an expression is the constructor of something: a
// member of that name, or a variable that is given one.
func (d *Denoter) isConstructorOf(r js.Ref) bool {
	nodes := d.tree.Nodes
	if nodes[r].Kind == js.ChainExpression {
		r = nodes[r].First
	}
	switch nodes[r].Kind {
	case js.MemberExpression:
		name, ok := d.folder.Member(r)
		return ok && name == "constructor"
	case js.Identifier:
		return d.holdsConstructor(d.scopes.Of(r))
	}
	return false
}

// holdsConstructor reports whether a variable is given the constructor of something,
// worked out once.
func (d *Denoter) holdsConstructor(v js.VariableID) bool {
	if v == 0 || d.depth >= maxDepth {
		return false
	}
	if known, ok := d.holders[v]; ok {
		return known
	}
	if d.holders == nil {
		d.holders = map[js.VariableID]bool{}
	}
	d.holders[v] = false // where it is given itself
	d.depth++
	defer func() { d.depth-- }()
	for _, b := range d.scopes.DeclarationList(v) {
		if d.givenConstructor(b) {
			d.holders[v] = true
			return true
		}
	}
	if d.scopes.Variable(v).Writes == 0 {
		return false
	}
	uses := d.scopes.UseList(v)
	for _, use := range uses[:min(len(uses), maxUses)] {
		if _, write := d.scopes.Access(use); write && d.givenConstructor(use) {
			d.holders[v] = true
			return true
		}
	}
	return false
}

// givenConstructor reports whether a Binding, an Identifier that is assigned to or a
// pattern is given the constructor of something.
func (d *Denoter) givenConstructor(r js.Ref) bool {
	nodes := d.tree.Nodes
	p := nodes[r].Parent
	if nodes[p].Kind == js.AssignmentPattern && nodes[p].First == r { // with a default
		r, p = p, nodes[p].Parent
	}
	switch parent := &nodes[p]; parent.Kind {
	case js.VariableDeclarator:
		return parent.First == r && nodes[r].Next != 0 && d.isConstructorOf(nodes[r].Next)
	case js.AssignmentExpression:
		value := nodes[r].Next
		if parent.First != r || parent.Op != js.OpAssign || value == 0 {
			return false
		}
		if object := nodes[value].First; nodes[value].Kind == js.MemberExpression && nodes[object].Kind == js.Identifier &&
			nodes[r].Kind == js.Identifier && d.scopes.Of(object) == d.scopes.Of(r) {
			return false // x = x.constructor, as a rule once
		}
		return d.isConstructorOf(value)
	case js.PatternProperty:
		if parent.First == r && parent.Flags&js.FlagShorthand == 0 {
			return false
		}
		name, ok := d.keyName(p)
		return ok && name == "constructor"
	}
	return false
}
