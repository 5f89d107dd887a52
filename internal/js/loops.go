package js

// forStatement reads the three kinds of for.
func (p *parser) forStatement() Ref {
	start := p.start
	p.next()
	var flags Flags
	if p.tok == tokenName && p.atom == atomAwait && !p.escaped {
		if p.ctx&inAnyFunction == 0 {
			p.sawAwait = true
		}
		if !p.awaits() {
			p.failAt(p.start, "for await stands in async functions")
		}
		flags = FlagAwait
		p.next()
	}
	p.expect(tokenParenL)
	outer := p.inside(0, inNoIn)
	headStart := p.start
	var init Ref
	switch {
	case p.tok == tokenSemicolon:
		init = p.empty()
		p.nodes[init].Start, p.nodes[init].End = p.start, p.start
	case p.tok == tokenVar:
		init = p.variables(OpVar, headStart)
	case p.tok == tokenConst:
		init = p.variables(OpConst, headStart)
	case p.tok == tokenName && !p.escaped && p.atom == atomLet && p.letFollows(false):
		init = p.variables(OpLet, headStart)
	case p.tok == tokenName && !p.escaped && p.atom == atomUsing && p.usingInFor():
		init = p.variables(OpUsing, headStart)
	case p.tok == tokenName && !p.escaped && p.atom == atomAwait && p.awaits() && p.usingFollows():
		p.next()
		init = p.variables(OpAwaitUsing, headStart)
	default:
		return p.forExpression(start, outer, flags)
	}
	of := p.isOf()
	if p.kind(init) == VariableDeclaration && (of || p.tok == tokenIn) {
		p.forDeclaration(init, of)
		return p.forEach(start, outer, flags, init, of)
	}
	if flags != 0 {
		p.unexpected()
	}
	if p.kind(init) == VariableDeclaration {
		op := p.nodes[init].Op
		for c := p.nodes[init].First; c != 0; c = p.nodes[c].Next {
			if target := p.nodes[c].First; p.nodes[target].Next == 0 {
				p.needsValue(op, target)
			}
		}
	}
	return p.forLoop(start, outer, init)
}

// isOf says whether the current token is of, as a keyword.
func (p *parser) isOf() bool { return p.tok == tokenName && p.atom == atomOf && !p.escaped }

// usingInFor says whether using starts a declaration in the head of a for, where
// `using of` is a name and a keyword unless another of or a value follows.
func (p *parser) usingInFor() bool {
	s := p.mark()
	p.next()
	ok := p.tok == tokenName && !p.newline
	if ok && p.isOf() {
		p.next()
		ok = p.tok == tokenAssign || p.tok == tokenSemicolon || p.tok == tokenColon || p.tok == tokenComma
	}
	p.reset(s)
	return ok
}

// forExpression reads a for whose head starts with an expression or a target.
func (p *parser) forExpression(start uint32, outer context, flags Flags) Ref {
	headStart := p.start
	startsLet := p.tok == tokenName && p.atom == atomLet
	startsAsync := p.tok == tokenName && p.atom == atomAsync && !p.escaped
	cover, proto := p.coverError, p.protoError
	p.coverError, p.protoError = 0, 0
	init := p.cover()
	of := p.isOf()
	if of || p.tok == tokenIn {
		k := p.kind(init)
		if (k == ObjectExpression || k == ArrayExpression) && !p.parenthesized(init) {
			p.coverError, p.protoError = 0, 0
		}
		if of && startsLet {
			p.failAt(headStart, "for (let of is no declaration")
		}
		if of && startsAsync && flags == 0 && k == Identifier && !p.parenthesized(init) {
			p.failAt(headStart, "for (async of is read as an arrow function")
		}
		p.target(init, OpAssign)
		p.reportCover()
		p.coverError, p.protoError = cover, proto
		return p.forEach(start, outer, flags, init, of)
	}
	p.reportCover()
	p.coverError, p.protoError = cover, proto
	if flags != 0 {
		p.unexpected()
	}
	if p.tok == tokenComma {
		l := list{init, init}
		for p.eat(tokenComma) {
			p.add(&l, p.assignment())
		}
		init = p.nodeList(SequenceExpression, headStart, l)
	}
	return p.forLoop(start, outer, init)
}

// forDeclaration checks the declaration in the head of a for-in or for-of.
func (p *parser) forDeclaration(r Ref, of bool) {
	n := p.nodes[r]
	first := p.nodes[n.First]
	target := first.First
	switch {
	case first.Next != 0:
		p.failAt(p.nodes[first.Next].Start, "one variable is declared here")
	case p.nodes[target].Next != 0:
		if of || n.Op != OpVar || p.ctx&inStrict != 0 || p.kind(target) != Binding {
			p.failAt(first.Start, "no value is declared here")
		}
	}
	if !of && (n.Op == OpUsing || n.Op == OpAwaitUsing) {
		p.failAt(n.Start, "using goes with of")
	}
	if n.Op == OpVar {
		return
	}
	p.stamp++
	p.checkParameter(target, false, true)
}

// forEach reads the rest of a for-in or for-of.
func (p *parser) forEach(start uint32, outer context, flags Flags, left Ref, of bool) Ref {
	kind := ForInStatement
	p.ctx = outer &^ inNoIn
	if of {
		kind = ForOfStatement
	} else if flags != 0 {
		p.unexpected()
	}
	p.next()
	var right Ref
	if of {
		right = p.assignment()
	} else {
		right = p.expression()
	}
	p.endHead()
	body := p.loopBody()
	p.ctx = outer
	r := p.node3(kind, OpNone, start, left, right, body)
	p.nodes[r].Flags |= flags
	return r
}

// forLoop reads the rest of a for with three parts.
func (p *parser) forLoop(start uint32, outer context, init Ref) Ref {
	p.ctx = outer &^ inNoIn
	l := list{init, init}
	p.expect(tokenSemicolon)
	for _, end := range [2]token{tokenSemicolon, tokenParenR} {
		if p.tok == end || closing(p.tok) {
			p.add(&l, p.empty())
		} else {
			p.add(&l, p.expression())
		}
		if end == tokenSemicolon {
			p.expect(tokenSemicolon)
		}
	}
	p.endHead()
	body := p.loopBody()
	p.ctx = outer
	p.add(&l, body)
	return p.nodeList(ForStatement, start, l)
}

func (p *parser) endHead() {
	if p.tok != tokenParenR {
		p.unexpected()
		p.skipTo(tokenParenR)
	}
	p.eat(tokenParenR)
}
