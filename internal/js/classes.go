package js

// privateKey is a private name of a class body.
type privateKey struct {
	class uint32
	name  Atom
}

// privateUse is a place where a private name is used that no class has declared yet.
type privateUse struct {
	name Atom
	at   uint32
}

// private reads a private name that is used.
func (p *parser) private(k Kind) Ref {
	p.privates = append(p.privates, privateUse{p.atom, p.start})
	return p.named(k)
}

// undeclaredPrivates takes the uses that stand behind a mark in the list and that
// the class just read declares; what remains may be an outer class's, and is an
// error where there is none.
func (p *parser) undeclaredPrivates(from int) {
	kept := p.privates[:from]
	for _, use := range p.privates[from:] {
		if _, ok := p.declared[privateKey{p.class, use.name}]; p.class != 0 && ok {
			continue
		}
		kept = append(kept, use)
	}
	p.privates = kept
	if p.class == 0 {
		for _, use := range kept {
			p.early(use.at, "no class around declares this private name")
		}
		p.privates = nil
	}
}

// declarePrivate remembers a member with a private name. A getter and a setter can
// share one if both are static or neither is.
func (p *parser) declarePrivate(name Atom, at uint32, flags Flags) {
	if p.declared == nil {
		p.declared = map[privateKey]Flags{}
	}
	k := privateKey{p.class, name}
	flags &= FlagStatic | FlagGetter | FlagSetter
	before, twice := p.declared[k]
	const both = FlagGetter | FlagSetter
	if twice && (before&FlagStatic != flags&FlagStatic || before&both|flags&both != both || before&flags&both != 0) {
		p.early(at, "a private name is declared twice")
	}
	if name == atomConstructor {
		p.early(at, "no private name is #constructor")
	}
	p.declared[k] = before | flags
}

// decorators reads decorators in front of a class or member.
func (p *parser) decorators() (l list) {
	for p.tok == tokenAt {
		start := p.start
		p.next()
		at := p.start
		var e Ref
		if p.tok == tokenParenL {
			e, _ = p.parenthesis(false)
		} else {
			e = p.name()
			for p.tok == tokenDot {
				p.next()
				e = p.node2(MemberExpression, OpNone, at, e, p.memberName())
			}
			if p.tok == tokenParenL {
				e = p.call(e, at, 0)
			}
		}
		p.add(&l, p.node1(Decorator, OpNone, start, e))
	}
	return l
}

// decorated reads the statement that starts with decorators: a class, or the export
// of one.
func (p *parser) decorated(where place) Ref {
	start := p.start
	l := p.decorators()
	switch p.tok {
	case tokenExport:
		if p.moduleItem(where) {
			return p.nodeList(Error, start, l)
		}
		return p.exportDeclaration(start, l.first)
	case tokenClass:
		if where > inList {
			p.failAt(start, "a class stands in a block")
		}
		return p.classWith(ClassDeclaration, start, l, false)
	}
	p.unexpected()
	return p.nodeList(Error, start, l)
}

// classOf reads a class, from its decorators on.
func (p *parser) classOf(kind Kind) Ref {
	start := p.start
	l := p.decorators()
	if p.tok != tokenClass {
		p.unexpected()
		return p.nodeList(Error, start, l)
	}
	return p.classWith(kind, start, l, false)
}

// classWith reads a class from its keyword on.
func (p *parser) classWith(kind Kind, start uint32, decorators list, nameless bool) Ref {
	p.next()
	ctx := p.inside(inNoIn, inStrict)
	var name, heritage Ref
	if p.tok == tokenName {
		name = p.bindingName()
	} else {
		if kind == ClassDeclaration && !nameless {
			p.unexpected()
		}
		name = p.empty()
	}
	if p.eat(tokenExtends) {
		at := p.start
		heritage = p.subscripts(p.primary(), at, true)
	} else {
		heritage = p.empty()
	}
	body := p.classBody(p.kind(heritage) != Empty)
	p.ctx = ctx
	r := p.node3(kind, OpNone, start, name, heritage, body)
	p.nodes[r].Flags |= FlagStrict
	p.adopt(r, body, decorators)
	return r
}

// adopt makes decorators the last children of a node.
func (p *parser) adopt(r, last Ref, decorators list) {
	p.nodes[last].Next = decorators.first
	for c := decorators.first; c != 0; c = p.nodes[c].Next {
		p.nodes[c].Parent = r
	}
}

func (p *parser) classBody(derived bool) Ref {
	start := p.start
	if !p.expect(tokenBraceL) {
		p.skipToBody()
		if p.tok != tokenBraceL {
			return p.node(ClassBody, p.prevEnd)
		}
		start = p.start
		p.next()
	}
	outer := p.class
	p.classes++
	p.class = p.classes
	from := len(p.privates)
	var l list
	constructor := false
	for p.tok != tokenBraceR && p.tok != tokenEOF {
		if p.eat(tokenSemicolon) {
			continue
		}
		at := p.start
		p.add(&l, p.member(derived, &constructor))
		if p.start == at {
			p.unexpected()
			p.add(&l, p.leaf(Error, 0))
		}
	}
	if len(p.privates) > from {
		p.undeclaredPrivates(from)
	}
	p.class = outer
	p.expect(tokenBraceR)
	return p.nodeList(ClassBody, start, l)
}

// member reads one member of a class.
func (p *parser) member(derived bool, constructor *bool) Ref {
	start := p.start
	decorators := p.decorators()
	var flags, fn Flags
	if p.word(atomStatic) {
		a := p.peek()
		if a.tok == tokenBraceL {
			p.next()
			if decorators.first != 0 {
				p.unexpected()
			}
			r := p.staticBlock(start)
			p.adopt(r, p.nodes[r].First, decorators)
			return r
		}
		if keyStarts(a.tok) || a.tok == tokenMul {
			p.next()
			flags |= FlagStatic
		}
	}
	switch {
	case p.word(atomAsync):
		if a := p.peek(); !a.newline && (keyStarts(a.tok) || a.tok == tokenMul) {
			p.next()
			fn = FlagAsync
		}
	case p.word(atomGet):
		if a := p.peek(); keyStarts(a.tok) {
			p.next()
			flags |= FlagGetter
		}
	case p.word(atomSet):
		if a := p.peek(); keyStarts(a.tok) {
			p.next()
			flags |= FlagSetter
		}
	case p.word(atomAccessor):
		if a := p.peek(); !a.newline && keyStarts(a.tok) {
			p.next()
			flags |= FlagAccessor
		}
	}
	if flags&(FlagGetter|FlagSetter|FlagAccessor) == 0 && p.eat(tokenMul) {
		fn |= FlagGenerator
	}
	keyAt := p.start
	var key Ref
	if p.tok == tokenPrivate {
		p.declarePrivate(p.atom, p.start, flags)
		key = p.named(PrivateName)
	} else {
		var computed Flags
		key, computed = p.key()
		flags |= computed
	}
	var r Ref
	last := key
	if fn != 0 || flags&(FlagGetter|FlagSetter) != 0 || p.tok == tokenParenL {
		super := inSuperMember
		switch {
		case p.keyIs(key, flags, atomConstructor) && flags&FlagStatic == 0:
			if fn != 0 || flags&(FlagGetter|FlagSetter) != 0 {
				p.early(keyAt, "a constructor is a plain method")
			} else if *constructor {
				p.early(keyAt, "a second constructor")
			}
			*constructor = true
			if derived {
				super |= inSuperCall
			}
		case p.keyIs(key, flags, atomPrototype) && flags&FlagStatic != 0:
			p.early(keyAt, "no static member is called prototype")
		}
		last = p.method(fn, flags, super)
		r = p.node2(MethodDefinition, OpNone, start, key, last)
	} else {
		if p.keyIs(key, flags, atomConstructor) || flags&FlagStatic != 0 && p.keyIs(key, flags, atomPrototype) {
			p.early(keyAt, "no field has this name")
		}
		if p.tok == tokenAssign {
			p.next()
			f := p.enterFunction(^inStrict, inNewTarget|inSuperMember|inNoArguments|inNested|inAnyFunction)
			last = p.assignment()
			p.leaveFunction(f)
		} else if decorators.first != 0 {
			last = p.empty()
		}
		p.semicolon()
		if last == key {
			r = p.node1(PropertyDefinition, OpNone, start, key)
		} else {
			r = p.node2(PropertyDefinition, OpNone, start, key, last)
		}
	}
	p.nodes[r].Flags |= flags
	p.adopt(r, last, decorators)
	return r
}

// word says whether the current token is a name without an escape.
func (p *parser) word(a Atom) bool { return p.tok == tokenName && p.atom == a && !p.escaped }

// keyIs says whether a key is a name, written plainly or as a string.
func (p *parser) keyIs(key Ref, flags Flags, name Atom) bool {
	if flags&FlagComputed != 0 {
		return false
	}
	n := &p.nodes[key]
	switch n.Kind {
	case Name:
		return Atom(n.Value) == name
	case String:
		return p.stringIs(key, knownNames[name])
	}
	return false
}

func (p *parser) staticBlock(start uint32) Ref {
	f := p.enterFunction(^inStrict, inNewTarget|inSuperMember|inNoArguments|inStaticBlock|inNested|inAnyFunction)
	at := p.start
	p.next()
	l := p.statements(tokenBraceR, false)
	p.leaveFunction(f)
	p.expect(tokenBraceR)
	body := p.nodeList(FunctionBody, at, l)
	return p.node1(StaticBlock, OpNone, start, body)
}
