package strictjson

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Text reads a string.
func (r *Reader) Text() string {
	start, plain := r.quoted()
	if r.err != nil {
		return ""
	}
	raw := r.src[start : r.off-1]
	if plain {
		return string(raw)
	}
	return r.unescape(raw, start, false)
}

// Bytes reads a string. What it returns is a part of the source where nothing in the
// string is escaped, so that a long one costs nothing.
func (r *Reader) Bytes() []byte {
	start, plain := r.quoted()
	switch {
	case r.err != nil:
		return nil
	case plain:
		return r.src[start : r.off-1]
	}
	return []byte(r.unescape(r.src[start:r.off-1], start, false))
}

// quoted passes over a string and reports where its content starts and whether it
// stands for itself.
func (r *Reader) quoted() (start int, plain bool) {
	if !r.Take('"') {
		return 0, false
	}
	start, plain = r.off, true
	for i := r.off; i < len(r.src); i++ {
		switch c := r.src[i]; {
		case c == '"':
			r.off = i + 1
			if !utf8.Valid(r.src[start:i]) {
				r.Fail(start, "a string that is no UTF-8")
			}
			return start, plain
		case c == '\\':
			plain = false
			i++
		case c < 0x20:
			r.Fail(i, "a control character in a string")
			return start, false
		}
	}
	r.Fail(start-1, "a string without an end")
	return start, false
}

// unescape returns what a string stands for. Half of a surrogate pair is U+FFFD where
// halves are taken, and else an error.
func (r *Reader) unescape(raw []byte, start int, halves bool) string {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			b.WriteByte(raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case '"', '\\', '/':
			b.WriteByte(c)
		case 'b', 'f', 'n', 'r', 't':
			b.WriteByte("\b\f\n\r\t"[strings.IndexByte("bfnrt", c)])
		case 'u':
			u, ok := hex4(raw[i+1:])
			if !ok {
				r.Fail(start+i, "a bad \\u escape")
				return ""
			}
			i += 4
			if utf16.IsSurrogate(u) {
				low, ok := rune(0), false
				if rest := raw[i+1:]; len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
					low, ok = hex4(rest[2:])
				}
				u = utf16.DecodeRune(u, low)
				switch {
				case ok && u != utf8.RuneError:
					i += 6
				case halves:
					u = utf8.RuneError
				default:
					r.Fail(start+i, "half a surrogate pair")
					return ""
				}
			}
			b.WriteRune(u)
		default:
			r.Fail(start+i, "the escape \\%c", c)
			return ""
		}
	}
	return b.String()
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var u rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			u = u<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			u = u<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return u, true
}
