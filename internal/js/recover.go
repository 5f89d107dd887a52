package js

// What can't be read becomes an Error node and costs at least one token, so that a
// file with any number of mistakes is still read in one go.

// expect moves over a token that must come here, and says whether it did.
func (p *parser) expect(tok token) bool {
	if p.tok == tok {
		p.next()
		return true
	}
	p.unexpected()
	return false
}

// eat moves over a token if it is the current one.
func (p *parser) eat(tok token) bool {
	if p.tok == tok {
		p.next()
		return true
	}
	return false
}

// closing says whether a token ends what it stands in, so that a part that is
// missing before it must not take it.
func closing(tok token) bool {
	switch tok {
	case tokenEOF, tokenParenR, tokenBracketR, tokenBraceR, tokenSemicolon, tokenComma:
		return true
	}
	return false
}

// missing stands in for an expression that should be here: it takes the current
// token unless that closes something.
func (p *parser) missing() Ref {
	p.unexpected()
	if closing(p.tok) {
		r := p.emptyAt(p.start)
		p.nodes[r].Kind = Error
		p.nodes[r].Start, p.nodes[r].End = p.prevEnd, p.prevEnd
		return r
	}
	return p.leaf(Error, 0)
}

// separated moves over the comma between parts of a list that a token closes. It
// says whether another part follows: also where the comma is missing but something
// that is none of the brackets' stands there, so that the list goes on behind it.
func (p *parser) separated(close token, part uint32) bool {
	if p.tok == tokenComma {
		p.next()
		return true
	}
	if p.tok == close {
		return true
	}
	p.unexpected()
	if closing(p.tok) {
		return false
	}
	if p.start == part {
		p.next()
	}
	return true
}

// skipTo moves to a closing token over whole brackets, and says whether it came
// there; it stops before a bracket that closes something further out.
func (p *parser) skipTo(close token) bool {
	base := len(p.stack)
	for p.tok != tokenEOF {
		if len(p.stack) == base {
			if p.tok == close {
				return true
			}
			switch p.tok {
			case tokenParenR, tokenBracketR, tokenBraceR:
				return false
			}
		}
		p.skipToken(base)
	}
	p.stack = p.stack[:base]
	return false
}

// skipToken moves over one token without a grammar. A slash is read as the start of
// a regular expression where an operand would stand.
func (p *parser) skipToken(base int) {
	operand := true
	switch p.tok {
	case tokenName, tokenNumber, tokenBigInt, tokenString, tokenPrivate, tokenThis, tokenSuper,
		tokenNull, tokenTrue, tokenFalse:
		operand = false
	case tokenParenL, tokenBracketL, tokenBraceL:
		p.stack = append(p.stack, byte(p.tok))
	case tokenParenR, tokenBracketR:
		operand = false
		if len(p.stack) > base {
			p.stack = p.stack[:len(p.stack)-1]
		}
	case tokenBraceR:
		if len(p.stack) > base {
			open := token(p.stack[len(p.stack)-1])
			p.stack = p.stack[:len(p.stack)-1]
			if open == tokenTemplate {
				p.skipTemplate()
				return
			}
		}
	case tokenTemplate:
		p.skipTemplate()
		return
	}
	p.next()
	if operand && (p.tok == tokenDiv || p.tok == tokenDivAssign) {
		p.skipRegExp()
	}
}

// skipTemplate moves over the text of a template to its end or to its next ${, which
// is then open.
func (p *parser) skipTemplate() {
	i := p.pos
	for ; i < len(p.src); i++ {
		switch p.src[i] {
		case '\\':
			i++
		case '`':
			p.end, p.pos = uint32(i+1), i+1
			p.next()
			return
		case '$':
			if p.at(i+1, '{') {
				p.stack = append(p.stack, byte(tokenTemplate))
				p.end, p.pos = uint32(i+2), i+2
				p.next()
				return
			}
		}
	}
	p.end, p.pos = uint32(len(p.src)), len(p.src)
	p.next()
}

// skipRegExp takes a whole regular expression as the current token if one ends on
// this line, within a bound that keeps the work linear.
func (p *parser) skipRegExp() {
	class := false
	for i := int(p.start) + 1; i < min(len(p.src), int(p.start)+512); i++ {
		switch p.src[i] {
		case '\n', '\r':
			return
		case '\\':
			i++
		case '[':
			class = true
		case ']':
			class = false
		case '/':
			if !class {
				p.finish(tokenNumber, int(p.start), i+1)
				return
			}
		}
	}
}

// enter counts one more level of nesting. Where there are too many it skips to the
// end of what is open and returns false.
func (p *parser) enter() bool {
	p.depth++
	if p.depth <= maxDepth {
		return true
	}
	p.failAt(p.start, "nested too deep to be read")
	return false
}

// tooDeep stands for what enter refused: it skips to the bracket, comma or semicolon
// that ends it.
func (p *parser) tooDeep() Ref {
	start := p.start
	before := p.start
	base := len(p.stack)
	for p.tok != tokenEOF {
		if len(p.stack) == base && (closing(p.tok) || p.tok == tokenColon && p.start > before) {
			break
		}
		p.skipToken(base)
	}
	p.stack = p.stack[:base]
	if p.start == start {
		r := p.emptyAt(p.prevEnd)
		p.nodes[r].Kind = Error
		return r
	}
	return p.node(Error, start)
}

// giveUp ends the reading: the rest is none of this goal's.
func (p *parser) giveUp() {
	p.eof = true
	p.finish(tokenEOF, len(p.src), len(p.src))
	p.prevEnd = uint32(len(p.src))
}

// widen lets every node hold its children where a missing part was put behind the
// token before its parent, so that spans are nested in wrong sources as well.
func (p *parser) widen() {
	for r := range p.nodes {
		c := p.nodes[r]
		for at := c.Parent; at != 0; at = p.nodes[at].Parent {
			n := &p.nodes[at]
			if n.Start <= c.Start && n.End >= c.End {
				break
			}
			n.Start, n.End = min(n.Start, c.Start), max(n.End, c.End)
		}
	}
}
