package js

import (
	"strings"
	"unicode/utf16"
)

const outOfOrder = "the ends of a range are out of order"

// class reads a character class.
func (r *regExp) class() string {
	if r.sets {
		_, message := r.setClass()
		return message
	}
	r.at++
	r.eat("^")
	const none, set = -1, -2
	from := rune(none) // what a following - would begin a range with
	for {
		if r.end() {
			return openClass
		}
		if r.src[r.at] == ']' {
			r.at++
			return ""
		}
		if r.src[r.at] == '-' && from != none && r.peek(1) != ']' && r.peek(1) != 0 {
			r.at++
			low, _, isSet, message := r.classAtom()
			if message != "" {
				return message
			}
			switch {
			case isSet || from == set:
				if r.unicode {
					return "a range can't end in a set of characters"
				}
			case low < from:
				return outOfOrder
			}
			from = none
			continue
		}
		_, high, isSet, message := r.classAtom()
		if message != "" {
			return message
		}
		from = high
		if isSet {
			from = set
		}
	}
}

// classAtom reads one member of a class. Without u a character beyond the Basic
// Multilingual Plane is its two surrogates, so that the first ends a range and the
// last begins one.
func (r *regExp) classAtom() (first, last rune, set bool, message string) {
	if r.src[r.at] != '\\' {
		c := r.rune()
		if c > 0xffff && !r.unicode {
			first, last = utf16.EncodeRune(c)
			return first, last, false, ""
		}
		return c, c, false, ""
	}
	r.at++
	if r.end() {
		return 0, 0, false, endsInEscape
	}
	switch c := r.src[r.at]; {
	case c == 'b':
		r.at++
		return '\b', '\b', false, ""
	case c == '-' && r.unicode:
		r.at++
		return '-', '-', false, ""
	case c == 'c' && !r.unicode:
		if n := r.peek(1); n >= '0' && n <= '9' || n == '_' {
			r.at += 2 // Annex B.1.2 ClassControlLetter
			return rune(n & 31), rune(n & 31), false, ""
		}
	}
	if set, _, message := r.classEscape(); set || message != "" {
		return 0, 0, true, message
	}
	c, message := r.characterEscape()
	return c, c, false, message
}

const (
	setSyntax       = "()[]{}/-\\|"
	setPunctuators  = "&-!#%,:;<=>@`~"
	doublePunctuate = "&!#$%*+,.:;<=>?@^`~"
)

// setClass reads a class as the flag v has it (ECMA-262 §22.2.1 ClassSetExpression)
// and reports whether it may match strings of other lengths than one.
func (r *regExp) setClass() (strs bool, message string) {
	r.at++
	negated := r.eat("^")
	if r.depth++; r.depth > maxClassDepth {
		return false, "classes are nested too deeply"
	}
	defer func() { r.depth-- }()
	operator := ""
	for first := true; ; first = false {
		if r.end() {
			return false, openClass
		}
		if r.src[r.at] == ']' {
			r.at++
			break
		}
		if !first {
			switch ahead := r.src[r.at:]; {
			case operator == "" && strings.HasPrefix(ahead, "&&"), operator == "&&":
				operator = "&&"
			case operator == "" && strings.HasPrefix(ahead, "--"), operator == "--":
				operator = "--"
			default:
				operator = " "
			}
			if operator != " " {
				if !r.eat(operator) || operator == "&&" && r.peek(0) == '&' {
					return false, "the operators of a class are mixed"
				}
				if r.end() {
					return false, openClass
				}
			}
		}
		c, set, s, message := r.setOperand()
		if message != "" {
			return false, message
		}
		if r.peek(0) == '-' && r.peek(1) != '-' && !set && (operator == "" || operator == " ") {
			r.at++
			if r.end() {
				return false, openClass
			}
			high, set, _, message := r.setOperand()
			if message != "" {
				return false, message
			}
			if set {
				return false, "a range can't end in a set of characters"
			}
			if high < c {
				return false, outOfOrder
			}
			operator = " " // a range is in no intersection
		}
		switch {
		case first:
			strs = s
		case operator == "&&":
			strs = strs && s
		case operator == "--":
		default:
			strs = strs || s
		}
	}
	if negated && strs {
		return false, "the opposite of a class with strings is no set"
	}
	return strs, ""
}

// setOperand reads a character, or a set: a class within the class, \d and its kin,
// \q{…}.
func (r *regExp) setOperand() (c rune, set, strs bool, message string) {
	switch b := r.src[r.at]; {
	case b == '[':
		strs, message = r.setClass()
		return 0, true, strs, message
	case b == '\\':
		switch next := r.peek(1); {
		case next == 'q' && r.peek(2) == '{':
			r.at += 3
			strs, message = r.strings()
			return 0, true, strs, message
		case next != 0:
			r.at++
			if set, strs, message = r.classEscape(); set {
				return 0, true, strs, message
			}
			r.at--
		}
	}
	c, message = r.setCharacter()
	return c, false, false, message
}

// setCharacter reads a ClassSetCharacter.
func (r *regExp) setCharacter() (rune, string) {
	b := r.src[r.at]
	if b == '\\' {
		r.at++
		next := r.peek(0)
		if next == 'b' {
			r.at++
			return '\b', ""
		}
		if next != 0 && strings.IndexByte(setPunctuators, next) >= 0 {
			r.at++
			return rune(next), ""
		}
		return r.characterEscape()
	}
	if strings.IndexByte(setSyntax, b) >= 0 {
		return 0, "'" + string(rune(b)) + "' needs a backslash in a class with the flag v"
	}
	if b == r.peek(1) && strings.IndexByte(doublePunctuate, b) >= 0 {
		return 0, "a doubled '" + string(rune(b)) + "' is reserved in a class with the flag v"
	}
	return r.rune(), ""
}

// strings reads the alternatives of \q{…} behind its brace.
func (r *regExp) strings() (strs bool, message string) {
	length := 0
	for !r.end() {
		switch r.src[r.at] {
		case '}':
			r.at++
			return strs || length != 1, ""
		case '|':
			r.at++
			strs = strs || length != 1
			length = 0
		default:
			if _, message := r.setCharacter(); message != "" {
				return false, message
			}
			length++
		}
	}
	return false, openClass
}
