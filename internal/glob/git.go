package glob

import "strings"

// Git reports whether one path element matches a glob of * ? [class] and \x,
// bytewise, as git does. A malformed class matches nothing. Backtracking goes to
// the last star only, so the work is at most the product of the two lengths.
func Git(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			star, mark = p, i
			p++
			continue
		}
		if p < len(pattern) {
			if next, ok := matchByte(pattern, p, s[i]); ok {
				p, i = next, i+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		p, i = star+1, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchByte matches one byte and says where the pattern goes on.
func matchByte(pattern string, p int, b byte) (next int, ok bool) {
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '[':
		in, next, ok := matchClass(pattern, p, b)
		return next, ok && in
	case '\\':
		if p++; p == len(pattern) {
			return 0, false
		}
	}
	return p + 1, pattern[p] == b
}

// matchClass reads [a-z], [!a-z] and [^a-z], where ] may come first, and [:alpha:] within.
// A range that goes backwards is its first character, as git has it.
func matchClass(pattern string, p int, b byte) (in bool, next int, ok bool) {
	p++
	negate := p < len(pattern) && (pattern[p] == '!' || pattern[p] == '^')
	if negate {
		p++
	}
	one := func() (byte, bool) {
		if p < len(pattern) && pattern[p] == '\\' {
			p++
		}
		if p >= len(pattern) {
			return 0, false
		}
		p++
		return pattern[p-1], true
	}
	for first := true; ; first = false {
		if p >= len(pattern) {
			return false, 0, false
		}
		if pattern[p] == ']' && !first {
			return in != negate, p + 1, true
		}
		if name, after, named := className(pattern[p:]); named {
			of, known := posixClasses[name]
			if !known {
				return false, 0, false
			}
			p, in = len(pattern)-len(after), in || of(b)
			continue
		}
		low, ok := one()
		if !ok {
			return false, 0, false
		}
		high := low
		if p+1 < len(pattern) && pattern[p] == '-' && pattern[p+1] != ']' {
			p++
			if high, ok = one(); !ok {
				return false, 0, false
			}
		}
		if b == low || low <= b && b <= high {
			in = true
		}
	}
}

// className reads the name of a class such as [:alpha:] at the beginning of a text, and
// what follows. One that ends in no ":]" is the characters that it is made of.
func className(s string) (name, after string, ok bool) {
	inside, ok := strings.CutPrefix(s, "[:")
	if !ok {
		return "", "", false
	}
	inside, after, ok = strings.Cut(inside, "]")
	name, closed := strings.CutSuffix(inside, ":")
	return name, after, ok && closed
}

// posixClasses are the classes of ASCII that git knows, by name.
var posixClasses = map[string]func(byte) bool{
	"alnum":  func(b byte) bool { return letter(b) || digit(b) },
	"alpha":  letter,
	"blank":  func(b byte) bool { return b == ' ' || b == '\t' },
	"cntrl":  func(b byte) bool { return b < ' ' || b == 0x7f },
	"digit":  digit,
	"graph":  func(b byte) bool { return b > ' ' && b < 0x7f },
	"lower":  func(b byte) bool { return b >= 'a' && b <= 'z' },
	"print":  func(b byte) bool { return b >= ' ' && b < 0x7f },
	"punct":  func(b byte) bool { return b > ' ' && b < 0x7f && !letter(b) && !digit(b) },
	"space":  func(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' },
	"upper":  func(b byte) bool { return b >= 'A' && b <= 'Z' },
	"xdigit": func(b byte) bool { return digit(b) || b|0x20 >= 'a' && b|0x20 <= 'f' },
}

func letter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }
func digit(b byte) bool  { return b >= '0' && b <= '9' }
