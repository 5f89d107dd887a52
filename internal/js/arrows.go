package js

// parenthesis reads what starts with a parenthesis: an expression in parentheses,
// or an arrow function where one can stand.
func (p *parser) parenthesis(arrow bool) (r Ref, isArrow bool) {
	start := p.start
	ctx := p.inside(inNoIn, 0)
	cover, proto := p.coverError, p.protoError
	p.coverError, p.protoError = 0, 0
	p.next()
	inner := p.start
	l, refused := p.coverList()
	innerEnd := p.prevEnd
	if refused == 0 && l.first == 0 {
		refused = p.start + 1
	}
	p.expect(tokenParenR)
	p.ctx = ctx
	if arrow && p.tok == tokenArrow && !p.newline {
		p.coverError, p.protoError = cover, proto
		return p.arrowOfList(start, p.nodeList(Parameters, start, l), 0), true
	}
	p.reportCover()
	p.coverError, p.protoError = cover, proto
	if refused != 0 {
		p.failAt(refused-1, "this stands only in parameters")
	}
	switch {
	case l.first == 0:
		r = p.node(Error, start)
		return r, false
	case l.first == l.last:
		r = l.first
	default:
		r = p.nodeList(SequenceExpression, inner, l)
		p.nodes[r].End = innerEnd
	}
	p.nodes[r].Flags |= FlagParenthesized
	return r, false
}

// coverList reads expressions or parameters up to a closing parenthesis. Where they
// hold what only parameters can, refused is 1 + its offset.
func (p *parser) coverList() (l list, refused uint32) {
	for p.tok != tokenParenR && p.tok != tokenEOF {
		part := p.start
		if p.tok == tokenEllipsis {
			if refused == 0 {
				refused = p.start + 1
			}
			p.next()
			p.add(&l, p.node1(SpreadElement, OpNone, part, p.cover()))
			p.trailing(l.last)
		} else {
			p.add(&l, p.cover())
		}
		comma := p.start
		if !p.separated(tokenParenR, part) {
			break
		}
		if p.tok == tokenParenR && comma != p.start && refused == 0 {
			refused = comma + 1
		}
	}
	return l, refused
}

// async reads what starts with the name async: a function, an arrow function where
// one can stand (then isArrow), a call of something called async, or that name.
func (p *parser) async(arrow bool) (r Ref, isArrow bool) {
	start := p.start
	s := p.mark()
	p.next()
	if !p.newline {
		switch {
		case p.tok == tokenFunction:
			return p.function(FunctionExpression, start, FlagAsync), false
		case arrow && p.tok == tokenName:
			at := p.mark()
			p.next()
			if p.tok == tokenArrow && !p.newline {
				p.reset(at)
				ctx := p.inside(0, inAwait)
				name := p.name()
				p.ctx = ctx
				return p.arrowOfName(name, start, true), true
			}
		case arrow && p.tok == tokenParenL:
			p.reset(s)
			return p.asyncList(start)
		}
	}
	p.reset(s)
	return p.named(Identifier), false
}

// asyncList reads async with a list in parentheses: a call or an arrow function.
func (p *parser) asyncList(start uint32) (r Ref, isArrow bool) {
	callee := p.named(Identifier)
	open := p.start
	ctx := p.inside(inNoIn, 0)
	cover, proto, await := p.coverError, p.protoError, p.awaitAt
	p.coverError, p.protoError, p.awaitAt = 0, 0, 0
	p.next()
	l, _ := p.coverList()
	p.expect(tokenParenR)
	p.ctx = ctx
	if p.tok == tokenArrow && !p.newline {
		if p.awaitAt != 0 {
			p.early(p.awaitAt-1, "no await in parameters of an async function")
		}
		p.coverError, p.protoError, p.awaitAt = cover, proto, await
		p.nodes[callee] = Node{Kind: Empty, Start: start, End: start}
		params := p.nodeList(Parameters, open, l)
		return p.arrowWith(callee, start, params, FlagAsync), true
	}
	p.reportCover()
	p.coverError, p.protoError, p.awaitAt = cover, proto, max(await, p.awaitAt)
	args := list{callee, callee}
	if l.first != 0 {
		p.nodes[callee].Next = l.first
		args.last = l.last
	}
	return p.nodeList(CallExpression, start, args), false
}

// arrowOfName makes the arrow function of a single name, in front of its arrow.
func (p *parser) arrowOfName(name Ref, start uint32, async bool) Ref {
	params := p.node1(Parameters, OpNone, p.nodes[name].Start, name)
	flags := Flags(0)
	if async {
		flags = FlagAsync
	}
	return p.arrowOfList(start, params, flags)
}

// arrowOfList makes the arrow function of parameters in front of its arrow.
func (p *parser) arrowOfList(start uint32, params Ref, flags Flags) Ref {
	return p.arrowWith(p.emptyAt(start), start, params, flags)
}

func (p *parser) arrowWith(empty Ref, start uint32, params Ref, flags Flags) Ref {
	if p.yieldAt > start {
		p.early(p.yieldAt-1, "no yield in parameters")
	}
	if p.awaitAt > start && p.ctx&inAwait != 0 && flags&FlagAsync == 0 {
		p.early(p.awaitAt-1, "no await in parameters")
	}
	for c := p.nodes[params].First; c != 0; c = p.nodes[c].Next {
		if k := p.kind(c); k == SpreadElement {
			p.rest(c, Parameters, true)
		} else {
			p.pattern(c, true)
		}
	}
	p.next()
	f := p.enterFunction(inYield|inAwait|inLoop|inBreakable|inParameters|inStaticBlock, inNested|inAnyFunction)
	if flags&FlagAsync != 0 {
		p.ctx |= inAwait
	}
	var body Ref
	if p.tok == tokenBraceL {
		p.ctx = p.ctx&^inNoIn | inFunction
		body = p.functionBody(params, 0, f.ctx, true)
	} else {
		flags |= FlagExpression
		at := p.start
		e := p.assignment()
		body = p.node1(FunctionBody, OpNone, at, e)
		p.nodes[body].Flags |= FlagExpression
		p.checkParameters(params, false, true)
	}
	if p.ctx&inStrict != 0 {
		flags |= FlagStrict
	}
	p.leaveFunction(f)
	r := p.node3(ArrowFunctionExpression, OpNone, start, empty, params, body)
	p.nodes[r].Flags |= flags
	return r
}
