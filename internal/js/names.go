package js

import (
	"unicode"
	"unicode/utf8"
)

// isSpace says whether a rune beyond ASCII is white space (ECMA-262 §12.2).
func isSpace(r rune) bool {
	return r == 0xa0 || r == 0xfeff || r > 0xff && unicode.Is(unicode.Zs, r)
}

// isNameStart and isNamePart are ID_Start and ID_Continue beyond ASCII. They stand in
// tables of their own (names_table.go), since names follow the newest Unicode (ECMA-262
// §12.7) and Go's follow a release of their own.
func isNameStart(r rune) bool { return unicode.Is(nameStart, r) }

func isNamePart(r rune) bool {
	return unicode.Is(nameStart, r) || unicode.Is(namePartOnly, r) || r == 0x200c || r == 0x200d
}

// scanName reads a name from i on that may have escapes and letters beyond ASCII,
// into scratch where it has an escape. It returns the name and its end, which is i
// where there is no name.
func (p *parser) scanName(i int) (name []byte, end int, escaped bool) {
	src := p.src
	start := i
	p.scratch = p.scratch[:0]
	for i < len(src) {
		c := src[i]
		first := i == start
		switch namePart[c] {
		case 1:
			if first && classes[c] == classDigit {
				return nil, i, false
			}
			if escaped {
				p.scratch = append(p.scratch, c)
			}
			i++
			continue
		case 2:
			r, n := rune(0), 0
			if c == '\\' {
				if p.at(i+1, 'u') {
					r, n = p.escapedRune(i + 2)
				}
				if n == 0 {
					p.failAt(uint32(i), "a backslash that starts no \\u escape")
					n = 1
					r = -1
				} else {
					n += 2
				}
				if !escaped {
					escaped = true
					p.scratch = append(p.scratch, src[start:i]...)
				}
			} else {
				r, n = utf8.DecodeRune(src[i:])
			}
			ok := r >= 0
			if r < 0x80 && ok {
				ok = namePart[r] == 1 && !(first && classes[r] == classDigit)
			} else if first && ok {
				ok = isNameStart(r)
			} else if ok {
				ok = isNamePart(r)
			}
			if !ok && c != '\\' {
				goto done
			}
			if !ok && r >= 0 {
				p.failAt(uint32(i), "the escape is no letter of a name")
			}
			if escaped && r >= 0 {
				p.scratch = utf8.AppendRune(p.scratch, r)
			}
			i += n
			continue
		}
		break
	}
done:
	if escaped {
		return p.scratch, i, true
	}
	return src[start:i], i, false
}

// escapedRune reads the digits of a \u escape, from behind the u. It returns 0 bytes
// where they are none.
func (p *parser) escapedRune(i int) (r rune, n int) {
	if p.at(i, '{') {
		digits := 0
		for n = 1; ; n++ {
			if i+n >= len(p.src) {
				return 0, 0
			}
			c := p.src[i+n]
			if c == '}' {
				break
			}
			d := hexDigit(c)
			if d < 0 {
				return 0, 0
			}
			digits++
			if r = r<<4 | d; r > unicode.MaxRune {
				return 0, 0
			}
		}
		if digits == 0 {
			return 0, 0
		}
		return r, n + 1
	}
	if i+4 > len(p.src) {
		return 0, 0
	}
	for ; n < 4; n++ {
		d := hexDigit(p.src[i+n])
		if d < 0 {
			return 0, 0
		}
		r = r<<4 | d
	}
	return r, 4
}

func hexDigit(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

// lexName reads a name that is not plain ASCII.
func (p *parser) lexName(i int) {
	name, end, escaped := p.scanName(i)
	if end == i {
		p.finish(tokenIllegal, i, i+1)
		return
	}
	p.atom = p.atoms.intern(name)
	p.escaped = escaped
	tok := tokenName
	if p.atom <= lastReserved {
		tok = token(p.atom)
		if escaped {
			tok = tokenEscaped
		}
	}
	p.finish(tok, i, end)
}

// lexPrivate reads #name.
func (p *parser) lexPrivate(i int) {
	name, end, escaped := p.scanName(i + 1)
	if end == i+1 {
		p.finish(tokenIllegal, i, i+1)
		return
	}
	p.atom = p.atoms.intern(name)
	p.escaped = escaped
	p.finish(tokenPrivate, i, end)
}
