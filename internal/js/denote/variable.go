package denote

import (
	"strconv"

	"github.com/nbuild/nbuild/internal/js"
)

// variable returns the values that a variable of the file may hold: those of its
// initialisers and of what is assigned to it, in any order.
func (d *Denoter) variable(v js.VariableID) set {
	if v == 0 {
		return none
	}
	if s := d.vars[v]; s != 0 {
		return s
	}
	if d.depth >= maxDepth {
		return none
	}
	d.vars[v] = none // for a value that depends on itself
	d.depth++
	out, steps := none, 0
	info := d.scopes.Variable(v)
	written := uint32(0) // writes that declarations account for
	for _, b := range d.scopes.DeclarationList(v) {
		if steps++; steps > maxSet {
			break
		}
		out = d.union(out, d.binding(b))
		d.vars[v] = max(out, none) // x = x.y goes on from what x was
		if parent := &d.tree.Nodes[d.tree.Nodes[b].Parent]; parent.Kind == js.VariableDeclarator && parent.First != parent.Next &&
			d.tree.Nodes[b].Next != 0 {
			written++
		}
	}
	if info.Writes > written {
		steps = 0
		for _, use := range d.scopes.UseList(v) {
			if steps++; steps > maxUses {
				break
			}
			if _, write := d.scopes.Access(use); write {
				out = d.union(out, d.target(use))
			}
		}
	}
	d.depth--
	d.vars[v] = out
	return out
}

// maxUses bounds the uses of one variable that are looked at.
const maxUses = 512

// target returns what is assigned to an Identifier that is the target of an
// assignment, or stands in a pattern that is.
func (d *Denoter) target(r js.Ref) set {
	parent := &d.tree.Nodes[d.tree.Nodes[r].Parent]
	switch parent.Kind {
	case js.AssignmentExpression:
		switch parent.Op {
		case js.OpAssign, js.OpAnd, js.OpOr, js.OpNullish:
			return d.eval(d.tree.Nodes[r].Next)
		case js.OpAdd:
			return d.sum(r, d.tree.Nodes[r].Next)
		}
		return none
	case js.UpdateExpression:
		return none
	}
	return d.binding(r)
}

// binding returns what a Binding, or a part of a pattern, is bound to.
func (d *Denoter) binding(r js.Ref) set {
	if d.depth >= maxDepth {
		return none
	}
	d.depth++
	defer func() { d.depth-- }()
	t := d.tree
	n := &t.Nodes[r]
	p := n.Parent
	parent := &t.Nodes[p]
	switch parent.Kind {
	case js.VariableDeclarator:
		if n.Next != 0 {
			return d.eval(n.Next)
		}
		// for (const x of […])
		if loop := t.Nodes[parent.Parent].Parent; parent.First == r && t.Nodes[loop].Kind == js.ForOfStatement &&
			t.Nodes[loop].First == parent.Parent {
			return d.elements(d.eval(t.Child(loop, 1)))
		}
	case js.ForOfStatement:
		if parent.First == r {
			return d.elements(d.eval(n.Next))
		}
	case js.AssignmentExpression:
		if parent.First == r && parent.Op == js.OpAssign {
			return d.eval(n.Next)
		}
	case js.AssignmentPattern:
		if parent.First == r {
			return d.union(d.binding(p), d.eval(n.Next))
		}
	case js.PatternProperty:
		if parent.First == r {
			return none // a key
		}
		base := d.binding(parent.Parent)
		// { constructor: { … } } = x, { … } = x.constructor
		ofConstructor := d.givenConstructor(parent.Parent)
		if base <= none && !ofConstructor {
			return none
		}
		name, ok := d.keyName(p)
		if !ok {
			return none
		}
		out := d.each(base, func(id valueID) set { return d.member(id, name) })
		if ofConstructor && name == "constructor" {
			out = d.union(out, d.path("Function", ViaConstructor))
		}
		return out
	case js.ArrayPattern:
		base := d.binding(p)
		if base <= none {
			return none
		}
		i := 0
		for c := parent.First; c != 0 && c != r && i < maxProperties; c = t.Nodes[c].Next {
			i++
		}
		name := strconv.Itoa(i)
		return d.each(base, func(id valueID) set { return d.member(id, name) })
	case js.RestElement:
		if t.Nodes[parent.Parent].Kind == js.ObjectPattern {
			return d.copied(d.binding(parent.Parent))
		}
	case js.Parameters:
		return d.parameter(parent.Parent, r)
	case js.FunctionDeclaration, js.FunctionExpression:
		return d.own(functionForm, p)
	case js.ClassDeclaration, js.ClassExpression:
		return d.own(classForm, p)
	case js.ImportDefaultSpecifier, js.ImportNamespaceSpecifier:
		module := d.modules(t.Nodes[parent.Parent].First)
		return d.each(module, func(id valueID) set {
			if parent.Kind == js.ImportDefaultSpecifier {
				return d.member(id, "default")
			}
			return set(id)
		})
	case js.ImportSpecifier:
		module := d.modules(t.Nodes[parent.Parent].First)
		name := t.Text(parent.First)
		return d.each(module, func(id valueID) set { return d.member(id, name) })
	}
	return none
}

// elements returns the elements of what is iterated over.
func (d *Denoter) elements(s set) set {
	return d.each(s, func(id valueID) set {
		switch v := d.values[id]; v.form {
		case arrayForm:
			return d.element(v.ref, -1)
		case allForm:
			return d.unwrap(d.element(v.ref, -1))
		}
		return none
	})
}

// modules returns the modules that a specifier names: of an import declaration the
// String, else any expression that folds to constants.
func (d *Denoter) modules(specifier js.Ref) set {
	if d.tree.Nodes[specifier].Kind == js.String {
		if path, ok := modulePath(d.tree.Text(specifier)); ok {
			return d.path(path, 0)
		}
		return none
	}
	values, _ := d.folder.Strings(specifier)
	out := none
	for _, s := range values[:min(len(values), maxSet)] {
		if path, ok := modulePath(s); ok {
			out = d.union(out, d.path(path, 0))
		}
	}
	return out
}
