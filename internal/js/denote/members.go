package denote

import "github.com/nbuild/nbuild/internal/js"

// members are the assignments of a file to members of its own objects, by owner and
// name: what obj.run = exec, exports.run = exec and this.run = exec leave behind.
type members struct {
	of map[owner][]js.Ref // the values
}

// owner is an object of the file: a variable, the class around a this, or neither for
// the this of plain functions and for exports.
type owner struct {
	variable js.VariableID
	class    js.Ref
	exports  bool
	name     string
}

// assigned returns what the file assigns to a member of an object by its name.
func (d *Denoter) assigned(object js.Ref, name string) set {
	o, ok := d.ownerOf(object)
	if !ok {
		return none
	}
	if d.members == nil {
		d.collectMembers()
	}
	o.name = name
	out := none
	for _, r := range d.members.of[o] {
		out = d.union(out, d.eval(r))
	}
	return out
}

// ownerOf returns the owner that an object expression stands for.
func (d *Denoter) ownerOf(object js.Ref) (owner, bool) {
	t := d.tree
	n := &t.Nodes[object]
	switch n.Kind {
	case js.ThisExpression:
		return owner{class: d.inClass(object)}, true
	case js.Identifier:
		if v := d.scopes.Of(object); v != 0 {
			return owner{variable: v}, true
		}
		return owner{exports: true}, t.Name(js.Atom(n.Value)) == "exports"
	case js.MemberExpression:
		inner := &t.Nodes[n.First]
		property := &t.Nodes[inner.Next]
		return owner{exports: true}, inner.Kind == js.Identifier && property.Kind == js.Name &&
			t.Name(js.Atom(inner.Value)) == "module" && t.Name(js.Atom(property.Value)) == "exports" && d.scopes.Of(n.First) == 0
	}
	return owner{}, false
}

// collectMembers finds the assignments. It reads the nodes once.
func (d *Denoter) collectMembers() {
	d.members = &members{of: map[owner][]js.Ref{}}
	t := d.tree
	for r := 1; r < len(t.Nodes); r++ {
		n := &t.Nodes[r]
		switch n.Kind {
		case js.AssignmentExpression:
			if n.Op != js.OpAssign && n.Op != js.OpOr && n.Op != js.OpNullish {
				continue
			}
			target := &t.Nodes[n.First]
			value := t.Nodes[n.First].Next
			if target.Kind != js.MemberExpression || !d.mayDenote(value) {
				continue
			}
			o, ok := d.ownerOf(target.First)
			if !ok {
				continue
			}
			if name, ok := d.plainName(n.First); ok {
				o.name = name
				d.addMember(o, value)
			}
		case js.PropertyDefinition:
			value := t.Nodes[n.First].Next
			if value == 0 || n.Flags&js.FlagStatic != 0 || t.Nodes[value].Kind == js.Decorator || !d.mayDenote(value) {
				continue
			}
			if name, ok := d.keyName(js.Ref(r)); ok {
				d.addMember(owner{class: n.Parent, name: name}, value)
			}
		}
	}
}

// plainName returns the name of a member that is written with a dot, or as a string
// in brackets.
func (d *Denoter) plainName(r js.Ref) (string, bool) {
	n := &d.tree.Nodes[r]
	property := d.tree.Nodes[n.First].Next
	switch k := d.tree.Nodes[property].Kind; {
	case k == js.PrivateName:
		return "#" + d.tree.Text(property), true
	case n.Flags&js.FlagComputed == 0, k == js.String:
		return d.tree.Text(property), true
	}
	return "", false
}

func (d *Denoter) addMember(o owner, value js.Ref) {
	if list := d.members.of[o]; len(list) < maxSet {
		d.members.of[o] = append(list, value)
	}
}

// mayDenote reports whether an expression could be anything that a member's users
// would want to know: not a literal or a function.
func (d *Denoter) mayDenote(r js.Ref) bool {
	switch d.tree.Nodes[r].Kind {
	case js.Identifier, js.MemberExpression, js.CallExpression, js.NewExpression, js.ConditionalExpression, js.LogicalExpression,
		js.AwaitExpression, js.AssignmentExpression, js.SequenceExpression, js.ObjectExpression, js.ArrayExpression:
		return true
	}
	return false
}
