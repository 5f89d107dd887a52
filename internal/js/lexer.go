package js

import (
	"bytes"
	"unicode/utf8"
)

// class sorts bytes by what can start with them.
type class uint8

const (
	classIllegal class = iota
	classSpace
	classLine // LF, CR
	className
	classDigit
	classQuote
	classBackslash
	classHigh // first byte of what is not ASCII
	classHash
	classDot
	classSlash
	classLess
	classGreater
	classEqual
	classBang
	classPlus
	classMinus
	classStar
	classPercent
	classAnd
	classOr
	classCaret
	classQuestion
	classSingle // a token of one byte
)

// classes of the bytes, by what a token that starts there is.
var classes = [256]class{
	'\t': classSpace, '\v': classSpace, '\f': classSpace, ' ': classSpace,
	'\n': classLine, '\r': classLine,
	'"': classQuote, '\'': classQuote, '\\': classBackslash, '#': classHash,
	'.': classDot, '/': classSlash, '<': classLess, '>': classGreater, '=': classEqual,
	'!': classBang, '+': classPlus, '-': classMinus, '*': classStar, '%': classPercent,
	'&': classAnd, '|': classOr, '^': classCaret, '?': classQuestion,
	'(': classSingle, ')': classSingle, '[': classSingle, ']': classSingle,
	'{': classSingle, '}': classSingle, ';': classSingle, ',': classSingle,
	':': classSingle, '~': classSingle, '@': classSingle, '`': classSingle,

	'$': className, '_': className,
	'a': className, 'b': className, 'c': className, 'd': className, 'e': className,
	'f': className, 'g': className, 'h': className, 'i': className, 'j': className,
	'k': className, 'l': className, 'm': className, 'n': className, 'o': className,
	'p': className, 'q': className, 'r': className, 's': className, 't': className,
	'u': className, 'v': className, 'w': className, 'x': className, 'y': className,
	'z': className,
	'A': className, 'B': className, 'C': className, 'D': className, 'E': className,
	'F': className, 'G': className, 'H': className, 'I': className, 'J': className,
	'K': className, 'L': className, 'M': className, 'N': className, 'O': className,
	'P': className, 'Q': className, 'R': className, 'S': className, 'T': className,
	'U': className, 'V': className, 'W': className, 'X': className, 'Y': className,
	'Z': className,
	'0': classDigit, '1': classDigit, '2': classDigit, '3': classDigit, '4': classDigit,
	'5': classDigit, '6': classDigit, '7': classDigit, '8': classDigit, '9': classDigit,
}

// singles are the tokens of one byte.
var singles = [256]token{
	'(': tokenParenL, ')': tokenParenR, '[': tokenBracketL, ']': tokenBracketR,
	'{': tokenBraceL, '}': tokenBraceR, ';': tokenSemicolon, ',': tokenComma,
	':': tokenColon, '~': tokenTilde, '@': tokenAt, '`': tokenTemplate,
}

// namePart says which bytes can stand in a name; 2 is one that must be looked at
// closer, a backslash or what is not ASCII.
var namePart = newNameParts()

func newNameParts() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= 0x80 || c == '\\':
			t[c] = 2
		case classes[c] == className || classes[c] == classDigit:
			t[c] = 1
		}
	}
	return t
}

// next moves to the next token.
func (p *parser) next() {
	p.prevEnd = p.end
	p.newline = false
	p.lex()
}

// lex reads the token that follows, over white space and comments.
func (p *parser) lex() {
	src := p.src
	i := p.pos
	for {
		if i >= len(src) || p.eof {
			p.finish(tokenEOF, len(src), len(src))
			return
		}
		c := src[i]
		cl := classes[c]
		if c >= 0x80 {
			cl = classHigh
		}
		switch cl {
		case classSpace:
			i++
			continue
		case classLine:
			p.newline = true
			i++
			for i < len(src) && src[i] <= ' ' && classes[src[i]]-1 <= classLine-1 {
				i++
			}
			continue
		case className:
			j := i + 1
			for j < len(src) && namePart[src[j]] == 1 {
				j++
			}
			if j < len(src) && namePart[src[j]] == 2 {
				p.lexName(i)
				return
			}
			p.start, p.end, p.pos = uint32(i), uint32(j), j
			p.escaped = false
			p.atom = p.atoms.intern(src[i:j])
			if p.atom <= lastReserved {
				p.tok = token(p.atom)
			} else {
				p.tok = tokenName
			}
			return
		case classSingle:
			p.finish(singles[c], i, i+1)
			return
		case classDot:
			switch {
			case i+1 < len(src) && classes[src[i+1]] == classDigit:
				p.lexNumber(i)
			case i+2 < len(src) && src[i+1] == '.' && src[i+2] == '.':
				p.finish(tokenEllipsis, i, i+3)
			default:
				p.finish(tokenDot, i, i+1)
			}
			return
		case classQuote:
			p.lexString(i)
			return
		case classDigit:
			p.lexNumber(i)
			return
		case classSlash:
			if i+1 < len(src) {
				switch src[i+1] {
				case '/':
					i = p.lineCommentEnd(i + 2)
					continue
				case '*':
					i = p.blockCommentEnd(i)
					continue
				case '=':
					p.finish(tokenDivAssign, i, i+2)
					return
				}
			}
			p.finish(tokenDiv, i, i+1)
			return
		case classEqual:
			switch {
			case p.at(i+1, '=') && p.at(i+2, '='):
				p.finish(tokenStrictEq, i, i+3)
			case p.at(i+1, '='):
				p.finish(tokenEq, i, i+2)
			case p.at(i+1, '>'):
				p.finish(tokenArrow, i, i+2)
			default:
				p.finish(tokenAssign, i, i+1)
			}
			return
		case classBang:
			switch {
			case p.at(i+1, '=') && p.at(i+2, '='):
				p.finish(tokenStrictNe, i, i+3)
			case p.at(i+1, '='):
				p.finish(tokenNe, i, i+2)
			default:
				p.finish(tokenBang, i, i+1)
			}
			return
		case classPlus:
			switch {
			case p.at(i+1, '+'):
				p.finish(tokenIncrement, i, i+2)
			case p.at(i+1, '='):
				p.finish(tokenAddAssign, i, i+2)
			default:
				p.finish(tokenAdd, i, i+1)
			}
			return
		case classMinus:
			switch {
			case p.at(i+1, '-'):
				if p.newline && p.at(i+2, '>') && p.goal != Module {
					i = p.lineCommentEnd(i + 3)
					continue
				}
				p.finish(tokenDecrement, i, i+2)
			case p.at(i+1, '='):
				p.finish(tokenSubAssign, i, i+2)
			default:
				p.finish(tokenSub, i, i+1)
			}
			return
		case classStar:
			switch {
			case p.at(i+1, '*') && p.at(i+2, '='):
				p.finish(tokenExpAssign, i, i+3)
			case p.at(i+1, '*'):
				p.finish(tokenExp, i, i+2)
			case p.at(i+1, '='):
				p.finish(tokenMulAssign, i, i+2)
			default:
				p.finish(tokenMul, i, i+1)
			}
			return
		case classPercent:
			if p.at(i+1, '=') {
				p.finish(tokenModAssign, i, i+2)
			} else {
				p.finish(tokenMod, i, i+1)
			}
			return
		case classAnd:
			switch {
			case p.at(i+1, '&') && p.at(i+2, '='):
				p.finish(tokenLogicalAndAssign, i, i+3)
			case p.at(i+1, '&'):
				p.finish(tokenLogicalAnd, i, i+2)
			case p.at(i+1, '='):
				p.finish(tokenAndAssign, i, i+2)
			default:
				p.finish(tokenAnd, i, i+1)
			}
			return
		case classOr:
			switch {
			case p.at(i+1, '|') && p.at(i+2, '='):
				p.finish(tokenLogicalOrAssign, i, i+3)
			case p.at(i+1, '|'):
				p.finish(tokenLogicalOr, i, i+2)
			case p.at(i+1, '='):
				p.finish(tokenOrAssign, i, i+2)
			default:
				p.finish(tokenOr, i, i+1)
			}
			return
		case classCaret:
			if p.at(i+1, '=') {
				p.finish(tokenXorAssign, i, i+2)
			} else {
				p.finish(tokenXor, i, i+1)
			}
			return
		case classQuestion:
			switch {
			case p.at(i+1, '?') && p.at(i+2, '='):
				p.finish(tokenNullishAssign, i, i+3)
			case p.at(i+1, '?'):
				p.finish(tokenNullish, i, i+2)
			case p.at(i+1, '.') && !(i+2 < len(src) && classes[src[i+2]] == classDigit):
				p.finish(tokenOptional, i, i+2)
			default:
				p.finish(tokenQuestion, i, i+1)
			}
			return
		case classLess:
			switch {
			case p.at(i+1, '<') && p.at(i+2, '='):
				p.finish(tokenShlAssign, i, i+3)
			case p.at(i+1, '<'):
				p.finish(tokenShl, i, i+2)
			case p.at(i+1, '='):
				p.finish(tokenLe, i, i+2)
			case p.at(i+1, '!') && p.at(i+2, '-') && p.at(i+3, '-') && p.goal != Module:
				i = p.lineCommentEnd(i + 4)
				continue
			default:
				p.finish(tokenLt, i, i+1)
			}
			return
		case classGreater:
			p.lexGreater(i)
			return
		case classHash:
			p.lexPrivate(i)
			return
		case classBackslash:
			p.lexName(i)
			return
		case classHigh:
			r, n := utf8.DecodeRune(src[i:])
			switch {
			case isLineEnd(r):
				p.newline = true
				i += n
				continue
			case isSpace(r):
				i += n
				continue
			case isNameStart(r):
				p.lexName(i)
				return
			}
			p.finish(tokenIllegal, i, i+n)
			return
		}
		p.finish(tokenIllegal, i, i+1)
		return
	}
}

// finish sets the current token.
func (p *parser) finish(tok token, start, end int) {
	p.tok, p.start, p.end, p.pos = tok, uint32(start), uint32(end), end
}

// at says whether a byte stands at an offset.
func (p *parser) at(i int, c byte) bool { return i < len(p.src) && p.src[i] == c }

func (p *parser) lexGreater(i int) {
	n := 1
	for n < 3 && p.at(i+n, '>') {
		n++
	}
	tok := tokenGt
	assign := p.at(i+n, '=')
	switch {
	case n == 1 && assign:
		tok = tokenGe
	case n == 2 && assign:
		tok = tokenShrAssign
	case n == 2:
		tok = tokenShr
	case n == 3 && assign:
		tok = tokenUshrAssign
	case n == 3:
		tok = tokenUshr
	}
	if assign {
		n++
	}
	p.finish(tok, i, i+n)
}

// lineCommentEnd returns where the line that i is in ends.
func (p *parser) lineCommentEnd(i int) int {
	src := p.src
	for i < len(src) {
		switch c := src[i]; {
		case c == '\n' || c == '\r':
			return i
		case c == 0xe2 && p.lineSeparator(i):
			return i
		}
		i++
	}
	return i
}

// lineSeparator says whether U+2028 or U+2029 stands at an offset.
func (p *parser) lineSeparator(i int) bool {
	return i+2 < len(p.src) && p.src[i] == 0xe2 && p.src[i+1] == 0x80 && p.src[i+2]&^1 == 0xa8
}

// blockCommentEnd returns the end of the comment that starts at i.
func (p *parser) blockCommentEnd(i int) int {
	n := bytes.Index(p.src[i+2:], []byte("*/"))
	if n < 0 {
		p.failAt(uint32(i), "this comment has no end")
		return len(p.src)
	}
	text := p.src[i+2 : i+2+n]
	if !p.newline && (bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0 ||
		bytes.Contains(text, []byte("\u2028")) || bytes.Contains(text, []byte("\u2029"))) {
		p.newline = true
	}
	return i + 2 + n + 2
}

// lexState is what peeking must put back.
type lexState struct {
	tok                          token
	newline, escaped, octal      bool
	atom                         Atom
	cookedN, start, end, prevEnd uint32
	pos, cooked, errors          int
	errorAt                      uint32
}

func (p *parser) mark() lexState {
	return lexState{
		p.tok, p.newline, p.escaped, p.octal, p.atom, p.cookedN, p.start, p.end, p.prevEnd,
		p.pos, len(p.cooked), len(p.errors), p.errorAt,
	}
}

func (p *parser) reset(s lexState) {
	p.tok, p.newline, p.escaped, p.octal, p.atom = s.tok, s.newline, s.escaped, s.octal, s.atom
	p.cookedN, p.start, p.end, p.prevEnd, p.pos = s.cookedN, s.start, s.end, s.prevEnd, s.pos
	p.cooked, p.errors, p.errorAt = p.cooked[:s.cooked], p.errors[:s.errors], s.errorAt
}

// ahead is the token after the current one.
type ahead struct {
	tok     token
	atom    Atom
	escaped bool
	newline bool
	start   uint32
}

// peek returns the token after the current one.
func (p *parser) peek() ahead {
	s := p.mark()
	p.next()
	a := ahead{p.tok, p.atom, p.escaped, p.newline, p.start}
	p.reset(s)
	return a
}
