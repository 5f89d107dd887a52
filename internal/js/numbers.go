package js

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// lexNumber reads a numeric literal. Its value is made when it is asked for.
func (p *parser) lexNumber(i int) {
	src := p.src
	start := i
	p.octal = false
	tok := tokenNumber
	separators := true
	if src[i] == '0' && i+1 < len(src) {
		base := 0
		switch src[i+1] | 0x20 {
		case 'x':
			base = 16
		case 'o':
			base = 8
		case 'b':
			base = 2
		}
		if base != 0 {
			end := p.digits(i+2, base, true)
			if end == i+2 {
				p.failAt(uint32(i), "a number without digits")
			}
			if p.at(end, 'n') {
				tok = tokenBigInt
				end++
			}
			p.endNumber(tok, start, end)
			return
		}
		if c := src[i+1]; '0' <= c && c <= '9' || c == '_' {
			// A legacy octal, or a decimal with a leading zero.
			p.octal = true
			separators = false
			end := p.digits(i, 8, false)
			if !(end < len(src) && (src[end] == '8' || src[end] == '9')) {
				p.endNumber(tokenNumber, start, end)
				return
			}
		}
	}
	end := i
	if src[i] != '.' {
		end = p.digits(i, 10, separators)
		if p.at(end, 'n') && separators {
			p.endNumber(tokenBigInt, start, end+1)
			return
		}
	}
	if p.at(end, '.') {
		end = p.digits(end+1, 10, true)
	}
	if end < len(src) && src[end]|0x20 == 'e' {
		at := end + 1
		if p.at(at, '+') || p.at(at, '-') {
			at++
		}
		end = p.digits(at, 10, true)
		if end == at {
			p.failAt(uint32(start), "a number without digits in its exponent")
		}
	}
	p.endNumber(tok, start, end)
}

// digits reads the digits of a base, with separators between them where allowed.
func (p *parser) digits(i, base int, separators bool) int {
	src := p.src
	start := i
	for i < len(src) {
		c := src[i]
		if c == '_' {
			if !separators || i == start || src[i-1] == '_' || i+1 >= len(src) || !isDigit(src[i+1], base) {
				p.failAt(uint32(i), "a separator stands between two digits of a number")
			}
			i++
			continue
		}
		if !isDigit(c, base) {
			break
		}
		i++
	}
	return i
}

func isDigit(c byte, base int) bool {
	if base <= 10 {
		return '0' <= c && int(c) < '0'+base
	}
	return hexDigit(c) >= 0
}

// endNumber sees that no name and no digit follows a number at once.
func (p *parser) endNumber(tok token, start, end int) {
	if end < len(p.src) {
		c := p.src[end]
		bad := namePart[c] == 1 || c == '\\'
		if c >= 0x80 {
			r, _ := utf8.DecodeRune(p.src[end:])
			bad = isNameStart(r)
		}
		if bad {
			p.failAt(uint32(end), "a number and what follows it are not apart")
		}
	}
	p.finish(tok, start, end)
}

// Number returns the value of a NumericLiteral, and NaN of any other kind.
func (t *Tree) Number(r Ref) float64 {
	if t.Nodes[r].Kind != NumericLiteral {
		return math.NaN()
	}
	text := strings.ReplaceAll(string(t.Raw(r)), "_", "")
	if len(text) > 1 && text[0] == '0' {
		switch text[1] | 0x20 {
		case 'x':
			return integer(text[2:], 16)
		case 'o':
			return integer(text[2:], 8)
		case 'b':
			return integer(text[2:], 2)
		}
		if strings.Trim(text, "01234567") == "" {
			return integer(text[1:], 8)
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && f == 0 {
		return math.NaN()
	}
	return f
}

// integer returns the number that digits of a base mean, rounded to the nearest.
func integer(digits string, base int) float64 {
	if n, err := strconv.ParseUint(digits, base, 64); err == nil {
		return float64(n)
	}
	if len(digits) > 1100 { // more than any finite number has
		trimmed := strings.TrimLeft(digits, "0")
		if len(trimmed) > 1100 {
			return math.Inf(1)
		}
		digits = trimmed
	}
	n, ok := new(big.Int).SetString(digits, base)
	if !ok {
		return math.NaN()
	}
	f, _ := new(big.Float).SetInt(n).Float64()
	return f
}
