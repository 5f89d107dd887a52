package js

import (
	"strings"
	"unicode/utf8"
)

// validateRegExp says what is wrong with a regular expression literal, "" where
// nothing is: ECMA-262 §22.2.1 "Patterns" with u or v, Annex B.1.2 without. Its work
// is linear in the pattern; groups are kept on a stack, so that only the classes of
// v, which nest, are bounded in depth.
func validateRegExp(pattern, flags string) string {
	if message := validateFlags(flags); message != "" {
		return message
	}
	r := regExp{
		src:     pattern,
		unicode: strings.ContainsAny(flags, "uv"),
		sets:    strings.Contains(flags, "v"),
	}
	if message := r.pattern(); message != "" {
		return message
	}
	return r.references()
}

func validateFlags(flags string) string {
	for i := range len(flags) {
		if strings.IndexByte("dgimsuvy", flags[i]) < 0 {
			return "a regular expression has no flag '" + flags[i:i+utf8len(flags[i:])] + "'"
		}
		if strings.IndexByte(flags[:i], flags[i]) >= 0 {
			return "the flag '" + flags[i:i+1] + "' is given twice"
		}
	}
	if strings.Contains(flags, "u") && strings.Contains(flags, "v") {
		return "the flags 'u' and 'v' exclude each other"
	}
	return ""
}

func utf8len(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// regExp reads one pattern.
type regExp struct {
	src     string
	at      int
	unicode bool // u or v
	sets    bool // v

	open      []alternative // the pattern's and those of the open groups
	groups    int           // capturing groups so far
	named     map[string][]int
	asked     []string // names of \k
	oddK      bool     // a \k that can only be a k
	reference int      // the greatest \1
	depth     int      // of classes
}

// alternative is where a group and the part of it that is being read begin.
// Quantifiable says what may follow the closing parenthesis.
type alternative struct {
	group, start int
	quantifiable bool
}

const (
	maxClassDepth = 500
	maxNamesakes  = 64 // groups of one name that are compared
	maxReference  = 1 << 30
)

const (
	nothingToRepeat = "there is nothing to repeat before a quantifier"
	endsInEscape    = "a pattern can't end with a backslash"
	oddEscape       = "no such escape in a pattern with the flag u or v"
	oddGroupName    = "a group's name is malformed"
	oddGroup        = "no such group: '(?' is followed by something unknown"
	openGroup       = "a group is not closed"
	openClass       = "a character class is not closed"
	loneBracket     = "a lone bracket needs a backslash with the flag u or v"
)

func (r *regExp) end() bool { return r.at >= len(r.src) }

// peek returns a byte ahead, 0 behind the end.
func (r *regExp) peek(n int) byte {
	if r.at+n < len(r.src) {
		return r.src[r.at+n]
	}
	return 0
}

func (r *regExp) eat(s string) bool {
	if strings.HasPrefix(r.src[r.at:], s) {
		r.at += len(s)
		return true
	}
	return false
}

// rune takes one character.
func (r *regExp) rune() rune {
	c, n := decodeWTF8(r.src[r.at:])
	r.at += n
	return c
}

// decodeWTF8 is UTF-8 with lone surrogates as three bytes.
func decodeWTF8(s string) (rune, int) {
	c, n := utf8.DecodeRuneInString(s)
	if c == utf8.RuneError && n == 1 && len(s) >= 3 && s[0] == 0xed && s[1]&0xe0 == 0xa0 && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return c, n
}

func (r *regExp) pattern() string {
	r.open = append(r.open, alternative{})
	for !r.end() {
		if message := r.term(); message != "" {
			return message
		}
	}
	if len(r.open) > 1 {
		return openGroup
	}
	return ""
}

// term reads one term with its quantifier; a group's is its opening, and later its
// closing parenthesis.
func (r *regExp) term() string {
	quantifiable := true
	switch c := r.src[r.at]; c {
	case '|':
		r.at++
		r.open[len(r.open)-1].start = r.at
		return ""
	case '^', '$':
		r.at++
		quantifiable = false
	case '(':
		return r.group()
	case ')':
		if len(r.open) == 1 {
			return "a closing parenthesis has no opening one"
		}
		r.at++
		quantifiable = r.open[len(r.open)-1].quantifiable
		r.open = r.open[:len(r.open)-1]
	case '*', '+', '?':
		return nothingToRepeat
	case '{':
		at := r.at
		quantifier, message := r.braces()
		if quantifier {
			return or(message, nothingToRepeat)
		}
		if r.unicode {
			return loneBracket
		}
		r.at = at + 1
	case '}', ']':
		if r.unicode {
			return loneBracket
		}
		r.at++
	case '[':
		if message := r.class(); message != "" {
			return message
		}
	case '\\':
		if next := r.peek(1); next == 'b' || next == 'B' {
			r.at += 2
			quantifiable = false
			break
		}
		if message := r.atomEscape(); message != "" {
			return message
		}
	default:
		r.at += utf8len(r.src[r.at:])
	}
	return r.quantifier(quantifiable)
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (r *regExp) quantifier(allowed bool) string {
	switch r.peek(0) {
	case '*', '+', '?':
		r.at++
	case '{':
		at := r.at
		quantifier, message := r.braces()
		if message != "" {
			return message
		}
		if !quantifier {
			r.at = at
			return ""
		}
	default:
		return ""
	}
	if !allowed {
		return nothingToRepeat
	}
	r.eat("?")
	return ""
}

// braces reads {n}, {n,} or {n,m}.
func (r *regExp) braces() (quantifier bool, message string) {
	r.at++
	low := r.digits()
	if low == "" {
		return false, ""
	}
	high := low
	if r.eat(",") {
		high = r.digits()
	}
	if !r.eat("}") {
		return false, ""
	}
	if high != "" && (len(high) < len(low) || len(high) == len(low) && high < low) {
		return true, "the numbers of a quantifier are out of order"
	}
	return true, ""
}

// digits takes a decimal number, leading zeros left out but for the last digit.
func (r *regExp) digits() string {
	start := r.at
	for c := r.peek(0); c >= '0' && c <= '9'; c = r.peek(0) {
		r.at++
	}
	s := r.src[start:r.at]
	for len(s) > 1 && s[0] == '0' {
		s = s[1:]
	}
	return s
}

// group reads an opening parenthesis and what shows its kind.
func (r *regExp) group() string {
	at := r.at
	r.at++
	a := alternative{group: at, quantifiable: true}
	switch {
	case !r.eat("?"):
		r.groups++
	case r.eat(":"):
	case r.eat("="), r.eat("!"):
		a.quantifiable = !r.unicode // Annex B.1.2 QuantifiableAssertion
	case r.eat("<="), r.eat("<!"):
		a.quantifiable = false
	case r.eat("<"):
		name, ok := r.name()
		if !ok {
			return oddGroupName
		}
		r.groups++
		if message := r.define(name, at); message != "" {
			return message
		}
	default:
		if message := r.modifiers(); message != "" {
			return message
		}
	}
	a.start = r.at
	r.open = append(r.open, a)
	return ""
}

// modifiers reads the i-s: of (?i-s:…).
func (r *regExp) modifiers() string {
	start := r.at
	minus := false
	for !r.end() {
		c := r.src[r.at]
		switch c {
		case 'i', 'm', 's':
			if strings.IndexByte(r.src[start:r.at], c) >= 0 {
				return "a modifier is given twice"
			}
		case '-':
			if minus {
				return oddGroup
			}
			minus = true
		case ':':
			r.at++
			if r.at-1-start == 0 || r.at-1-start == 1 && minus {
				return oddGroup
			}
			return ""
		default:
			return oddGroup
		}
		r.at++
	}
	return oddGroup
}

// define notes a named group and refuses a name that another has which could match
// together with it: two may share one only in different alternatives.
func (r *regExp) define(name string, at int) string {
	if r.named == nil {
		r.named = map[string][]int{}
	}
	same := r.named[name]
	for _, other := range same {
		// The innermost open group that holds the other one too.
		low, high := 0, len(r.open)
		for high-low > 1 {
			if middle := (low + high) / 2; r.open[middle].group < other {
				low = middle
			} else {
				high = middle
			}
		}
		if r.open[low].start <= other {
			return "the group name '" + name + "' is given twice"
		}
	}
	if len(same) < maxNamesakes {
		r.named[name] = append(same, at)
	}
	return ""
}

// name reads a group's name up to and with its >.
func (r *regExp) name() (string, bool) {
	var b strings.Builder
	for !r.end() {
		c := r.rune()
		switch {
		case c == '>':
			return b.String(), b.Len() > 0
		case c == '\\':
			if r.peek(0) != 'u' {
				return "", false
			}
			r.at++
			var ok bool
			if c, ok = r.unicodeEscape(true); !ok {
				return "", false
			}
		}
		if c != '$' && c != '_' && (!isNamePart(c) || b.Len() == 0 && !isNameStart(c)) {
			return "", false
		}
		b.WriteRune(c)
	}
	return "", false
}

// references checks what can only be known at the end: whether each group that is
// meant is there.
func (r *regExp) references() string {
	if r.unicode && r.reference > r.groups {
		return "a reference is to a group that the pattern does not have"
	}
	if !r.unicode && len(r.named) == 0 {
		return ""
	}
	if r.oddK {
		return oddGroupName
	}
	for _, name := range r.asked {
		if _, ok := r.named[name]; !ok {
			return "the pattern has no group named '" + name + "'"
		}
	}
	return ""
}
