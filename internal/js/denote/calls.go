package denote

import (
	"iter"

	"github.com/nbuild/nbuild/internal/js"
)

// Calls iterates over the calls, constructions and assignments to members of the
// file, in the order of the nodes, those of which nothing is known among them.
func (d *Denoter) Calls() iter.Seq[Call] {
	return func(yield func(Call) bool) {
		for r := 1; r < len(d.tree.Nodes); r++ {
			if c, ok := d.Call(js.Ref(r)); ok && !yield(c) {
				return
			}
		}
	}
}

// Call returns what is known about a node that calls, constructs or assigns to a
// member; ok is false of other nodes. Where the callee may be several things the
// arguments are those of the first.
func (d *Denoter) Call(r js.Ref) (c Call, ok bool) {
	t := d.tree
	n := &t.Nodes[r]
	c.Ref = r
	switch n.Kind {
	case js.AssignmentExpression:
		if t.Nodes[n.First].Kind != js.MemberExpression {
			return c, false
		}
		c.Assign = true
		c.Callees = d.Of(n.First)
		c.Arguments = []js.Ref{t.Nodes[n.First].Next}
		return c, true
	case js.NewExpression:
		c.New = true
	case js.CallExpression, js.TaggedTemplateExpression:
	default:
		return c, false
	}
	if t.Nodes[n.First].Kind == js.MemberExpression {
		c.Method, _ = d.folder.Member(n.First)
	}
	for i, at := range d.targets(r) {
		if i == 0 {
			c.Arguments, c.New = at.args, at.new
		}
		if name, ok := d.name(at.id); ok {
			if c.Callees == nil {
				c.Arguments, c.New = at.args, at.new
			}
			c.Callees = append(c.Callees, name)
		}
	}
	if c.Callees == nil {
		c.Arguments, _ = d.arguments(t.Nodes[n.First].Next)
	}
	return c, true
}

// Target returns the name of the variable or property that the value of an
// expression is given to, through what only hands it on; "" where it is to none.
func (d *Denoter) Target(r js.Ref) string {
	t := d.tree
	for steps := 0; steps < 32; steps++ {
		p := t.Nodes[r].Parent
		n := &t.Nodes[p]
		switch n.Kind {
		case js.VariableDeclarator:
			return t.Text(n.First)
		case js.AssignmentExpression:
			if n.First == r {
				return ""
			}
			if t.Nodes[n.First].Kind == js.MemberExpression {
				name, _ := d.folder.Member(n.First)
				return name
			}
			return t.Text(n.First)
		case js.Property, js.PropertyDefinition:
			if n.First == r {
				return ""
			}
			name, _ := d.keyName(p)
			return name
		case js.AssignmentPattern:
			return t.Text(n.First)
		case js.ReturnStatement, js.BlockStatement, js.FunctionBody, js.Parameters:
			// The value of a function is known by the function's name.
			f := p
			for k := 0; k < 8 && t.Nodes[f].Kind != js.FunctionDeclaration && t.Nodes[f].Kind != js.FunctionExpression &&
				t.Nodes[f].Kind != js.ArrowFunctionExpression; k++ {
				f = t.Nodes[f].Parent
			}
			if name := t.Nodes[f].First; t.Nodes[name].Kind == js.Binding {
				return t.Text(name)
			}
			if k := t.Nodes[t.Nodes[f].Parent].Kind; k != js.VariableDeclarator && k != js.Property && k != js.MethodDefinition &&
				k != js.AssignmentExpression {
				return ""
			}
			if t.Nodes[t.Nodes[f].Parent].Kind == js.MethodDefinition {
				name, _ := d.keyName(t.Nodes[f].Parent)
				return name
			}
			r = f
			continue
		case js.ExpressionStatement, js.Program, js.Invalid:
			return ""
		}
		r = p
	}
	return ""
}

// LastArgument returns the last argument of a call, 0 where it has none or is a
// spread.
func (d *Denoter) LastArgument(call js.Ref) js.Ref {
	callee := d.tree.Nodes[call].First
	r := d.last(call)
	if r == callee || d.tree.Nodes[r].Kind == js.SpreadElement {
		return 0
	}
	return r
}
