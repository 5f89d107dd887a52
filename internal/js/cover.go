package js

// An arrow function is known by its arrow, and an assignment pattern by its equals
// sign, when their left side has been read as an expression. It is not read again:
// its nodes are given the kinds that they turned out to have.

// checkName refuses a name that can't be a variable here, and remembers await.
func (p *parser) checkName(name Atom, at uint32) {
	switch {
	case name > lastGuarded || name <= lastReserved:
	case name == atomYield:
		if p.ctx&(inYield|inStrict) != 0 {
			p.early(at, "yield is no name here")
		}
	case name == atomAwait:
		if p.goal == Module || p.ctx&(inAwait|inStaticBlock) != 0 {
			p.early(at, "await is no name here")
		}
		p.awaitAt = at + 1
		if p.ctx&inAnyFunction == 0 {
			p.sawAwait = true
		}
	case name == atomArguments:
		if p.ctx&inNoArguments != 0 {
			p.early(at, "no arguments in fields and static blocks")
		}
	case name < atomYield:
		if p.ctx&inStrict != 0 {
			p.early(at, "'"+knownNames[name]+"' is no name in strict mode")
		}
	}
}

// name reads a reference to a variable.
func (p *parser) name() Ref {
	if p.tok != tokenName {
		return p.missing()
	}
	p.checkName(p.atom, p.start)
	return p.named(Identifier)
}

// shorthand makes the reference of a property that is only a name, just read.
func (p *parser) shorthand(name Atom, at uint32, escaped bool) Ref {
	p.checkName(name, at)
	r := p.node(Identifier, at)
	p.nodes[r].Value = uint32(name)
	if escaped {
		p.nodes[r].Flags = FlagEscaped
	}
	return r
}

// checkBinding refuses names that strict mode lets nobody bind or assign.
func (p *parser) checkBinding(name Atom, at uint32) {
	if (name == atomEval || name == atomArguments) && p.ctx&inStrict != 0 {
		p.early(at, "'"+knownNames[name]+"' can't be bound or assigned in strict mode")
	}
}

// simpleTarget checks what ++, -- and compound assignments change.
func (p *parser) simpleTarget(r Ref) {
	n := &p.nodes[r]
	switch n.Kind {
	case Identifier:
		p.checkBinding(Atom(n.Value), n.Start)
	case MemberExpression, Error:
	case CallExpression:
		// The web needs it: in sloppy code f() = 1 is an error only when it runs
		// (ECMA-262 §13.15.1, the assignment target type web-compat).
		if p.ctx&inStrict == 0 && p.nodes[n.First].Kind != Super {
			return
		}
		p.early(n.Start, "what a call gives can't be assigned to")
	default:
		p.early(n.Start, "this can't be assigned to")
	}
}

// target checks the left side of an assignment by an operator, and makes a pattern of a
// literal.
func (p *parser) target(r Ref, op Op) {
	switch k := p.kind(r); {
	case op == OpAssign && (k == ArrayExpression || k == ObjectExpression) && !p.parenthesized(r):
		p.pattern(r, false)
	case k == CallExpression && (op == OpAnd || op == OpOr || op == OpNullish):
		p.early(p.nodes[r].Start, "what a call gives can't be assigned to") // in sloppy code as well
	default:
		p.simpleTarget(r)
	}
}

// pattern makes a pattern of an expression: of a declaration (the parameters of an
// arrow function), or of an assignment. What an inner assignment made a pattern is
// not looked at twice by an outer one.
func (p *parser) pattern(r Ref, binding bool) {
	n := &p.nodes[r]
	if n.Flags&FlagParenthesized != 0 && (binding || n.Kind != Identifier && n.Kind != MemberExpression) {
		p.failAt(n.Start, "no parentheses in a pattern")
		return
	}
	switch n.Kind {
	case Identifier:
		p.checkBinding(Atom(n.Value), n.Start)
		if binding {
			n.Kind = Binding
		}
	case MemberExpression:
		if binding {
			p.failAt(n.Start, "a parameter is a name or a pattern")
		}
	case AssignmentExpression:
		if n.Op != OpAssign {
			p.failAt(n.Start, "a default value is written with =")
			return
		}
		n.Kind, n.Op = AssignmentPattern, OpNone
		if left := n.First; binding {
			p.pattern(left, true)
		}
	case AssignmentPattern:
		p.pattern(n.First, binding)
	case ArrayExpression, ObjectExpression:
		if n.Kind == ArrayExpression {
			n.Kind = ArrayPattern
		} else {
			n.Kind = ObjectPattern
		}
		p.patternParts(n.First, n.Kind, binding)
	case ArrayPattern, ObjectPattern:
		if binding {
			p.patternParts(n.First, n.Kind, binding)
		}
	case Error, Hole:
	default:
		p.failAt(n.Start, "this can't stand in a pattern")
	}
}

func (p *parser) patternParts(c Ref, of Kind, binding bool) {
	for ; c != 0; c = p.nodes[c].Next {
		n := &p.nodes[c]
		switch n.Kind {
		case SpreadElement, RestElement:
			p.rest(c, of, binding)
		case Property:
			if n.Flags&(FlagMethod|FlagGetter|FlagSetter) != 0 {
				p.failAt(n.Start, "no methods in a pattern")
				continue
			}
			n.Kind = PatternProperty
			p.pattern(p.nodes[n.First].Next, binding)
		case PatternProperty:
			p.pattern(p.nodes[n.First].Next, binding)
		default:
			p.pattern(c, binding)
		}
	}
}

// rest makes a rest of a spread.
func (p *parser) rest(r Ref, of Kind, binding bool) {
	n := &p.nodes[r]
	argument := n.First
	if n.Kind == SpreadElement {
		if n.Next != 0 || n.Value != 0 {
			p.failAt(n.Start, "a rest comes last")
		}
		n.Kind, n.Value = RestElement, 0
	}
	a := &p.nodes[argument]
	switch {
	case a.Kind == AssignmentExpression || a.Kind == AssignmentPattern:
		p.failAt(a.Start, "a rest has no default value")
		return
	case of == ObjectPattern && a.Kind != Identifier && a.Kind != MemberExpression && a.Kind != Binding:
		p.failAt(a.Start, "the rest of an object is one name")
		return
	}
	p.pattern(argument, binding)
}
