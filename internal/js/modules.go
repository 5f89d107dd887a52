package js

// importDeclaration reads an import, from its keyword.
func (p *parser) importDeclaration() Ref {
	start := p.start
	p.next()
	var specifiers list
	op := OpNone
	if p.tok != tokenString {
		op = p.phase()
		if p.tok == tokenName {
			at := p.start
			p.add(&specifiers, p.node1(ImportDefaultSpecifier, OpNone, at, p.bindingName()))
			if comma := p.eat(tokenComma); comma != (p.tok == tokenMul || p.tok == tokenBraceL) {
				p.unexpected()
			}
		}
		at := p.start
		switch {
		case op == OpSource:
		case p.eat(tokenMul):
			if p.word(atomAs) {
				p.next()
			} else {
				p.unexpected()
			}
			p.add(&specifiers, p.node1(ImportNamespaceSpecifier, OpNone, at, p.bindingName()))
		case p.tok == tokenBraceL:
			p.importSpecifiers(&specifiers)
		case specifiers.first == 0:
			p.unexpected()
		}
		p.from()
	}
	l := p.sourceOf()
	p.attributesBehind(&l, specifiers)
	p.semicolon()
	r := p.nodeList(ImportDeclaration, start, l)
	p.nodes[r].Op = op
	return r
}

// phase reads defer or source where it is not itself what is imported.
func (p *parser) phase() Op {
	switch {
	case p.word(atomDefer):
		if p.peek().tok == tokenMul {
			p.next()
			return OpDefer
		}
	case p.word(atomSource):
		s := p.mark()
		p.next()
		ok := p.tok == tokenName
		if ok && p.word(atomFrom) {
			p.next()
			ok = p.word(atomFrom)
		}
		p.reset(s)
		if ok {
			p.next()
			return OpSource
		}
	}
	return OpNone
}

func (p *parser) from() {
	if p.word(atomFrom) {
		p.next()
	} else {
		p.unexpected()
	}
}

// sourceOf reads what is imported from.
func (p *parser) sourceOf() list {
	var r Ref
	if p.tok == tokenString {
		r = p.stringLiteral()
	} else {
		r = p.missing()
	}
	return list{r, r}
}

func (p *parser) importSpecifiers(l *list) {
	p.next()
	for p.tok != tokenBraceR && p.tok != tokenEOF {
		part := p.start
		tok, name, escaped := p.tok, p.atom, p.escaped
		imported := p.moduleName(Name)
		var local Ref
		switch {
		case p.word(atomAs):
			p.next()
			local = p.bindingName()
		case tok == tokenName:
			local = p.shorthand(name, part, escaped)
			p.nodes[local].Kind = Binding
			p.checkBinding(name, part)
		default:
			p.unexpected()
			local = p.emptyAt(p.prevEnd)
			p.nodes[local].Kind = Error
		}
		p.add(l, p.node2(ImportSpecifier, OpNone, part, imported, local))
		if !p.separated(tokenBraceR, part) {
			break
		}
	}
	p.expect(tokenBraceR)
}

// moduleName reads a name or string by which a module exports something.
func (p *parser) moduleName(kind Kind) Ref {
	switch {
	case p.tok == tokenString:
		r := p.stringLiteral()
		if n := p.nodes[r]; n.Value != 0 && loneSurrogate(p.cooked[n.Value]) {
			p.early(n.Start, "half a surrogate pair is no name")
		}
		return r
	case p.tok <= tokenEscaped && p.tok != tokenEOF:
		return p.named(kind)
	}
	return p.missing()
}

func loneSurrogate(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == 0xed && s[i+1] >= 0xa0 {
			return true
		}
	}
	return false
}

// attributesBehind reads import attributes, and appends the specifiers and them.
func (p *parser) attributesBehind(l *list, specifiers list) {
	if specifiers.first != 0 {
		p.nodes[l.last].Next = specifiers.first
		l.last = specifiers.last
	}
	if !(p.tok == tokenWith || p.word(atomAssert) && !p.newline) {
		return
	}
	p.next()
	if !p.expect(tokenBraceL) {
		return
	}
	p.stamp++
	for p.tok != tokenBraceR && p.tok != tokenEOF {
		part := p.start
		var key, value Ref
		if p.tok == tokenString {
			key = p.stringLiteral()
		} else if p.tok <= tokenEscaped {
			key = p.named(Name)
		} else {
			key = p.missing()
		}
		if p.seen(p.keyAtom(key)) && p.kind(key) != Error {
			p.early(part, "an attribute stands twice")
		}
		p.expect(tokenColon)
		if p.tok == tokenString {
			value = p.stringLiteral()
		} else {
			value = p.missing()
		}
		p.add(l, p.node2(ImportAttribute, OpNone, part, key, value))
		if !p.separated(tokenBraceR, part) {
			break
		}
	}
	p.expect(tokenBraceR)
}

// keyAtom returns the atom of a Name or a String's value.
func (p *parser) keyAtom(r Ref) Atom {
	n := &p.nodes[r]
	switch {
	case n.Kind != String:
		return Atom(n.Value)
	case n.Value != 0:
		return p.atoms.intern([]byte(p.cooked[n.Value]))
	}
	return p.atoms.intern(p.src[n.Start+1 : n.End-1])
}

// exports refuses a second export of one name.
func (p *parser) exports(name Atom, at uint32) {
	if p.exported == nil {
		p.exported = map[Atom]bool{}
	}
	if p.exported[name] {
		p.early(at, "a second export of one name")
	}
	p.exported[name] = true
}

// exportDeclaration reads an export, from its keyword. Decorators may have been read
// before it, which belong to the class that follows.
func (p *parser) exportDeclaration(start uint32, decorator Ref) Ref {
	var decorators list
	for ; decorator != 0; decorator = p.nodes[decorator].Next {
		if decorators.first == 0 {
			decorators.first = decorator
		}
		decorators.last = decorator
	}
	p.next()
	at := p.start
	classAt := at
	if decorators.first != 0 {
		classAt = start
	}
	var declaration Ref
	switch {
	case p.tok == tokenDefault:
		return p.exportDefault(start, classAt, decorators)
	case p.tok == tokenClass:
		declaration = p.classWith(ClassDeclaration, classAt, decorators, false)
		decorators = list{}
	case p.tok == tokenAt:
		declaration = p.classOf(ClassDeclaration)
	case p.tok == tokenMul:
		return p.exportAll(start)
	case p.tok == tokenBraceL:
		return p.exportNames(start)
	case p.tok == tokenVar, p.tok == tokenConst, p.tok == tokenFunction,
		p.word(atomLet), p.word(atomAsync) && p.peek().tok == tokenFunction,
		p.word(atomUsing), p.word(atomAwait):
		if p.tok == tokenName && p.atom != atomLet && p.atom != atomAsync {
			p.unexpected()
		}
		declaration = p.statement(inList)
	default:
		declaration = p.missing()
	}
	if decorators.first != 0 {
		p.failAt(start, "decorators stand before classes")
		p.dropped(decorators)
	}
	p.exportBindings(declaration)
	return p.node1(ExportNamedDeclaration, OpNone, start, declaration)
}

// dropped makes errors of decorators that belong nowhere.
func (p *parser) dropped(l list) {
	for c := l.first; c != 0; c = p.nodes[c].Next {
		p.nodes[c].Kind = Error
	}
}

// exportBindings remembers the names that a declaration exports.
func (p *parser) exportBindings(r Ref) {
	n := p.nodes[r]
	switch n.Kind {
	case FunctionDeclaration, ClassDeclaration:
		p.exportBinding(n.First)
	case VariableDeclaration:
		for c := n.First; c != 0; c = p.nodes[c].Next {
			p.exportBinding(p.nodes[c].First)
		}
	}
}

func (p *parser) exportBinding(r Ref) {
	n := p.nodes[r]
	switch n.Kind {
	case Binding:
		p.exports(Atom(n.Value), n.Start)
	case AssignmentPattern, RestElement:
		p.exportBinding(n.First)
	case PatternProperty:
		p.exportBinding(p.nodes[n.First].Next)
	case ArrayPattern, ObjectPattern:
		for c := n.First; c != 0; c = p.nodes[c].Next {
			p.exportBinding(c)
		}
	}
}

func (p *parser) exportDefault(start, classAt uint32, decorators list) Ref {
	p.exports(Atom(tokenDefault), p.start)
	p.next()
	at := p.start
	var declaration Ref
	switch {
	case p.tok == tokenFunction:
		declaration = p.function(FunctionDeclaration, at, flagNameless)
	case p.word(atomAsync):
		if a := p.peek(); a.tok == tokenFunction && !a.newline {
			p.next()
			declaration = p.function(FunctionDeclaration, at, FlagAsync|flagNameless)
			break
		}
		declaration = p.assignment()
		p.semicolon()
	case p.tok == tokenClass || p.tok == tokenAt:
		own := p.decorators()
		if decorators.first == 0 {
			decorators = own
			classAt = at
		} else if own.first != 0 {
			p.failAt(at, "decorators stand before or behind export, not both")
			p.nodes[decorators.last].Next = own.first
			decorators.last = own.last
		}
		if p.tok == tokenClass {
			declaration = p.classWith(ClassDeclaration, classAt, decorators, true)
			decorators = list{}
		} else {
			declaration = p.missing()
		}
	default:
		declaration = p.assignment()
		p.semicolon()
	}
	if decorators.first != 0 {
		p.failAt(start, "decorators stand before classes")
		p.dropped(decorators)
	}
	return p.node1(ExportDefaultDeclaration, OpNone, start, declaration)
}

func (p *parser) exportAll(start uint32) Ref {
	p.next()
	var name Ref
	if p.word(atomAs) {
		p.next()
		at := p.start
		name = p.moduleName(Name)
		p.exports(p.keyAtom(name), at)
	}
	p.from()
	l := p.sourceOf()
	var names list
	if name != 0 {
		names = list{name, name}
	}
	if name == 0 && (p.tok == tokenWith || p.word(atomAssert) && !p.newline) {
		empty := p.empty()
		names = list{empty, empty}
	}
	p.attributesBehind(&l, names)
	p.semicolon()
	return p.nodeList(ExportAllDeclaration, start, l)
}

func (p *parser) exportNames(start uint32) Ref {
	p.next()
	var specifiers list
	for p.tok != tokenBraceR && p.tok != tokenEOF {
		part := p.start
		tok, escaped := p.tok, p.escaped
		local := p.moduleName(Identifier)
		var exported Ref
		at := part
		if p.word(atomAs) {
			p.next()
			at = p.start
			exported = p.moduleName(Name)
		} else {
			kind := Name
			if tok == tokenString {
				kind = String
			}
			exported = p.node(kind, part)
			p.nodes[exported].Value = p.nodes[local].Value
			if escaped && (tok == tokenName || tok == tokenString) {
				p.nodes[exported].Flags = FlagEscaped
			}
		}
		p.exports(p.keyAtom(exported), at)
		p.add(&specifiers, p.node2(ExportSpecifier, OpNone, part, local, exported))
		if !p.separated(tokenBraceR, part) {
			break
		}
	}
	p.expect(tokenBraceR)
	first := p.empty()
	l := list{first, first}
	if p.word(atomFrom) {
		for c := specifiers.first; c != 0; c = p.nodes[c].Next {
			if local := p.nodes[c].First; p.kind(local) == Identifier {
				p.nodes[local].Kind = Name
			}
		}
		p.next()
		source := p.sourceOf()
		p.add(&l, source.first)
		p.attributesBehind(&l, specifiers)
	} else {
		for c := specifiers.first; c != 0; c = p.nodes[c].Next {
			p.exportedLocal(p.nodes[c].First)
		}
		if specifiers.first != 0 {
			p.add(&l, p.empty())
			p.nodes[l.last].Next = specifiers.first
			l.last = specifiers.last
		}
	}
	p.semicolon()
	return p.nodeList(ExportNamedDeclaration, start, l)
}

// exportedLocal checks what an export without a source exports: a variable.
func (p *parser) exportedLocal(r Ref) {
	n := &p.nodes[r]
	switch {
	case n.Kind == String:
		p.failAt(n.Start, "a string is exported only from another module")
	case n.Kind == Identifier && Atom(n.Value) <= lastReserved:
		p.failAt(n.Start, "a reserved word is no variable")
	case n.Kind == Identifier:
		p.checkName(Atom(n.Value), n.Start)
	}
}
