package js

// place is where a statement stands, which decides what can be one.
type place uint8

const (
	atTop   place = iota // of the file: import and export
	inList               // declarations
	inIf                 // a function, by Annex B.3.3
	inBody               // statements only
	inLabel              // labelled, in a list: a function, by B.3.1
)

// label is one label in force.
type label struct {
	name Atom
	loop bool
	at   uint32 // where the statement that it labels starts
}

// statements reads statements up to a closing token, with a directive prologue where
// there can be one.
func (p *parser) statements(close token, prologue bool) list {
	var l list
	where := inList
	if close == tokenEOF {
		where = atTop
	}
	octal := uint32(0)
	for p.tok != tokenEOF && p.tok != close {
		at := p.start
		directive := prologue && p.tok == tokenString
		if directive && p.octal && octal == 0 {
			octal = p.start + 1
		}
		s := p.statement(where)
		p.add(&l, s)
		if p.start == at && p.tok != tokenEOF {
			p.unexpected()
			p.add(&l, p.leaf(Error, 0))
		}
		if !directive {
			prologue = false
			continue
		}
		prologue = p.directive(s, octal)
	}
	return l
}

// useStrict is the directive that makes code strict, when written without an escape.
const useStrict = "use strict"

// directive makes a directive of a statement that is only a string, and says
// whether it was one.
func (p *parser) directive(s Ref, octal uint32) bool {
	n := &p.nodes[s]
	if n.Kind != ExpressionStatement {
		return false
	}
	value := &p.nodes[n.First]
	if value.Kind != String || value.Flags&FlagParenthesized != 0 {
		return false
	}
	n.Kind = Directive
	if string(p.src[value.Start+1:value.End-1]) == useStrict && p.ctx&inStrict == 0 {
		p.ctx |= inStrict
		if octal != 0 {
			p.early(octal-1, "no octal escape in strict mode")
		}
	}
	return true
}

// semicolon reads the end of a statement, written or inserted.
func (p *parser) semicolon() {
	switch {
	case p.tok == tokenSemicolon:
		p.next()
	case p.tok == tokenBraceR || p.tok == tokenEOF || p.newline:
	default:
		p.unexpected()
	}
}

// statement reads one statement or declaration.
func (p *parser) statement(where place) Ref {
	if !p.enter() {
		p.depth--
		return p.tooDeep()
	}
	r := p.anyStatement(where)
	p.depth--
	return r
}

func (p *parser) anyStatement(where place) Ref {
	start := p.start
	switch p.tok {
	case tokenName:
		if r, ok := p.namedStatement(where); ok {
			return r
		}
		e := p.expression()
		if p.tok == tokenColon && p.kind(e) == Identifier && !p.parenthesized(e) {
			return p.labeled(e, start, where)
		}
		p.semicolon()
		return p.node1(ExpressionStatement, OpNone, start, e)
	case tokenBraceL:
		return p.block()
	case tokenSemicolon:
		p.next()
		return p.node(EmptyStatement, start)
	case tokenVar:
		r := p.variables(OpVar, start)
		p.semicolon()
		p.nodes[r].End = p.prevEnd
		return r
	case tokenConst:
		return p.lexical(OpConst, start, where)
	case tokenFunction:
		return p.functionStatement(start, where, 0)
	case tokenClass:
		if where > inList {
			p.failAt(start, "a class stands in a block")
		}
		return p.classOf(ClassDeclaration)
	case tokenAt:
		return p.decorated(where)
	case tokenIf:
		return p.ifStatement()
	case tokenReturn:
		if p.ctx&inFunction == 0 {
			p.early(start, "return stands in functions")
		}
		p.next()
		if p.tok == tokenSemicolon || p.tok == tokenBraceR || p.tok == tokenEOF || p.newline {
			p.semicolon()
			return p.node(ReturnStatement, start)
		}
		e := p.expression()
		p.semicolon()
		return p.node1(ReturnStatement, OpNone, start, e)
	case tokenFor:
		return p.forStatement()
	case tokenWhile:
		p.next()
		test := p.condition()
		body := p.loopBody()
		return p.node2(WhileStatement, OpNone, start, test, body)
	case tokenDo:
		p.next()
		body := p.loopBody()
		p.expect(tokenWhile)
		test := p.condition()
		p.eat(tokenSemicolon)
		return p.node2(DoWhileStatement, OpNone, start, body, test)
	case tokenBreak, tokenContinue:
		return p.jump()
	case tokenSwitch:
		return p.switchStatement()
	case tokenThrow:
		p.next()
		if p.newline {
			p.failAt(p.prevEnd, "no line ends behind throw")
		}
		e := p.expression()
		p.semicolon()
		return p.node1(ThrowStatement, OpNone, start, e)
	case tokenTry:
		return p.tryStatement()
	case tokenWith:
		if p.ctx&inStrict != 0 {
			p.early(start, "no with in strict mode")
		}
		p.next()
		object := p.condition()
		body := p.statement(inBody)
		return p.node2(WithStatement, OpNone, start, object, body)
	case tokenDebugger:
		p.next()
		p.semicolon()
		return p.node(DebuggerStatement, start)
	case tokenImport:
		if a := p.peek(); a.tok != tokenParenL && a.tok != tokenDot {
			if p.moduleItem(where) {
				return p.node(Error, start)
			}
			return p.importDeclaration()
		}
	case tokenExport:
		if p.moduleItem(where) {
			return p.node(Error, start)
		}
		return p.exportDeclaration(start, 0)
	}
	e := p.expression()
	p.semicolon()
	return p.node1(ExpressionStatement, OpNone, start, e)
}

// moduleItem sees that an import or export stands where it can. It is true when the
// reading ends here, since the file is read again as a module.
func (p *parser) moduleItem(where place) bool {
	switch {
	case p.goal == Module && where == atTop:
	case p.detect && where == atTop:
		p.moduleSyntax = true
		p.giveUp()
		return true
	default:
		p.failAt(p.start, "import and export stand at the top of modules")
	}
	return false
}

// namedStatement reads the statements that start with a word that is not a keyword
// elsewhere: let, using, async. ok is false where the word is only a name.
func (p *parser) namedStatement(where place) (r Ref, ok bool) {
	start := p.start
	if p.escaped {
		return 0, false
	}
	switch p.atom {
	case atomLet:
		if p.letFollows(where > inList) {
			return p.lexical(OpLet, start, where), true
		}
	case atomUsing:
		if a := p.peek(); a.tok == tokenName && !a.newline {
			return p.lexical(OpUsing, start, where), true
		}
	case atomAwait:
		if p.awaits() && p.usingFollows() {
			p.next()
			return p.lexical(OpAwaitUsing, start, where), true
		}
	case atomAsync:
		if a := p.peek(); a.tok == tokenFunction && !a.newline {
			p.next()
			return p.functionStatement(start, where, FlagAsync), true
		}
	}
	return 0, false
}

// letFollows says whether let, the current token, starts a declaration.
func (p *parser) letFollows(body bool) bool {
	switch a := p.peek(); a.tok {
	case tokenBracketL:
		return true
	case tokenBraceL, tokenName, tokenEscaped:
		return !body
	}
	return false
}

// usingFollows says whether await, the current token, starts an await using.
func (p *parser) usingFollows() bool {
	s := p.mark()
	p.next()
	ok := false
	if p.tok == tokenName && p.atom == atomUsing && !p.newline && !p.escaped {
		p.next()
		ok = p.tok == tokenName && !p.newline
	}
	p.reset(s)
	return ok
}

// lexical reads a declaration of let, const or using.
func (p *parser) lexical(op Op, start uint32, where place) Ref {
	if where > inList {
		p.failAt(start, "a declaration stands in a block")
	}
	if (op == OpUsing || op == OpAwaitUsing) && where == atTop && p.goal == Script {
		p.early(start, "using stands in functions, blocks and modules")
	}
	r := p.variables(op, start)
	p.semicolon()
	p.nodes[r].End = p.prevEnd
	return r
}

// variables reads a declaration of variables from its keyword, without its end.
// In the head of a for, a missing value is looked for later.
func (p *parser) variables(op Op, start uint32) Ref {
	p.next()
	var l list
	for {
		p.add(&l, p.declarator(op))
		if !p.eat(tokenComma) {
			break
		}
	}
	r := p.nodeList(VariableDeclaration, start, l)
	p.nodes[r].Op = op
	return r
}

func (p *parser) declarator(op Op) Ref {
	start := p.start
	if op != OpVar && p.tok == tokenName && p.atom == atomLet {
		p.early(start, "let is no name of a lexical declaration")
	}
	target := p.bindingTarget()
	if op != OpVar {
		p.noLet(target)
	}
	if (op == OpUsing || op == OpAwaitUsing) && p.kind(target) != Binding {
		p.failAt(start, "using declares names, not patterns")
	}
	if p.eat(tokenAssign) {
		return p.node2(VariableDeclarator, OpNone, start, target, p.assignment())
	}
	if p.ctx&inNoIn == 0 {
		p.needsValue(op, target)
	}
	return p.node1(VariableDeclarator, OpNone, start, target)
}

// noLet refuses let as a name inside the pattern of a lexical declaration.
func (p *parser) noLet(r Ref) {
	n := &p.nodes[r]
	switch n.Kind {
	case ArrayPattern, ObjectPattern:
		for c := n.First; c != 0; c = p.nodes[c].Next {
			p.noLetPart(c)
		}
	}
}

func (p *parser) noLetPart(r Ref) {
	n := &p.nodes[r]
	switch n.Kind {
	case Binding:
		if Atom(n.Value) == atomLet {
			p.early(n.Start, "let is no name of a lexical declaration")
		}
	case AssignmentPattern, RestElement:
		p.noLetPart(n.First)
	case PatternProperty:
		p.noLetPart(p.nodes[n.First].Next)
	default:
		p.noLet(r)
	}
}

// needsValue refuses a declarator that must have a value and has none.
func (p *parser) needsValue(op Op, target Ref) {
	switch k := p.kind(target); {
	case k == Error:
	case k != Binding:
		p.failAt(p.start, "a pattern is declared with a value")
	case op != OpVar && op != OpLet:
		p.failAt(p.start, "a constant is declared with a value")
	}
}

func (p *parser) functionStatement(start uint32, where place, flags Flags) Ref {
	r := p.function(FunctionDeclaration, start, flags)
	if where > inList {
		plain := p.nodes[r].Flags&(FlagAsync|FlagGenerator) == 0
		if where == inBody || !plain || p.ctx&inStrict != 0 {
			p.early(start, "a function is declared in a block")
		}
	}
	return r
}

func (p *parser) block() Ref {
	start := p.start
	if !p.expect(tokenBraceL) {
		return p.node(BlockStatement, p.prevEnd)
	}
	ctx := p.inside(0, inNested)
	l := p.statements(tokenBraceR, false)
	p.ctx = ctx
	p.expect(tokenBraceR)
	return p.nodeList(BlockStatement, start, l)
}

// condition reads an expression in its parentheses.
func (p *parser) condition() Ref {
	p.expect(tokenParenL)
	r := p.expression()
	if p.tok != tokenParenR {
		p.unexpected()
		p.skipTo(tokenParenR)
	}
	p.eat(tokenParenR)
	return r
}

func (p *parser) loopBody() Ref {
	ctx := p.inside(0, inLoop|inBreakable)
	r := p.statement(inBody)
	p.ctx = ctx
	return r
}

// ifStatement reads an if. A chain of else if takes no recursion.
func (p *parser) ifStatement() Ref {
	base := len(p.chain)
	var r Ref
	for {
		start := p.start
		p.next()
		test := p.condition()
		then := p.statement(inIf)
		if !p.eat(tokenElse) {
			r = p.node2(IfStatement, OpNone, start, test, then)
			break
		}
		if p.tok != tokenIf {
			r = p.node3(IfStatement, OpNone, start, test, then, p.statement(inIf))
			break
		}
		p.chain = append(p.chain, link{start, IfStatement, OpNone, test, then})
	}
	for len(p.chain) > base {
		c := p.chain[len(p.chain)-1]
		p.chain = p.chain[:len(p.chain)-1]
		r = p.node3(IfStatement, OpNone, c.start, c.left, c.then, r)
	}
	return r
}

func (p *parser) switchStatement() Ref {
	start := p.start
	p.next()
	value := p.condition()
	l := list{value, value}
	ctx := p.inside(0, inBreakable|inNested)
	hasDefault := false
	if p.expect(tokenBraceL) {
		for p.tok != tokenBraceR && p.tok != tokenEOF {
			if p.tok == tokenDefault && hasDefault {
				p.early(p.start, "a second default")
			}
			hasDefault = hasDefault || p.tok == tokenDefault
			p.add(&l, p.switchCase())
		}
		p.expect(tokenBraceR)
	}
	p.ctx = ctx
	return p.nodeList(SwitchStatement, start, l)
}

func (p *parser) switchCase() Ref {
	start := p.start
	var test Ref
	switch p.tok {
	case tokenCase:
		p.next()
		test = p.expression()
		p.expect(tokenColon)
	case tokenDefault:
		p.next()
		test = p.empty()
		p.expect(tokenColon)
	default:
		p.unexpected()
		return p.leaf(Error, 0)
	}
	l := list{test, test}
	for p.tok != tokenCase && p.tok != tokenDefault && p.tok != tokenBraceR && p.tok != tokenEOF {
		at := p.start
		p.add(&l, p.statement(inList))
		if n := &p.nodes[l.last]; n.Kind == VariableDeclaration && (n.Op == OpUsing || n.Op == OpAwaitUsing) {
			p.early(at, "using stands in a block of its own")
		}
		if p.start == at {
			p.unexpected()
			p.add(&l, p.leaf(Error, 0))
		}
	}
	return p.nodeList(SwitchCase, start, l)
}

func (p *parser) tryStatement() Ref {
	start := p.start
	p.next()
	block := p.block()
	l := list{block, block}
	if p.tok == tokenCatch {
		p.add(&l, p.catchClause())
	} else if p.tok == tokenFinally {
		p.add(&l, p.empty())
	} else {
		p.unexpected()
	}
	if p.eat(tokenFinally) {
		p.add(&l, p.block())
	}
	return p.nodeList(TryStatement, start, l)
}

func (p *parser) catchClause() Ref {
	start := p.start
	p.next()
	var target Ref
	if p.eat(tokenParenL) {
		target = p.bindingTarget()
		p.stamp++
		p.checkParameter(target, false, true)
		if p.tok != tokenParenR {
			p.unexpected()
			p.skipTo(tokenParenR)
		}
		p.eat(tokenParenR)
	} else {
		target = p.empty()
	}
	return p.node2(CatchClause, OpNone, start, target, p.block())
}

// labeled reads what a label stands before; the label has been read as a name.
func (p *parser) labeled(name Ref, start uint32, where place) Ref {
	n := &p.nodes[name]
	n.Kind = Name
	atom := Atom(n.Value)
	for _, l := range p.labels[p.labelBase:] {
		if l.name == atom {
			p.early(start, "a label in itself")
		}
	}
	p.next()
	loop := p.tok == tokenFor || p.tok == tokenWhile || p.tok == tokenDo
	for i := len(p.labels) - 1; i >= p.labelBase && p.labels[i].at == start; i-- {
		p.labels[i].at = p.start
		p.labels[i].loop = loop
	}
	p.labels = append(p.labels, label{atom, loop, p.start})
	if where <= inList || where == inLabel {
		where = inLabel
	} else {
		where = inBody
	}
	body := p.statement(where)
	p.labels = p.labels[:len(p.labels)-1]
	return p.node2(LabeledStatement, OpNone, start, name, body)
}

// jump reads break and continue.
func (p *parser) jump() Ref {
	start := p.start
	kind, needs, what := BreakStatement, inBreakable, "break stands in loops and switches"
	if p.tok == tokenContinue {
		kind, needs, what = ContinueStatement, inLoop, "continue stands in loops"
	}
	p.next()
	if p.tok != tokenName || p.newline {
		if p.ctx&needs == 0 {
			p.early(start, what)
		}
		p.semicolon()
		return p.node(kind, start)
	}
	found, loop := false, false
	for _, l := range p.labels[p.labelBase:] {
		if l.name == p.atom {
			found, loop = true, l.loop
		}
	}
	switch {
	case !found:
		p.early(p.start, "no such label around")
	case kind == ContinueStatement && !loop:
		p.early(p.start, "continue goes on with loops")
	}
	p.checkName(p.atom, p.start)
	name := p.named(Name)
	p.semicolon()
	return p.node1(kind, OpNone, start, name)
}
