package typescript

import "bytes"

// nesting estimates from above how deep a parser that recurses would go: by the
// brackets that are open, and in each by the operators, keywords and arrows that can
// put one expression or statement into another since the last comma or semicolon
// there. Text in strings and comments is skipped as a reader would skip it.
//
// It is an estimate, since the language can't be determined without parsing it: a
// regular expression is taken for one by the character before it.
func nesting(src []byte) int {
	type level struct {
		count    int
		template bool // a ${ within a template
	}
	levels := []level{{}}
	sum, deepest := 0, 0
	add := func(n int) {
		levels[len(levels)-1].count += n
		sum += n
		deepest = max(deepest, sum)
	}
	reset := func() {
		l := &levels[len(levels)-1]
		sum -= l.count
		l.count = 0
	}
	before := byte(';') // the last character that is not a space
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch {
		case c <= ' ':
			continue
		case c == '/' && i+1 < len(src) && src[i+1] == '/':
			i += lineEnd(src[i:]) - 1
			continue
		case c == '/' && i+1 < len(src) && src[i+1] == '*':
			end := bytes.Index(src[i+2:], []byte("*/"))
			if end < 0 {
				return deepest
			}
			i += end + 3
			continue
		case c == '"', c == '\'':
			i += quoted(src[i:], c) - 1
		case c == '/' && bytes.IndexByte([]byte("(,=:[!&|?{};+-*%~^<>"), before) >= 0:
			i += quoted(src[i:], '/') - 1
		case c == '`':
			i = text(src, i+1)
			if i < len(src) && src[i] == '{' {
				levels = append(levels, level{template: true})
				add(1)
			}
		case c == '(', c == '[', c == '{':
			levels = append(levels, level{})
			add(1)
		case c == ')', c == ']', c == '}':
			if len(levels) == 1 {
				break
			}
			reset()
			template := c == '}' && levels[len(levels)-1].template
			levels = levels[:len(levels)-1]
			if template {
				i = text(src, i+1)
				if i < len(src) && src[i] == '{' {
					levels = append(levels, level{template: true})
					add(1)
				}
			}
		case c == ';', c == ',':
			if !bytes.HasPrefix(bytes.TrimLeft(src[i+1:min(len(src), i+64)], " \t\r\n"), []byte("else")) {
				reset()
			}
		case letter(c):
			start := i
			for i+1 < len(src) && (letter(src[i+1]) || src[i+1] >= '0' && src[i+1] <= '9') {
				i++
			}
			if nests[string(src[start:i+1])] {
				add(1)
			}
			if c = src[i]; nests[string(src[start:i+1])] {
				c = '(' // a slash behind it begins a regular expression
			}
		case bytes.IndexByte([]byte("!~+-?:=<&|*"), c) >= 0:
			add(1)
		}
		before = c
	}
	return deepest
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$' || c >= 0x80 }

var nests = map[string]bool{"new": true, "typeof": true, "void": true, "delete": true, "await": true, "yield": true,
	"if": true, "else": true, "for": true, "while": true, "do": true, "with": true, "keyof": true, "unique": true, "readonly": true,
	"infer": true, "extends": true, "class": true, "in": true, "return": true, "throw": true, "case": true, "async": true,
	"function": true, "abstract": true, "asserts": true, "is": true, "as": true}

func lineEnd(b []byte) int {
	if n := bytes.IndexAny(b, "\n\r"); n >= 0 {
		return n
	}
	return len(b)
}

// quoted is the length of a string or a regular expression, which ends with its line.
func quoted(b []byte, quote byte) int {
	class := false
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\\':
			i++
		case c == '\n':
			return i
		case c == '[' && quote == '/':
			class = true
		case c == ']' && quote == '/':
			class = false
		case c == quote && !class:
			return i + 1
		}
	}
	return len(b)
}

// text is where the text of a template ends: the index of its ` or of the { of ${.
func text(src []byte, i int) int {
	for ; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '`':
			return i
		case '$':
			if i+1 < len(src) && src[i+1] == '{' {
				return i + 1
			}
		}
	}
	return i
}
