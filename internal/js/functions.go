package js

// enclosing is what a function hides of the function around it.
type enclosing struct {
	ctx              context
	yieldAt, awaitAt uint32
	labels           int
}

func (p *parser) enterFunction(clear, set context) enclosing {
	f := enclosing{p.ctx, p.yieldAt, p.awaitAt, p.labelBase}
	p.labelBase = len(p.labels)
	p.ctx = p.ctx&^clear | set
	p.yieldAt, p.awaitAt = 0, 0
	return f
}

func (p *parser) leaveFunction(f enclosing) {
	p.labels = p.labels[:p.labelBase]
	p.ctx, p.yieldAt, p.awaitAt, p.labelBase = f.ctx, f.yieldAt, f.awaitAt, f.labels
}

// function reads a function from its keyword; async has been read.
func (p *parser) function(kind Kind, start uint32, flags Flags) Ref {
	p.next()
	if p.eat(tokenMul) {
		flags |= FlagGenerator
	}
	name := Ref(0)
	switch {
	case p.tok == tokenName && kind == FunctionExpression:
		ctx := p.inside(inYield|inAwait|inStaticBlock|inNoArguments, operatorsOf(flags))
		name = p.bindingName()
		p.ctx = ctx
	case p.tok == tokenName:
		name = p.bindingName()
	case p.tok == tokenParenL && (kind == FunctionExpression || flags&flagNameless != 0):
		name = p.empty()
	default:
		p.unexpected()
		if p.tok != tokenParenL && !closing(p.tok) && p.tok != tokenBraceL {
			p.next()
		}
		name = p.empty()
	}
	return p.functionRest(kind, start, name, flags&^flagNameless, 0, false)
}

// flagNameless lets a declaration have no name: behind export default.
const flagNameless Flags = 1 << 15

// operatorsOf returns which words are operators in a function.
func operatorsOf(flags Flags) (c context) {
	if flags&FlagAsync != 0 {
		c |= inAwait
	}
	if flags&FlagGenerator != 0 {
		c |= inYield
	}
	return c
}

// method reads the function of a method, from its parameters on.
func (p *parser) method(fn, property Flags, super context) Ref {
	start := p.start
	name := p.emptyAt(start)
	r := p.functionRest(FunctionExpression, start, name, fn, super, true)
	if property&(FlagGetter|FlagSetter) != 0 {
		params := p.nodes[name].Next
		first := p.nodes[params].First
		switch {
		case property&FlagGetter != 0 && first != 0:
			p.early(p.nodes[first].Start, "a getter has no parameters")
		case property&FlagSetter != 0 && (first == 0 || p.nodes[first].Next != 0 || p.kind(first) == RestElement):
			p.early(start, "a setter has one parameter")
		}
	}
	return r
}

// functionRest reads parameters and body.
func (p *parser) functionRest(kind Kind, start uint32, name Ref, flags Flags, super context, unique bool) Ref {
	f := p.enterFunction(^inStrict, operatorsOf(flags)|inFunction|inNewTarget|inNested|inAnyFunction|super|inParameters)
	params := p.parameters()
	p.ctx &^= inParameters
	p.yieldAt, p.awaitAt = 0, 0
	body := p.functionBody(params, name, f.ctx, unique)
	if p.ctx&inStrict != 0 {
		flags |= FlagStrict
	}
	p.leaveFunction(f)
	r := p.node3(kind, OpNone, start, name, params, body)
	p.nodes[r].Flags |= flags
	if n := &p.nodes[name]; n.Kind == Empty {
		n.Start, n.End = p.nodes[r].Start, p.nodes[r].Start
	}
	return r
}

// parameters reads parameters in their parentheses.
func (p *parser) parameters() Ref {
	start := p.start
	var l list
	if !p.expect(tokenParenL) {
		return p.node(Parameters, min(start, p.prevEnd))
	}
	for p.tok != tokenParenR && p.tok != tokenEOF {
		part := p.start
		if p.tok == tokenEllipsis {
			p.next()
			p.add(&l, p.node1(RestElement, OpNone, part, p.bindingTarget()))
			if p.tok != tokenParenR {
				p.failAt(p.start, "a rest comes last")
			}
		} else {
			p.add(&l, p.bindingElement())
		}
		if !p.separated(tokenParenR, part) {
			break
		}
	}
	if !p.expect(tokenParenR) && p.skipTo(tokenParenR) {
		p.next()
	}
	return p.nodeList(Parameters, start, l)
}

// functionBody reads the statements of a function and checks its name and its
// parameters, which a directive among them can make strict. unique says that no two
// parameters may have one name in any mode.
func (p *parser) functionBody(params, name Ref, before context, unique bool) Ref {
	start := p.start
	if p.tok != tokenBraceL {
		p.unexpected()
		p.skipToBody()
		if p.tok != tokenBraceL {
			return p.node(FunctionBody, p.prevEnd)
		}
		start = p.start
	}
	p.next()
	l := p.statements(tokenBraceR, true)
	strict := p.ctx&inStrict != 0
	turned := strict && before&inStrict == 0
	simple := true
	for c := p.nodes[params].First; c != 0; c = p.nodes[c].Next {
		if p.kind(c) != Binding {
			simple = false
			break
		}
	}
	if !simple {
		p.refuseUseStrict(l.first)
	}
	if turned && name != 0 && p.kind(name) == Binding {
		p.checkStrictName(name)
	}
	p.checkParameters(params, turned, unique || strict || !simple)
	p.expect(tokenBraceR)
	return p.nodeList(FunctionBody, start, l)
}

// refuseUseStrict refuses the directive in a body, given its first statement.
func (p *parser) refuseUseStrict(s Ref) {
	for ; s != 0 && p.kind(s) == Directive; s = p.nodes[s].Next {
		if value := &p.nodes[p.nodes[s].First]; string(p.src[value.Start+1:value.End-1]) == useStrict {
			p.early(value.Start, "'use strict' needs parameters that are plain names")
		}
	}
}

// skipToBody looks for the body of a function behind what should not stand before it.
func (p *parser) skipToBody() {
	base := len(p.stack)
	for p.tok != tokenEOF && !(len(p.stack) == base && (closing(p.tok) || p.tok == tokenBraceL)) {
		p.skipToken(base)
	}
	p.stack = p.stack[:base]
}

// checkStrictName applies the rules of strict mode to a name that was read before.
func (p *parser) checkStrictName(r Ref) {
	n := &p.nodes[r]
	name := Atom(n.Value)
	if name >= atomImplements && name <= atomYield {
		p.early(n.Start, "'"+knownNames[name]+"' is no name in strict mode")
	}
	p.checkBinding(name, n.Start)
}

// checkParameters looks at the names of parameters: by the rules of strict mode if
// it came behind them, and for names that stand there twice.
func (p *parser) checkParameters(params Ref, turned, unique bool) {
	first := p.nodes[params].First
	if first == 0 || !turned && p.nodes[first].Next == 0 && p.kind(first) == Binding {
		return
	}
	if !turned && !unique {
		return
	}
	p.stamp++
	for c := first; c != 0; c = p.nodes[c].Next {
		p.checkParameter(c, turned, unique)
	}
}

func (p *parser) checkParameter(r Ref, turned, unique bool) {
	n := &p.nodes[r]
	switch n.Kind {
	case Binding:
		if turned {
			p.checkStrictName(r)
		}
		if unique && p.seen(Atom(n.Value)) {
			p.early(n.Start, "two parameters of one name")
		}
	case AssignmentPattern, RestElement:
		p.checkParameter(n.First, turned, unique)
	case PatternProperty:
		p.checkParameter(p.nodes[n.First].Next, turned, unique)
	case ArrayPattern, ObjectPattern:
		for c := n.First; c != 0; c = p.nodes[c].Next {
			p.checkParameter(c, turned, unique)
		}
	}
}

// seen says whether a name was seen since the stamp was changed last.
func (p *parser) seen(name Atom) bool {
	if int(name) >= len(p.marks) {
		marks := make([]uint32, 2*len(p.atoms.offsets)+int(name))
		copy(marks, p.marks)
		p.marks = marks
	}
	if p.marks[name] == p.stamp {
		return true
	}
	p.marks[name] = p.stamp
	return false
}

// bindingName reads a name that is declared.
func (p *parser) bindingName() Ref {
	if p.tok != tokenName {
		return p.missing()
	}
	if p.atom <= lastGuarded {
		p.checkName(p.atom, p.start)
		p.checkBinding(p.atom, p.start)
	}
	return p.named(Binding)
}

// bindingTarget reads a name or a pattern that is declared.
func (p *parser) bindingTarget() Ref {
	switch p.tok {
	case tokenBracketL, tokenBraceL:
		if !p.enter() {
			p.depth--
			return p.tooDeep()
		}
		var r Ref
		if p.tok == tokenBracketL {
			r = p.arrayPattern()
		} else {
			r = p.objectPattern()
		}
		p.depth--
		return r
	}
	return p.bindingName()
}

// bindingElement reads a name or a pattern with its default value.
func (p *parser) bindingElement() Ref {
	start := p.start
	r := p.bindingTarget()
	if p.tok != tokenAssign {
		return r
	}
	p.next()
	ctx := p.inside(inNoIn, 0)
	value := p.assignment()
	p.ctx = ctx
	return p.node2(AssignmentPattern, OpNone, start, r, value)
}

func (p *parser) arrayPattern() Ref {
	start := p.start
	p.next()
	var l list
	for p.tok != tokenBracketR && p.tok != tokenEOF {
		part := p.start
		switch p.tok {
		case tokenComma:
			h := p.emptyAt(p.start)
			p.nodes[h].Kind = Hole
			p.add(&l, h)
			p.next()
			continue
		case tokenEllipsis:
			p.next()
			p.add(&l, p.node1(RestElement, OpNone, part, p.bindingTarget()))
			if p.tok != tokenBracketR {
				p.failAt(p.start, "a rest comes last")
			}
		default:
			p.add(&l, p.bindingElement())
		}
		if !p.separated(tokenBracketR, part) {
			break
		}
	}
	p.expect(tokenBracketR)
	return p.nodeList(ArrayPattern, start, l)
}

func (p *parser) objectPattern() Ref {
	start := p.start
	p.next()
	var l list
	for p.tok != tokenBraceR && p.tok != tokenEOF {
		part := p.start
		if p.tok == tokenEllipsis {
			p.next()
			p.add(&l, p.node1(RestElement, OpNone, part, p.bindingName()))
			if p.tok != tokenBraceR {
				p.failAt(p.start, "a rest comes last")
			}
		} else {
			p.add(&l, p.patternProperty())
		}
		if !p.separated(tokenBraceR, part) {
			break
		}
	}
	p.expect(tokenBraceR)
	return p.nodeList(ObjectPattern, start, l)
}

func (p *parser) patternProperty() Ref {
	start := p.start
	tok, name, escaped := p.tok, p.atom, p.escaped
	key, flags := p.key()
	var value Ref
	switch {
	case p.eat(tokenColon):
		value = p.bindingElement()
	case tok == tokenName:
		flags |= FlagShorthand
		value = p.shorthand(name, start, escaped)
		p.nodes[value].Kind = Binding
		p.checkBinding(name, start)
		if p.tok == tokenAssign {
			p.next()
			ctx := p.inside(inNoIn, 0)
			right := p.assignment()
			p.ctx = ctx
			value = p.node2(AssignmentPattern, OpNone, start, value, right)
		}
	default:
		p.unexpected()
		value = p.emptyAt(p.prevEnd)
		p.nodes[value].Kind = Error
	}
	r := p.node2(PatternProperty, OpNone, start, key, value)
	p.nodes[r].Flags |= flags
	return r
}
