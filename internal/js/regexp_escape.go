package js

import (
	"strings"
	"unicode/utf16"
)

// atomEscape reads an escape outside of classes.
func (r *regExp) atomEscape() string {
	at := r.at
	r.at++
	if r.end() {
		return endsInEscape
	}
	switch c := r.src[r.at]; {
	case c >= '1' && c <= '9':
		n := 0
		for _, d := range []byte(r.digits()) {
			n = min(n*10+int(d-'0'), maxReference)
		}
		if r.unicode {
			r.reference = max(r.reference, n)
		} // without u it is octal, or the digit itself, where there is no such group
		return ""
	case c == 'k':
		r.at++
		behind := r.at
		if r.eat("<") {
			if name, ok := r.name(); ok {
				r.asked = append(r.asked, name)
				return ""
			}
		}
		// In a pattern without named groups it is the letter.
		r.oddK = true
		r.at = behind
		if r.unicode {
			return oddGroupName
		}
		return ""
	}
	if set, _, message := r.classEscape(); set || message != "" {
		return message
	}
	r.at = at + 1
	_, message := r.characterEscape()
	return message
}

// classEscape reads \d, \w, \s, \p{…} and their opposites, the backslash being read.
func (r *regExp) classEscape() (set, strs bool, message string) {
	c := r.peek(0)
	switch c {
	case 'd', 'D', 's', 'S', 'w', 'W':
		r.at++
		return true, false, ""
	case 'p', 'P':
		if !r.unicode {
			return false, false, ""
		}
		r.at++
		strs, message = r.property(c == 'P')
		return true, strs, message
	}
	return false, false, ""
}

const oddProperty = "no such Unicode property"

func (r *regExp) property(negated bool) (strs bool, message string) {
	if !r.eat("{") {
		return false, oddProperty
	}
	end := strings.IndexByte(r.src[r.at:min(len(r.src), r.at+128)], '}')
	if end < 0 {
		return false, oddProperty
	}
	text := r.src[r.at : r.at+end]
	r.at += end + 1
	name, value, given := strings.Cut(text, "=")
	switch {
	case !given && (binaryProperties()[name] || generalCategories()[name]):
		return false, ""
	case !given && r.sets && stringProperties()[name]:
		if negated {
			return true, "the opposite of a property of strings is no set"
		}
		return true, ""
	case given && (name == "General_Category" || name == "gc") && generalCategories()[value]:
		return false, ""
	case given && (name == "Script" || name == "sc" || name == "Script_Extensions" || name == "scx") && scripts()[value]:
		return false, ""
	}
	return false, oddProperty
}

// characterEscape reads an escape that means one character, the backslash being
// read, and returns it.
func (r *regExp) characterEscape() (rune, string) {
	if r.end() {
		return 0, endsInEscape
	}
	at := r.at
	c := r.rune()
	switch c {
	case 'f':
		return '\f', ""
	case 'n':
		return '\n', ""
	case 'r':
		return '\r', ""
	case 't':
		return '\t', ""
	case 'v':
		return '\v', ""
	case 'c':
		if letter := r.peek(0); letter|0x20 >= 'a' && letter|0x20 <= 'z' {
			r.at++
			return rune(letter & 31), ""
		}
		if r.unicode {
			return 0, oddEscape
		}
		r.at = at // the backslash means itself
		return '\\', ""
	case 'x':
		if v, ok := hexValue(r.src[r.at:], 2); ok {
			r.at += 2
			return v, ""
		}
		if r.unicode {
			return 0, oddEscape
		}
		return c, ""
	case 'u':
		if v, ok := r.unicodeEscape(r.unicode); ok {
			return v, ""
		}
		if r.unicode {
			return 0, oddEscape
		}
		return c, ""
	case '0', '1', '2', '3', '4', '5', '6', '7':
		if r.unicode {
			if next := r.peek(0); c != '0' || next >= '0' && next <= '9' {
				return 0, oddEscape
			}
			return 0, ""
		}
		v := c - '0'
		for n := 1; n < 3 && r.peek(0) >= '0' && r.peek(0) <= '7' && v*8 < 256; n++ {
			v = v*8 + rune(r.peek(0)-'0')
			r.at++
		}
		return v, ""
	case 'k':
		r.oddK = true
	}
	if r.unicode && (c > 0x7f || strings.IndexByte("^$\\.*+?()[]{}|/", byte(c)) < 0) {
		return 0, oddEscape
	}
	return c, ""
}

// unicodeEscape reads what follows \u: four digits; with long also two such escapes
// that are a pair of surrogates, and a number in braces.
func (r *regExp) unicodeEscape(long bool) (rune, bool) {
	rest := r.src[r.at:]
	if long && strings.HasPrefix(rest, "{") {
		v, i := rune(0), 1
		for ; i < len(rest); i++ {
			d := hexDigit(rest[i])
			if d < 0 {
				break
			}
			if v = v*16 + d; v > 0x10ffff {
				return 0, false
			}
		}
		if i == 1 || i >= len(rest) || rest[i] != '}' {
			return 0, false
		}
		r.at += i + 1
		return v, true
	}
	v, ok := hexValue(rest, 4)
	if !ok {
		return 0, false
	}
	r.at += 4
	if long && v >= 0xd800 && v < 0xdc00 && strings.HasPrefix(rest[4:], "\\u") {
		if trail, ok := hexValue(rest[6:], 4); ok && trail >= 0xdc00 && trail < 0xe000 {
			r.at += 6
			return utf16.DecodeRune(v, trail), true
		}
	}
	return v, true
}

func hexValue(s string, digits int) (rune, bool) {
	if len(s) < digits {
		return 0, false
	}
	v := rune(0)
	for i := range digits {
		d := hexDigit(s[i])
		if d < 0 {
			return 0, false
		}
		v = v*16 + d
	}
	return v, true
}
