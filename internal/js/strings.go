package js

import (
	"bytes"
	"unicode/utf8"
)

// lexString reads a string literal. Its value is decoded only where it differs from
// the source.
func (p *parser) lexString(i int) {
	src := p.src
	quote := src[i]
	p.escaped, p.octal, p.cookedN = false, false, 0
	for j := i + 1; j < len(src); j++ {
		c := src[j]
		if c == quote {
			if p.escaped {
				p.cookString(i+1, j)
			}
			p.finish(tokenString, i, j+1)
			return
		}
		if c == '\\' {
			p.escaped = true
			j++
			if j < len(src) && src[j] == '\r' && p.at(j+1, '\n') {
				j++
			}
		} else if c == '\n' || c == '\r' {
			p.badString(i, j)
			return
		}
	}
	p.badString(i, len(src))
}

// badString takes what a string without an end has on its line, as far as a quote.
func (p *parser) badString(start, end int) {
	p.failAt(uint32(start), "this string has no end on its line")
	p.finish(tokenIllegal, start, end)
}

// cookString decodes a string with escapes.
func (p *parser) cookString(start, end int) {
	text, bad := p.unescape(start, end, false)
	if bad >= 0 {
		p.failAt(uint32(bad), "an escape that is none")
	}
	p.cooked = append(p.cooked, string(text))
	p.cookedN = uint32(len(p.cooked) - 1)
}

// unescape decodes the text of a string or template into scratch, and returns where
// the first bad escape is, or -1. Legacy octal escapes are bad in templates.
func (p *parser) unescape(start, end int, template bool) (text []byte, bad int) {
	src := p.src[:end]
	out := p.scratch[:0]
	bad = -1
	for i := start; i < end; {
		c := src[i]
		if c == '\r' && template {
			out = append(out, '\n')
			i++
			if i < end && src[i] == '\n' {
				i++
			}
			continue
		}
		if c != '\\' {
			j := i + 1
			for j < end && src[j] != '\\' && !(template && src[j] == '\r') {
				j++
			}
			out = append(out, src[i:j]...)
			i = j
			continue
		}
		at := i
		i++
		if i >= end {
			break
		}
		c = src[i]
		i++
		switch c {
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case 'b':
			out = append(out, '\b')
		case 'v':
			out = append(out, '\v')
		case 'f':
			out = append(out, '\f')
		case '\r':
			if i < end && src[i] == '\n' {
				i++
			}
		case '\n':
		case 'x':
			if i+2 <= end && hexDigit(src[i]) >= 0 && hexDigit(src[i+1]) >= 0 {
				out = utf8.AppendRune(out, hexDigit(src[i])<<4|hexDigit(src[i+1]))
				i += 2
			} else if bad < 0 {
				bad = at
			}
		case 'u':
			r, n := p.escapedRune(i)
			if n == 0 || i+n > end {
				if bad < 0 {
					bad = at
				}
				break
			}
			i += n
			out = appendUnit(out, r)
		case '0', '1', '2', '3', '4', '5', '6', '7':
			if c == '0' && !(i < end && '0' <= src[i] && src[i] <= '9') {
				out = append(out, 0)
				break
			}
			p.octal = true
			if template {
				if bad < 0 {
					bad = at
				}
				break
			}
			n := rune(c - '0')
			for digits := 1; digits < 3 && n < 32 && i < end && '0' <= src[i] && src[i] <= '7'; digits++ {
				n = n<<3 | rune(src[i]-'0')
				i++
			}
			out = utf8.AppendRune(out, n)
		case '8', '9':
			p.octal = true
			if template && bad < 0 {
				bad = at
			}
			out = append(out, c)
		case 0xe2:
			if p.lineSeparator(i - 1) {
				i += 2
			} else {
				out = append(out, c)
			}
		default:
			out = append(out, c)
		}
	}
	p.scratch = out
	return out, bad
}

// appendUnit appends a code point or one half of a surrogate pair; a half that meets
// its other half becomes what they mean together, any other is three bytes (WTF-8).
func appendUnit(out []byte, r rune) []byte {
	if r < 0xd800 || r > 0xdfff {
		return utf8.AppendRune(out, r)
	}
	if n := len(out); r >= 0xdc00 && n >= 3 && out[n-3] == 0xed && out[n-2] >= 0xa0 && out[n-2] < 0xb0 {
		high := rune(0xd000) | rune(out[n-2]&0x3f)<<6 | rune(out[n-1]&0x3f)
		return utf8.AppendRune(out[:n-3], 0x10000+(high-0xd800)<<10+(r-0xdc00))
	}
	return append(out, 0xed, byte(0x80|r>>6&0x3f), byte(0x80|r&0x3f))
}

// template reads a template literal, from its backtick.
func (p *parser) template(tagged bool) Ref {
	start := p.start
	before := p.inside(inNoIn, 0)
	var l list
	for {
		element, more := p.templateElement(tagged)
		p.add(&l, element)
		if !more {
			break
		}
		p.next()
		p.add(&l, p.expression())
		if p.tok != tokenBraceR {
			p.unexpected()
			if !p.skipTo(tokenBraceR) {
				break
			}
		}
	}
	p.ctx = before
	r := p.nodeList(TemplateLiteral, start, l)
	return r
}

// templateElement reads the text from behind the current token to the next ${ or to
// the backtick that ends the template, over which it moves.
func (p *parser) templateElement(tagged bool) (r Ref, more bool) {
	src := p.src
	start := p.pos
	plain := true
	i := start
	for i < len(src) {
		switch src[i] {
		case '`':
			r = p.element(start, i, plain, tagged)
			p.end = uint32(i + 1)
			p.pos = i + 1
			p.next()
			return r, false
		case '$':
			if p.at(i+1, '{') {
				r = p.element(start, i, plain, tagged)
				p.end = uint32(i + 2)
				p.pos = i + 2
				return r, true
			}
		case '\\':
			plain = false
			i++
		case '\r':
			plain = false
		}
		i++
	}
	p.failAt(uint32(start), "this template has no end")
	r = p.element(start, len(src), plain, tagged)
	p.end, p.pos = uint32(len(src)), len(src)
	p.next()
	return r, false
}

func (p *parser) element(start, end int, plain, tagged bool) Ref {
	n := Node{Kind: TemplateElement, Start: uint32(start), End: uint32(end)}
	if !plain {
		text, bad := p.unescape(start, end, true)
		switch {
		case bad < 0:
			if !bytes.Equal(text, p.src[start:end]) {
				p.cooked = append(p.cooked, string(text))
				n.Value = uint32(len(p.cooked) - 1)
			}
		case tagged:
			n.Flags |= FlagInvalidEscape
			p.cooked = append(p.cooked, "")
			n.Value = uint32(len(p.cooked) - 1)
		default:
			p.failAt(uint32(bad), "an escape that is none")
		}
	}
	p.nodes = append(p.nodes, n)
	return Ref(len(p.nodes) - 1)
}

// regexp reads a regular expression, from its slash.
func (p *parser) regexp() Ref {
	src := p.src
	start := int(p.start)
	i := start + 1
	class := false
scan:
	for {
		if i >= len(src) || src[i] == '\n' || src[i] == '\r' || p.lineSeparator(i) {
			p.failAt(p.start, "this regular expression has no end on its line")
			p.finish(tokenIllegal, start, min(i, len(src)))
			return p.leaf(Error, 0)
		}
		switch src[i] {
		case '\\':
			i++
			if i < len(src) && (src[i] == '\n' || src[i] == '\r' || p.lineSeparator(i)) {
				continue
			}
		case '[':
			class = true
		case ']':
			class = false
		case '/':
			if !class {
				break scan
			}
		}
		i++
	}
	flags, end, escaped := p.scanFlags(i + 1)
	if escaped {
		p.failAt(uint32(i), "flags of a regular expression have no escapes")
	} else if message := validateRegExp(string(src[start+1:i]), string(flags)); message != "" {
		p.early(p.start, message)
	}
	p.finish(tokenIllegal, start, end)
	return p.leaf(RegExpLiteral, 0)
}

// scanFlags reads what of a name can follow the last slash of a regular expression.
func (p *parser) scanFlags(i int) (flags []byte, end int, escaped bool) {
	start := i
	for i < len(p.src) {
		c := p.src[i]
		if namePart[c] == 1 {
			i++
			continue
		}
		if c == '\\' {
			escaped = true
			i++
			continue
		}
		if c >= 0x80 {
			if r, n := utf8.DecodeRune(p.src[i:]); isNamePart(r) {
				i += n
				continue
			}
		}
		break
	}
	return p.src[start:i], i, escaped
}

// RegExp returns the pattern and the flags of a RegExpLiteral as they are written;
// nothing of any other kind.
func (t *Tree) RegExp(r Ref) (pattern, flags string) {
	if t.Nodes[r].Kind != RegExpLiteral {
		return "", ""
	}
	raw := t.Raw(r)
	slash := bytes.LastIndexByte(raw, '/')
	return string(raw[1:slash]), string(raw[slash+1:])
}
