package denote

import "github.com/nbuild/nbuild/internal/js"

// expression works out the values of a node. What it doesn't know is nothing.
func (d *Denoter) expression(r js.Ref) set {
	t := d.tree
	n := &t.Nodes[r]
	switch n.Kind {
	case js.Identifier:
		if v := d.scopes.Of(r); v != 0 {
			return d.variable(v)
		}
		return d.global(js.Atom(n.Value))
	case js.Binding:
		return d.variable(d.scopes.Of(r))
	case js.MemberExpression:
		return d.memberExpression(r)
	case js.CallExpression, js.NewExpression, js.TaggedTemplateExpression:
		return d.result(r)
	case js.ChainExpression:
		return d.eval(n.First)
	case js.SequenceExpression:
		return d.eval(d.last(r))
	case js.ConditionalExpression:
		return d.union(d.eval(t.Child(r, 1)), d.eval(t.Child(r, 2)))
	case js.LogicalExpression:
		right := d.eval(t.Child(r, 1))
		if n.Op == js.OpAnd {
			return right
		}
		return d.union(d.eval(n.First), right)
	case js.AssignmentExpression:
		switch n.Op {
		case js.OpAssign:
			return d.eval(t.Child(r, 1))
		case js.OpAnd, js.OpOr, js.OpNullish:
			return d.union(d.eval(n.First), d.eval(t.Child(r, 1)))
		case js.OpAdd:
			return d.sum(n.First, t.Child(r, 1))
		}
		return none
	case js.AwaitExpression:
		return d.unwrap(d.eval(n.First))
	case js.ImportExpression:
		return d.promise(d.modules(n.First))
	case js.MetaProperty:
		if n.Op == js.OpImportMeta {
			return d.path("import.meta", 0)
		}
		return none
	case js.ThisExpression:
		return d.this(r)
	case js.FunctionExpression, js.ArrowFunctionExpression, js.FunctionDeclaration:
		return d.own(functionForm, r)
	case js.ClassExpression, js.ClassDeclaration:
		return d.own(classForm, r)
	case js.ObjectExpression:
		return d.own(objectForm, r)
	case js.ArrayExpression:
		return d.own(arrayForm, r)
	case js.String, js.TemplateLiteral:
		return d.instance("String")
	case js.NumericLiteral:
		return d.instance("Number")
	case js.BigIntLiteral:
		return d.instance("BigInt")
	case js.BooleanLiteral:
		return d.instance("Boolean")
	case js.RegExpLiteral:
		return d.instance("RegExp")
	case js.UnaryExpression:
		switch n.Op {
		case js.OpTypeof:
			return d.instance("String")
		case js.OpNot, js.OpDelete:
			return d.instance("Boolean")
		}
		return none
	case js.BinaryExpression:
		if n.Op == js.OpAdd {
			return d.sum(n.First, t.Child(r, 1))
		}
		return none
	case js.SpreadElement:
		return none
	}
	return none
}

// sum is the value of a + b: a string where one of both is. A long sum leans to the
// left, so it is walked there and not recursed into.
func (d *Denoter) sum(left, right js.Ref) set {
	text := d.instance("String")
	for {
		if d.memo[right] == text || d.kindIsString(right) {
			return text
		}
		n := &d.tree.Nodes[left]
		if n.Kind != js.BinaryExpression || n.Op != js.OpAdd {
			break
		}
		left, right = n.First, d.tree.Child(left, 1)
	}
	if d.String(left) || d.String(right) {
		return text
	}
	return none
}

func (d *Denoter) kindIsString(r js.Ref) bool {
	k := d.tree.Nodes[r].Kind
	return k == js.String || k == js.TemplateLiteral
}

// last returns the last child of a node.
func (d *Denoter) last(r js.Ref) js.Ref {
	last := d.tree.Nodes[r].First
	for c := last; c != 0; c = d.tree.Nodes[c].Next {
		last = c
	}
	return last
}

// global returns the value of a name that the file doesn't declare.
func (d *Denoter) global(a js.Atom) set {
	for int(a) >= len(d.atoms) {
		d.atoms = append(d.atoms, make([]valueID, int(a)+1-len(d.atoms))...)
	}
	if id := d.atoms[a]; id != 0 {
		return set(id)
	}
	s := d.globalNamed(d.tree.Name(a), 0)
	d.atoms[a] = valueID(s)
	return s
}

func (d *Denoter) globalNamed(name string, via Via) set {
	switch globals()[name] {
	case notGlobal:
		return none
	case theGlobal:
		return d.path("globalThis", via)
	case fromWrapper:
		if name == "exports" {
			return d.one(value{form: pathForm, parent: valueID(d.path("module", 0)), name: "exports"})
		}
	}
	return d.path(name, via)
}

// this returns the value of a ThisExpression: the global object where a file or a
// plain function that is called at once may have it.
func (d *Denoter) this(r js.Ref) set {
	f := d.function(r)
	if f == 0 {
		if d.tree.Goal == js.Module || d.inClass(r) != 0 {
			return none
		}
		return d.path("globalThis", ViaThis)
	}
	n := &d.tree.Nodes[f]
	if n.Kind != js.FunctionExpression || n.Flags&js.FlagStrict != 0 {
		return none
	}
	parent := &d.tree.Nodes[n.Parent]
	if parent.Kind == js.CallExpression && parent.First == f {
		return d.path("globalThis", ViaThis)
	}
	// (function () { … }).call(this)
	if parent.Kind == js.MemberExpression && parent.First == f {
		call := &d.tree.Nodes[parent.Parent]
		if call.Kind == js.CallExpression && call.First == n.Parent {
			if name, ok := d.folder.Member(n.Parent); ok && (name == "call" || name == "apply") {
				if first := d.tree.Child(parent.Parent, 1); first != 0 {
					return d.eval(first)
				}
			}
		}
	}
	return none
}

// maxClimb bounds how far up a node's parents are followed.
const maxClimb = 512

// function returns the innermost function around a node that has a this of its own, 0
// for none: methods, getters and constructors count, arrows do not.
func (d *Denoter) function(r js.Ref) js.Ref {
	child := r
	for p := d.tree.Nodes[r].Parent; p != 0; child, p = p, d.tree.Nodes[p].Parent {
		switch n := &d.tree.Nodes[p]; n.Kind {
		case js.FunctionExpression, js.FunctionDeclaration:
			return p
		case js.ClassBody:
			if k := d.tree.Nodes[child].Kind; k == js.PropertyDefinition || k == js.StaticBlock {
				return 0
			}
		}
	}
	return 0
}

// inClass returns the innermost ClassBody around a node, 0 for none.
func (d *Denoter) inClass(r js.Ref) js.Ref {
	for p, steps := d.tree.Nodes[r].Parent, 0; p != 0 && steps < maxClimb; p, steps = d.tree.Nodes[p].Parent, steps+1 {
		if d.tree.Nodes[p].Kind == js.ClassBody {
			return p
		}
	}
	return 0
}
