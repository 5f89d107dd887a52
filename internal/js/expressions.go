package js

// link is an operator that groups to the right and waits for its last operand: an
// assignment with its target, or a conditional with its test and consequent. They
// are kept beside the call stack, since generated code chains thousands of them.
type link struct {
	start      uint32
	kind       Kind
	op         Op
	left, then Ref
}

// expression reads an expression with its commas.
func (p *parser) expression() Ref {
	start := p.start
	first := p.assignment()
	if p.tok != tokenComma {
		return first
	}
	l := list{first, first}
	for p.eat(tokenComma) {
		p.add(&l, p.assignment())
	}
	return p.nodeList(SequenceExpression, start, l)
}

// assignment reads an AssignmentExpression.
func (p *parser) assignment() Ref {
	before, proto := p.coverError, p.protoError
	p.coverError, p.protoError = 0, 0
	r := p.cover()
	p.reportCover()
	p.coverError, p.protoError = before, proto
	return r
}

// reportCover reports what only a pattern can hold, where none came of it.
func (p *parser) reportCover() {
	if p.coverError != 0 {
		p.failAt(p.coverError-1, "a default value outside a pattern")
		p.coverError = 0
	}
	if p.protoError != 0 {
		p.early(p.protoError-1, "a second __proto__ in an object")
		p.protoError = 0
	}
}

// cover reads an AssignmentExpression that may yet become a pattern: then the errors
// that a pattern forgives are left in coverError and protoError.
func (p *parser) cover() Ref {
	if !p.enter() {
		p.depth--
		return p.tooDeep()
	}
	base := len(p.chain)
	cover, proto := p.coverError, p.protoError
	var r Ref
	for {
		start := p.start
		p.coverError, p.protoError = 0, 0
		var done bool
		r, done = p.operand()
		if done {
			break
		}
		if precedence[p.tok] != 0 {
			r = p.binary(r, start, 0)
		}
		if p.tok == tokenQuestion {
			p.reportCover()
			p.next()
			ctx := p.inside(inNoIn, 0)
			then := p.assignment()
			p.ctx = ctx
			if !p.eat(tokenColon) {
				p.unexpected()
				r = p.node3(ConditionalExpression, OpNone, start, r, then, p.missing())
				break
			}
			p.chain = append(p.chain, link{start, ConditionalExpression, OpNone, r, then})
			continue
		}
		if p.tok >= tokenAssign && p.tok <= tokenNullishAssign {
			op := operators[p.tok]
			if op == OpAssign {
				if k := p.kind(r); (k == ObjectExpression || k == ArrayExpression) && !p.parenthesized(r) {
					p.coverError, p.protoError = 0, 0
				}
			}
			p.target(r, op)
			p.reportCover()
			p.next()
			p.chain = append(p.chain, link{start, AssignmentExpression, op, r, 0})
			continue
		}
		break
	}
	if p.coverError != 0 || p.protoError != 0 {
		if k := p.kind(r); len(p.chain) > base || (k != ObjectExpression && k != ArrayExpression) || p.parenthesized(r) {
			p.reportCover()
		}
	}
	for len(p.chain) > base {
		c := p.chain[len(p.chain)-1]
		p.chain = p.chain[:len(p.chain)-1]
		if c.kind == AssignmentExpression {
			r = p.node2(AssignmentExpression, c.op, c.start, c.left, r)
		} else {
			r = p.node3(ConditionalExpression, OpNone, c.start, c.left, c.then, r)
		}
	}
	if cover != 0 {
		p.coverError = cover
	}
	if proto != 0 {
		p.protoError = proto
	}
	p.depth--
	return r
}

// operand reads what an AssignmentExpression starts with: an arrow function or a
// yield, after which it is done, or the first operand of what follows.
func (p *parser) operand() (r Ref, done bool) {
	start := p.start
	switch p.tok {
	case tokenName:
		switch p.atom {
		case atomAsync:
			if !p.escaped {
				if r, done = p.async(true); done {
					return r, true
				}
				break
			}
			r = p.name()
		case atomYield:
			if p.ctx&inYield != 0 {
				return p.yield(), true
			}
			r = p.name()
		case atomAwait:
			if p.awaits() {
				return p.unary(), false
			}
			r = p.name()
		default:
			if p.atom > lastGuarded {
				r = p.named(Identifier)
			} else {
				r = p.name()
			}
		}
		if p.tok == tokenArrow && !p.newline && p.kind(r) == Identifier {
			return p.arrowOfName(r, start, false), true
		}
		switch p.tok {
		case tokenComma, tokenParenR, tokenSemicolon, tokenAssign:
			return r, false
		}
	case tokenParenL:
		if r, done = p.parenthesis(true); done {
			return r, true
		}
	case tokenPrivate:
		return p.privateIn(0), false
	default:
		return p.unary(), false
	}
	r = p.postfix(p.subscripts(r, start, true), start)
	if p.tok == tokenExp {
		r = p.power(r, start)
	}
	return r, false
}

// binary reads the operators that bind tighter than a precedence, and their right
// operands. Chains to the left take no recursion.
func (p *parser) binary(left Ref, start uint32, least uint8) Ref {
	for {
		prec := precedence[p.tok]
		if prec <= least {
			return left
		}
		if p.tok == tokenIn && p.ctx&inNoIn != 0 {
			return left
		}
		op := operators[p.tok]
		at := p.start
		p.next()
		rightStart := p.start
		var right Ref
		if p.tok == tokenPrivate {
			right = p.privateIn(prec)
		} else {
			right = p.unary()
		}
		if precedence[p.tok] > prec {
			right = p.binary(right, rightStart, prec)
		}
		kind := BinaryExpression
		if op >= OpAnd && op <= OpNullish {
			kind = LogicalExpression
			p.mixed(op, left, at)
			p.mixed(op, right, at)
		}
		left = p.node2(kind, op, start, left, right)
	}
}

// mixed refuses ?? beside && or || without parentheses (ECMA-262 §13.13).
func (p *parser) mixed(op Op, side Ref, at uint32) {
	n := &p.nodes[side]
	if n.Kind == LogicalExpression && (op == OpNullish) != (n.Op == OpNullish) && n.Flags&FlagParenthesized == 0 {
		p.failAt(at, "?? beside && or || needs parentheses")
	}
}

// privateIn reads #x before in.
func (p *parser) privateIn(least uint8) Ref {
	at := p.start
	r := p.private(PrivateName)
	if p.tok != tokenIn || least >= relational || p.ctx&inNoIn != 0 {
		p.failAt(at, "a private name stands alone only before in")
	}
	return r
}

// unary reads a UnaryExpression, and the ** behind it.
func (p *parser) unary() Ref {
	start := p.start
	r := p.prefix()
	if p.tok != tokenExp {
		return r
	}
	if k := p.kind(r); (k == UnaryExpression || k == AwaitExpression) && !p.parenthesized(r) {
		p.failAt(p.start, "a unary operator before ** needs parentheses")
	}
	return p.power(r, start)
}

// prefix reads a UnaryExpression.
func (p *parser) prefix() Ref {
	start := p.start
	var op Op
	switch p.tok {
	case tokenBang, tokenTilde, tokenTypeof, tokenVoid, tokenDelete, tokenIncrement, tokenDecrement:
		op = operators[p.tok]
	case tokenAdd:
		op = OpPlus
	case tokenSub:
		op = OpMinus
	case tokenName:
		if p.atom == atomAwait && p.awaits() {
			return p.await()
		}
		fallthrough
	default:
		return p.postfix(p.subscripts(p.primary(), start, true), start)
	}
	p.next()
	argument := p.argument()
	if op == OpIncrement || op == OpDecrement {
		p.simpleTarget(argument)
		r := p.node1(UpdateExpression, op, start, argument)
		p.nodes[r].Flags |= FlagPrefix
		return r
	}
	if op == OpDelete {
		p.deleted(argument)
	}
	return p.node1(UnaryExpression, op, start, argument)
}

// argument reads what a prefix operator stands before.
func (p *parser) argument() Ref {
	var r Ref
	if p.enter() {
		r = p.prefix()
	} else {
		r = p.tooDeep()
	}
	p.depth--
	return r
}

// deleted refuses to delete names in strict mode, and private names.
func (p *parser) deleted(r Ref) {
	n := &p.nodes[r]
	switch n.Kind {
	case Identifier:
		if p.ctx&inStrict != 0 {
			p.early(n.Start, "a variable can't be deleted in strict mode")
		}
	case ChainExpression:
		p.deleted(n.First)
	case MemberExpression:
		if p.kind(p.nodes[n.First].Next) == PrivateName {
			p.early(n.Start, "a private name can't be deleted")
		}
	}
}

// postfix reads ++ and -- behind an operand.
func (p *parser) postfix(r Ref, start uint32) Ref {
	switch p.tok {
	case tokenIncrement, tokenDecrement:
		if p.newline {
			return r
		}
		p.simpleTarget(r)
		op := operators[p.tok]
		p.next()
		r = p.node1(UpdateExpression, op, start, r)
	}
	return r
}

// power reads ** and its right operand, which groups to the right.
func (p *parser) power(left Ref, start uint32) Ref {
	p.next()
	if !p.enter() {
		p.depth--
		return p.node2(BinaryExpression, OpExp, start, left, p.tooDeep())
	}
	right := p.unary()
	p.depth--
	return p.node2(BinaryExpression, OpExp, start, left, right)
}

// subscripts reads members, calls and tagged templates behind an expression.
func (p *parser) subscripts(r Ref, start uint32, calls bool) Ref {
	chain := false
	for {
		switch p.tok {
		case tokenDot:
			p.next()
			r = p.node2(MemberExpression, OpNone, start, r, p.memberName())
		case tokenBracketL:
			r = p.computedMember(r, start, 0)
		case tokenParenL:
			if !calls {
				return r
			}
			r = p.call(r, start, 0)
		case tokenOptional:
			if !calls {
				p.failAt(p.start, "no optional chain in what new calls")
			}
			if p.kind(r) == Super {
				p.unexpected()
			}
			chain = true
			p.next()
			switch p.tok {
			case tokenParenL:
				r = p.call(r, start, FlagOptional)
			case tokenBracketL:
				r = p.computedMember(r, start, FlagOptional)
			case tokenTemplate:
				p.failAt(p.start, "no template in an optional chain")
			default:
				r = p.node2(MemberExpression, OpNone, start, r, p.memberName())
				p.nodes[r].Flags |= FlagOptional
			}
		case tokenTemplate:
			if chain {
				p.failAt(p.start, "no template in an optional chain")
			}
			r = p.node2(TaggedTemplateExpression, OpNone, start, r, p.template(true))
		default:
			if chain {
				r = p.node1(ChainExpression, OpNone, start, r)
			}
			return r
		}
	}
}

// memberName reads the name behind a dot.
func (p *parser) memberName() Ref {
	switch {
	case p.tok <= tokenEscaped && p.tok != tokenEOF:
		return p.named(Name)
	case p.tok == tokenPrivate:
		return p.private(PrivateName)
	}
	return p.missing()
}

func (p *parser) computedMember(r Ref, start uint32, flags Flags) Ref {
	p.next()
	ctx := p.inside(inNoIn, 0)
	property := p.expression()
	p.ctx = ctx
	if p.tok != tokenBracketR {
		p.unexpected()
		p.skipTo(tokenBracketR)
	}
	p.eat(tokenBracketR)
	r = p.node2(MemberExpression, OpNone, start, r, property)
	p.nodes[r].Flags |= FlagComputed | flags
	return r
}

// call reads the arguments of a call.
func (p *parser) call(callee Ref, start uint32, flags Flags) Ref {
	l := list{callee, callee}
	p.arguments(&l)
	r := p.nodeList(CallExpression, start, l)
	p.nodes[r].Flags |= flags
	return r
}

// arguments reads arguments in their parentheses.
func (p *parser) arguments(l *list) {
	p.next()
	ctx := p.inside(inNoIn, 0)
	for p.tok != tokenParenR && p.tok != tokenEOF {
		part := p.start
		if p.tok == tokenEllipsis {
			p.next()
			p.add(l, p.node1(SpreadElement, OpNone, part, p.assignment()))
		} else {
			p.add(l, p.assignment())
		}
		if !p.separated(tokenParenR, part) {
			break
		}
	}
	p.ctx = ctx
	p.expect(tokenParenR)
}

// primary reads a primary expression, new, super and import among them.
func (p *parser) primary() Ref {
	switch p.tok {
	case tokenName:
		if p.atom == atomAsync && !p.escaped {
			r, _ := p.async(false)
			return r
		}
		return p.name()
	case tokenString:
		return p.stringLiteral()
	case tokenNumber:
		if p.octal && p.ctx&inStrict != 0 {
			p.early(p.start, "no number with a leading zero in strict mode")
		}
		return p.leaf(NumericLiteral, 0)
	case tokenBigInt:
		return p.bigInt()
	case tokenThis:
		return p.leaf(ThisExpression, 0)
	case tokenNull:
		return p.leaf(NullLiteral, 0)
	case tokenTrue, tokenFalse:
		op := OpTrue
		if p.tok == tokenFalse {
			op = OpFalse
		}
		r := p.leaf(BooleanLiteral, 0)
		p.nodes[r].Op = op
		return r
	case tokenParenL:
		r, _ := p.parenthesis(false)
		return r
	case tokenBracketL:
		return p.array()
	case tokenBraceL:
		return p.object()
	case tokenFunction:
		return p.function(FunctionExpression, p.start, 0)
	case tokenClass, tokenAt:
		return p.classOf(ClassExpression)
	case tokenTemplate:
		return p.template(false)
	case tokenDiv, tokenDivAssign:
		return p.regexp()
	case tokenNew:
		return p.newExpression()
	case tokenSuper:
		return p.super()
	case tokenImport:
		return p.importExpression()
	case tokenPrivate:
		return p.privateIn(relational)
	}
	return p.missing()
}

func (p *parser) stringLiteral() Ref {
	if p.octal && p.ctx&inStrict != 0 {
		p.early(p.start, "no octal escape in strict mode")
	}
	n := Node{Kind: String, Start: p.start, End: p.end}
	if p.escaped {
		n.Flags, n.Value = FlagEscaped, p.cookedN
	}
	p.nodes = append(p.nodes, n)
	r := Ref(len(p.nodes) - 1)
	p.next()
	return r
}

func (p *parser) bigInt() Ref {
	digits := make([]byte, 0, p.end-p.start)
	for _, c := range p.src[p.start : p.end-1] {
		if c != '_' {
			digits = append(digits, c)
		}
	}
	p.cooked = append(p.cooked, string(digits))
	return p.leaf(BigIntLiteral, uint32(len(p.cooked)-1))
}

// array reads an array literal.
func (p *parser) array() Ref {
	start := p.start
	p.next()
	ctx := p.inside(inNoIn, 0)
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
			p.add(&l, p.node1(SpreadElement, OpNone, part, p.cover()))
			p.trailing(l.last)
		default:
			p.add(&l, p.cover())
		}
		if !p.separated(tokenBracketR, part) {
			break
		}
	}
	p.ctx = ctx
	p.expect(tokenBracketR)
	return p.nodeList(ArrayExpression, start, l)
}

// trailing remembers in the Value of a spread that a comma follows it, which a rest
// can't have.
func (p *parser) trailing(spread Ref) {
	if p.tok == tokenComma {
		p.nodes[spread].Value = 1
	}
}

// object reads an object literal.
func (p *parser) object() Ref {
	start := p.start
	p.next()
	ctx := p.inside(inNoIn, 0)
	var l list
	proto := false
	for p.tok != tokenBraceR && p.tok != tokenEOF {
		part := p.start
		if p.tok == tokenEllipsis {
			p.next()
			p.add(&l, p.node1(SpreadElement, OpNone, part, p.cover()))
			p.trailing(l.last)
		} else {
			p.add(&l, p.property(&proto))
		}
		if !p.separated(tokenBraceR, part) {
			break
		}
	}
	p.ctx = ctx
	p.expect(tokenBraceR)
	return p.nodeList(ObjectExpression, start, l)
}

// property reads one property of an object literal.
func (p *parser) property(proto *bool) Ref {
	start := p.start
	var flags, fn Flags
	var key Ref
	if p.tok == tokenName && !p.escaped && (p.atom == atomAsync || p.atom == atomGet || p.atom == atomSet) {
		word := p.atom
		a := p.peek()
		if keyStarts(a.tok) && !(word == atomAsync && a.newline) || word == atomAsync && a.tok == tokenMul && !a.newline {
			p.next()
			switch word {
			case atomAsync:
				fn = FlagAsync
			case atomGet:
				flags = FlagGetter
			case atomSet:
				flags = FlagSetter
			}
		}
	}
	if flags == 0 && p.eat(tokenMul) {
		fn |= FlagGenerator
	}
	nameToken, nameAtom, nameEscaped, nameAt := p.tok, p.atom, p.escaped, p.start
	key, computed := p.key()
	flags |= computed
	method := flags&(FlagGetter|FlagSetter) != 0
	if method || fn != 0 || p.tok == tokenParenL {
		if !method {
			flags |= FlagMethod
		}
		value := p.method(fn, flags, inSuperMember)
		r := p.node2(Property, OpNone, start, key, value)
		p.nodes[r].Flags = flags
		return r
	}
	var value Ref
	switch {
	case p.eat(tokenColon):
		if computed == 0 && p.isProto(key) {
			if *proto && p.protoError == 0 {
				p.protoError = nameAt + 1
			}
			*proto = true
		}
		value = p.cover()
	case nameToken == tokenName && computed == 0:
		flags |= FlagShorthand
		value = p.shorthand(nameAtom, nameAt, nameEscaped)
		if p.tok == tokenAssign {
			if p.coverError == 0 {
				p.coverError = p.start + 1
			}
			at := p.nodes[value].Start
			p.next()
			value = p.node2(AssignmentPattern, OpNone, at, value, p.assignment())
		}
	default:
		p.unexpected()
		value = p.emptyAt(p.prevEnd)
		p.nodes[value].Kind = Error
	}
	r := p.node2(Property, OpNone, start, key, value)
	p.nodes[r].Flags = flags
	return r
}

// isProto says whether a key is __proto__, written as a name or a string.
func (p *parser) isProto(key Ref) bool {
	n := &p.nodes[key]
	switch n.Kind {
	case Name:
		return Atom(n.Value) == atomProto
	case String:
		return p.stringIs(key, "__proto__")
	}
	return false
}

// stringIs says whether a String has a value.
func (p *parser) stringIs(r Ref, value string) bool {
	n := &p.nodes[r]
	if n.Value != 0 {
		return p.cooked[n.Value] == value
	}
	return n.End >= n.Start+2 && string(p.src[n.Start+1:n.End-1]) == value
}

// keyStarts says whether a property's key can start with a token.
func keyStarts(t token) bool {
	switch t {
	case tokenString, tokenNumber, tokenBigInt, tokenBracketL, tokenPrivate:
		return true
	}
	return t <= tokenEscaped && t != tokenEOF
}

// key reads the key of a property or member; FlagComputed says that it stood in
// brackets.
func (p *parser) key() (r Ref, computed Flags) {
	switch p.tok {
	case tokenString:
		return p.stringLiteral(), 0
	case tokenNumber, tokenBigInt:
		return p.primary(), 0
	case tokenBracketL:
		p.next()
		ctx := p.inside(inNoIn, 0)
		r = p.assignment()
		p.ctx = ctx
		if p.tok != tokenBracketR {
			p.unexpected()
			p.skipTo(tokenBracketR)
		}
		p.eat(tokenBracketR)
		return r, FlagComputed
	}
	if p.tok <= tokenEscaped && p.tok != tokenEOF {
		return p.named(Name), 0
	}
	return p.missing(), 0
}

// newExpression reads new, with or without arguments, and new.target.
func (p *parser) newExpression() Ref {
	start := p.start
	escaped := p.escaped
	p.next()
	if p.tok == tokenDot {
		p.next()
		if p.tok != tokenName || p.atom != atomTarget || p.escaped || escaped {
			return p.missing()
		}
		p.next()
		if p.ctx&inNewTarget == 0 {
			p.early(start, "new.target stands in functions")
		}
		r := p.node(MetaProperty, start)
		p.nodes[r].Op = OpNewTarget
		return r
	}
	calleeStart := p.start
	var callee Ref
	if !p.enter() {
		callee = p.tooDeep()
	} else {
		callee = p.primary()
		if p.kind(callee) == ImportExpression && !p.parenthesized(callee) {
			p.failAt(calleeStart, "import() is not constructed") // and neither is a member of what it gives
		}
		callee = p.subscripts(callee, calleeStart, false)
		if p.kind(callee) == Super {
			p.failAt(calleeStart, "super() is not constructed")
		}
	}
	p.depth--
	l := list{callee, callee}
	if p.tok == tokenParenL {
		p.arguments(&l)
	}
	return p.nodeList(NewExpression, start, l)
}

// super reads super and sees that a member or a call of it follows.
func (p *parser) super() Ref {
	r := p.leaf(Super, 0)
	switch p.tok {
	case tokenParenL:
		if p.ctx&inSuperCall == 0 {
			p.early(p.nodes[r].Start, "super() stands in constructors of classes with a superclass")
		}
	case tokenDot, tokenBracketL:
		if p.ctx&inSuperMember == 0 {
			p.early(p.nodes[r].Start, "super stands in methods")
		}
		if p.tok == tokenDot {
			if a := p.peek(); a.tok == tokenPrivate {
				p.failAt(p.start, "super has no private names")
			}
		}
	default:
		p.unexpected()
	}
	return r
}

// importExpression reads import() in its variants, and import.meta.
func (p *parser) importExpression() Ref {
	start := p.start
	p.next()
	op := OpNone
	if p.eat(tokenDot) {
		switch {
		case p.tok != tokenName || p.escaped:
			return p.missing()
		case p.atom == atomMeta:
			p.next()
			if p.goal != Module {
				if p.detect {
					p.moduleSyntax = true
					p.giveUp()
				}
				p.failAt(start, "import.meta stands in modules")
			}
			r := p.node(MetaProperty, start)
			p.nodes[r].Op = OpImportMeta
			return r
		case p.atom == atomDefer:
			op = OpDefer
		case p.atom == atomSource:
			op = OpSource
		default:
			return p.missing()
		}
		p.next()
	}
	if !p.expect(tokenParenL) {
		return p.node(Error, start)
	}
	ctx := p.inside(inNoIn, 0)
	var l list
	for p.tok != tokenParenR && p.tok != tokenEOF {
		part := p.start
		if p.tok == tokenEllipsis {
			p.unexpected()
			p.next()
		}
		p.add(&l, p.assignment())
		if !p.separated(tokenParenR, part) {
			break
		}
	}
	p.ctx = ctx
	end := p.start
	p.expect(tokenParenR)
	r := p.nodeList(ImportExpression, start, l)
	p.nodes[r].Op = op
	if l.first == 0 {
		p.failAt(end, "import() takes what to import")
	} else if second := p.nodes[l.first].Next; second != 0 && p.nodes[second].Next != 0 {
		p.failAt(p.nodes[p.nodes[second].Next].Start, "import() takes two arguments at most")
	}
	return r
}

// yield reads a yield expression.
func (p *parser) yield() Ref {
	start := p.start
	p.plainKeyword()
	if p.ctx&inParameters != 0 {
		p.early(start, "no yield in parameters")
	}
	p.yieldAt = start + 1
	p.next()
	flags := Flags(0)
	if p.tok == tokenMul && !p.newline {
		p.next()
		flags = FlagDelegate
	} else if p.newline || !p.startsExpression() {
		return p.node(YieldExpression, start)
	}
	r := p.node1(YieldExpression, OpNone, start, p.assignment())
	p.nodes[r].Start = start
	p.nodes[r].Flags = flags
	return r
}

// startsExpression says whether an operand of yield can start here.
func (p *parser) startsExpression() bool {
	switch p.tok {
	case tokenParenR, tokenBracketR, tokenBraceR, tokenColon, tokenComma, tokenSemicolon, tokenEOF,
		tokenIn, tokenQuestion:
		return false
	}
	return true
}

// awaits says whether the name await is an operator here.
func (p *parser) awaits() bool {
	return p.ctx&inAwait != 0
}

// await reads an await expression.
func (p *parser) await() Ref {
	start := p.start
	p.plainKeyword()
	if p.ctx&inParameters != 0 {
		p.early(start, "no await in parameters")
	}
	p.awaitAt = start + 1
	p.next()
	return p.node1(AwaitExpression, OpNone, start, p.argument())
}

// plainKeyword refuses an escape in a word that is a keyword here.
func (p *parser) plainKeyword() {
	if p.escaped {
		p.failAt(p.start, "a keyword with an escape in it")
	}
}
