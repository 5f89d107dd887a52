package js

// walk visits every node once, children after their parent and siblings in order,
// without recursion: trees of long sums are as deep as they are long.
func (d *declarer) walk() {
	nodes := d.tree.Nodes
	var bodies []Ref // of with statements whose object is being visited
	var body Ref
	r := d.tree.Root
	for {
		n := &nodes[r]
		if r == body && body != 0 {
			bodies = bodies[:len(bodies)-1]
			body = 0
			if len(bodies) > 0 {
				body = bodies[len(bodies)-1]
			}
			with := n.Parent
			d.open(WithScope, with, false)
			d.withs = true
		}
		d.in[r] = d.current
		switch n.Kind {
		case Identifier:
			d.events = append(d.events, event{r, access(nodes, r)})
			if Atom(n.Value) == atomEval {
				d.directEval(r)
			}
		case Binding:
			if d.of[r] == 0 {
				d.binding(r)
			}
		case Program:
			d.open(TopScope, r, n.Flags&FlagStrict != 0)
		case BlockStatement:
			d.open(BlockScope, r, false)
		case ForStatement, ForInStatement, ForOfStatement:
			if first := &nodes[n.First]; n.First != 0 && first.Kind == VariableDeclaration && first.Op != OpVar {
				d.open(BlockScope, r, false)
			}
		case SwitchCase:
			if d.opener != n.Parent {
				d.open(BlockScope, n.Parent, false)
				d.in[r] = d.current
			}
		case WithStatement:
			if n.First != 0 && nodes[n.First].Next != 0 {
				body = nodes[n.First].Next
				bodies = append(bodies, body)
			}
		case CatchClause:
			d.open(CatchScope, r, false)
			d.binds = declares{kind: CatchVariable, plain: n.First != 0 && nodes[n.First].Kind == Binding}
		case ClassDeclaration, ClassExpression:
			d.class(r)
		case Decorator:
			d.decorators = true
			if k := nodes[n.Parent].Kind; (k == ClassDeclaration || k == ClassExpression) && d.opener == n.Parent {
				d.close() // decorators of a class stand outside of it
				d.in[r] = d.current
			}
		case FunctionDeclaration, FunctionExpression, ArrowFunctionExpression:
			d.function(r)
		case StaticBlock:
			d.open(BlockScope, r, true)
			f := &d.frames[d.current]
			f.function, f.vars = d.current, d.current
		case FunctionBody:
			if d.frames[d.current].expressions && d.opener == n.Parent {
				function := d.current
				d.open(FunctionScope, r, false)
				d.frames[d.current].function = function
			}
		case Parameters:
			d.binds = declares{kind: ParameterVariable}
		case VariableDeclarator:
			d.declarator(r)
		case AssignmentPattern:
			d.parameterExpression()
		case PatternProperty:
			if n.Flags&FlagComputed != 0 {
				d.parameterExpression()
			}
		}
		if n.First != 0 {
			r = n.First
			continue
		}
		for {
			for d.opener == r {
				d.close()
			}
			if r == d.tree.Root {
				return
			}
			if next := nodes[r].Next; next != 0 {
				r = next
				break
			}
			r = nodes[r].Parent
		}
	}
}

func (d *declarer) parameterExpression() {
	if d.binds.kind == ParameterVariable && d.scopes[d.current].Kind == FunctionScope {
		d.frames[d.current].expressions = true
	}
}

// binding declares a name of a pattern or an import.
func (d *declarer) binding(r Ref) {
	p := &d.tree.Nodes[d.tree.Nodes[r].Parent]
	switch p.Kind {
	case ImportDefaultSpecifier, ImportNamespaceSpecifier, ImportSpecifier:
		d.declare(r, declares{kind: ImportVariable, value: 1})
		return
	}
	c := d.binds
	if p.Kind == AssignmentPattern && p.First == r {
		c.value = 1
	}
	if c.kind == 0 {
		c.kind = VarVariable // of what could not be read
	}
	d.declare(r, c)
}

func (d *declarer) declarator(r Ref) {
	nodes := d.tree.Nodes
	n := &nodes[r]
	declaration := &nodes[n.Parent]
	var c declares
	switch declaration.Op {
	case OpLet, OpUsing, OpAwaitUsing:
		c.kind = LetVariable
	case OpConst:
		c.kind = ConstVariable
	default:
		c.kind = VarVariable
	}
	if n.First != 0 && nodes[n.First].Next != 0 {
		c.value = 1
	}
	switch loop := &nodes[declaration.Parent]; loop.Kind {
	case ForInStatement, ForOfStatement:
		if loop.First == n.Parent {
			c.value = 1
		}
	}
	d.binds = c
}

func (d *declarer) class(r Ref) {
	nodes := d.tree.Nodes
	n := &nodes[r]
	name := n.First
	if name != 0 && nodes[name].Kind != Binding {
		name = 0
	}
	if name != 0 && n.Kind == ClassDeclaration {
		d.declare(name, declares{kind: ClassVariable, value: 1})
	}
	d.open(ClassScope, r, true)
	if name == 0 {
		return
	}
	own := entry{atom: Atom(nodes[name].Value), kind: ClassName, scope: d.current, declaration: name, writes: 1}
	if n.Kind == ClassDeclaration {
		d.add(own)
		return
	}
	own.writes = 0
	d.bind(name, d.add(own), 1)
}

func (d *declarer) function(r Ref) {
	nodes := d.tree.Nodes
	n := &nodes[r]
	strict := n.Flags&FlagStrict != 0
	if name := n.First; name != 0 && nodes[name].Kind == Binding {
		if n.Kind == FunctionDeclaration {
			if nodes[n.Parent].Kind == IfStatement {
				d.open(BlockScope, r, false) // Annex B.3.3: as if in a block
			}
			d.declare(name, declares{kind: FunctionVariable, value: 1, plain: n.Flags&(FlagAsync|FlagGenerator) == 0})
		} else {
			d.open(BlockScope, r, strict)
			e := d.add(entry{atom: Atom(nodes[name].Value), kind: FunctionName, scope: d.current, declaration: name})
			d.bind(name, e, 1)
		}
	}
	d.open(FunctionScope, r, strict)
}

// directEval marks what an eval with the names of its place could reach: eval(x),
// whatever eval is, but not eval?.(x) (ECMA-262 §13.3.6.1).
func (d *declarer) directEval(r Ref) {
	call := &d.tree.Nodes[d.tree.Nodes[r].Parent]
	if call.Kind != CallExpression || call.First != r || call.Flags&FlagOptional != 0 {
		return
	}
	f := &d.frames[d.current]
	f.eval = true
	f.sloppyEval = f.sloppyEval || !f.strict
}
