package npm

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/bounds"
)

// reader pulls JSON (RFC 8259) out of a text without building a tree of it, and
// knows where it stands. encoding/json can do neither: a lockfile's problems are
// told by line, and 256 MB of junk must not become maps.
//
// Its methods go on from err: after the first error, they do nothing.
type reader struct {
	src   []byte
	off   int
	depth int
	err   error
	at    int // where err is
}

var errSyntax = errors.New("not JSON")

func (r *reader) fail(at int, format string, args ...any) {
	if r.err == nil {
		r.err, r.at = fmt.Errorf("%w: "+format, append([]any{errSyntax}, args...)...), at
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (r *reader) peek() byte {
	for r.off < len(r.src) {
		switch c := r.src[r.off]; c {
		case ' ', '\n', '\r', '\t':
			r.off++
		default:
			return c
		}
	}
	return 0
}

// take consumes the byte c or fails.
func (r *reader) take(c byte) bool {
	if r.err != nil {
		return false
	}
	if got := r.peek(); got != c {
		if r.off >= len(r.src) {
			r.fail(r.off, "it ends where %q is due", c)
		} else {
			r.fail(r.off, "%q where %q is due", got, c)
		}
		return false
	}
	r.off++
	return true
}

// object reads an object and calls member with each key and where it stands;
// member must consume the value.
func (r *reader) object(member func(key string, at int)) {
	if !r.open('{') {
		return
	}
	if r.peek() == '}' {
		r.close()
		return
	}
	for r.err == nil {
		r.peek()
		at := r.off
		key := r.text()
		if !r.take(':') {
			return
		}
		member(key, at)
		if r.err != nil {
			return
		}
		if r.peek() == ',' {
			r.off++
			continue
		}
		if r.take('}') {
			r.depth--
		}
		return
	}
}

// array reads an array and calls element before each value; element must consume
// it.
func (r *reader) array(element func()) {
	if !r.open('[') {
		return
	}
	if r.peek() == ']' {
		r.close()
		return
	}
	for r.err == nil {
		element()
		if r.err != nil {
			return
		}
		if r.peek() == ',' {
			r.off++
			continue
		}
		if r.take(']') {
			r.depth--
		}
		return
	}
}

func (r *reader) open(c byte) bool {
	if !r.take(c) {
		return false
	}
	if r.depth++; r.depth > bounds.JSONDepth {
		r.fail(r.off-1, "nested deeper than %d", bounds.JSONDepth)
		return false
	}
	return true
}

func (r *reader) close() {
	r.off++
	r.depth--
}

// text reads a string.
func (r *reader) text() string {
	start, plain := r.quoted()
	if r.err != nil {
		return ""
	}
	raw := r.src[start : r.off-1]
	if plain {
		return string(raw)
	}
	return r.unescape(raw, start)
}

// quoted passes over a string and reports where its content starts and whether it
// stands for itself.
func (r *reader) quoted() (start int, plain bool) {
	if !r.take('"') {
		return 0, false
	}
	start, plain = r.off, true
	for i := r.off; i < len(r.src); i++ {
		switch c := r.src[i]; {
		case c == '"':
			r.off = i + 1
			if !utf8.Valid(r.src[start:i]) {
				r.fail(start, "a string that is no UTF-8")
			}
			return start, plain
		case c == '\\':
			plain = false
			i++
		case c < 0x20:
			r.fail(i, "a control character in a string")
			return start, false
		}
	}
	r.fail(start-1, "a string without an end")
	return start, false
}

func (r *reader) unescape(raw []byte, start int) string {
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
				r.fail(start+i, "a bad \\u escape")
				return ""
			}
			i += 4
			if utf16.IsSurrogate(u) {
				low, ok := rune(0), false
				if rest := raw[i+1:]; len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
					low, ok = hex4(rest[2:])
				}
				if u = utf16.DecodeRune(u, low); !ok || u == utf8.RuneError {
					r.fail(start+i, "half a surrogate pair")
					return ""
				}
				i += 6
			}
			b.WriteRune(u)
		default:
			r.fail(start+i, "the escape \\%c", c)
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

// skip passes over any value.
func (r *reader) skip() {
	if r.err != nil {
		return
	}
	switch c := r.peek(); {
	case c == '{':
		if !r.open('{') {
			return
		}
		if r.peek() == '}' {
			r.close()
			return
		}
		for r.err == nil {
			r.peek()
			r.quoted()
			if !r.take(':') {
				return
			}
			r.skip()
			if r.err == nil && r.peek() == ',' {
				r.off++
				continue
			}
			if r.take('}') {
				r.depth--
			}
			return
		}
	case c == '[':
		r.array(r.skip)
	case c == '"':
		r.quoted()
	default:
		r.literal()
	}
}

// literal passes over a number, true, false or null and returns it.
func (r *reader) literal() string {
	r.peek()
	start := r.off
	for r.off < len(r.src) {
		c := r.src[r.off]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '+' || c == '-' || c == '.' || c == 'E' {
			r.off++
			continue
		}
		break
	}
	word := string(r.src[start:min(r.off, start+32)])
	switch {
	case r.err != nil:
	case word == "true", word == "false", word == "null":
	case start < r.off && isNumber(r.src[start:r.off]):
	case start >= len(r.src):
		r.fail(start, "it ends where a value is due")
	default:
		r.fail(start, "no value")
	}
	return word
}

// isNumber reports whether b is a JSON number (RFC 8259 §6).
func isNumber(b []byte) bool {
	digits := func() bool {
		n := 0
		for n < len(b) && b[n] >= '0' && b[n] <= '9' {
			n++
		}
		b = b[n:]
		return n > 0
	}
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	if len(b) > 1 && b[0] == '0' && b[1] >= '0' && b[1] <= '9' {
		return false
	}
	if !digits() {
		return false
	}
	if len(b) > 0 && b[0] == '.' {
		b = b[1:]
		if !digits() {
			return false
		}
	}
	if len(b) > 0 && b[0]|0x20 == 'e' {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		if !digits() {
			return false
		}
	}
	return len(b) == 0
}
