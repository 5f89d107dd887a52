package strictjson

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/bounds"
)

// Reader pulls JSON (RFC 8259) out of a text without building a tree of it, and
// knows where it stands. encoding/json can do neither: a lockfile's problems are
// reported by line, and 256 MB of junk must not become maps.
//
// After the first error its methods do nothing, so a caller may look at Err once, at
// the end.
type Reader struct {
	src   []byte
	off   int
	depth int
	err   error
	at    int // where err is
}

// ErrBound is in the tree of an error, beside ErrSyntax, where text is longer than it may
// be.
var ErrBound = errors.New("over the bound")

// tooLong is text that is longer than it may be.
type tooLong struct {
	what  string
	limit int64
}

// Error names the bound: whether the text is JSON was not found out.
func (t tooLong) Error() string { return fmt.Sprintf("%sover the bound of %d bytes", t.what, t.limit) }

// Unwrap returns what the error counts as.
func (t tooLong) Unwrap() []error { return []error{ErrSyntax, ErrBound} }

// ErrSyntax reports text that is not JSON as this package takes it.
var ErrSyntax = errors.New("not JSON")

// Error is where a text stops being JSON as this package takes it.
type Error struct {
	Offset int // in bytes from the start
	Err    error
}

// Error says what is wrong, and where.
func (e *Error) Error() string { return fmt.Sprintf("%v, at byte %d", e.Err, e.Offset) }

// Unwrap returns what is wrong there.
func (e *Error) Unwrap() error { return e.Err }

// NewReader reads src.
func NewReader(src []byte) *Reader { return &Reader{src: src} }

// Source returns the text that is read.
func (r *Reader) Source() []byte { return r.src }

// Offset returns where the reader stands, in bytes from the start.
func (r *Reader) Offset() int { return r.off }

// Err returns the first error, an *Error, or nil.
func (r *Reader) Err() error {
	if r.err == nil {
		return nil
	}
	return &Error{Offset: r.at, Err: r.err}
}

// Failed reports whether there was an error.
func (r *Reader) Failed() bool { return r.err != nil }

// Forgive forgets the error, for a caller that has reported more than it says.
func (r *Reader) Forgive() { r.err = nil }

// Fail makes the error, unless there is one already, at an offset.
func (r *Reader) Fail(at int, format string, args ...any) {
	if r.err == nil {
		r.err, r.at = fmt.Errorf("%w: "+format, append([]any{ErrSyntax}, args...)...), at
	}
}

// End fails where anything but white space follows.
func (r *Reader) End() {
	if r.err == nil && (r.Peek() != 0 || r.off < len(r.src)) {
		r.Fail(r.off, "more after its end")
	}
}

// Peek skips white space and returns the next byte, 0 at the end.
func (r *Reader) Peek() byte {
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

// Take consumes the byte c or fails.
func (r *Reader) Take(c byte) bool {
	if r.err != nil {
		return false
	}
	if got := r.Peek(); got != c {
		if r.off >= len(r.src) {
			r.Fail(r.off, "it ends where %q is due", c)
		} else {
			r.Fail(r.off, "%q where %q is due", got, c)
		}
		return false
	}
	r.off++
	return true
}

// Object reads an object and calls member with each key and where it stands;
// member must consume the value.
func (r *Reader) Object(member func(key string, at int)) {
	if !r.open('{') {
		return
	}
	if r.Peek() == '}' {
		r.close()
		return
	}
	for r.err == nil {
		r.Peek()
		at := r.off
		key := r.Text()
		if !r.Take(':') {
			return
		}
		member(key, at)
		if r.err != nil {
			return
		}
		if r.Peek() == ',' {
			r.off++
			continue
		}
		if r.Take('}') {
			r.depth--
		}
		return
	}
}

// Array reads an array and calls element before each value; element must consume
// it.
func (r *Reader) Array(element func()) {
	if !r.open('[') {
		return
	}
	if r.Peek() == ']' {
		r.close()
		return
	}
	for r.err == nil {
		element()
		if r.err != nil {
			return
		}
		if r.Peek() == ',' {
			r.off++
			continue
		}
		if r.Take(']') {
			r.depth--
		}
		return
	}
}

func (r *Reader) open(c byte) bool {
	if !r.Take(c) {
		return false
	}
	if r.depth++; r.depth > bounds.JSONDepth {
		r.Fail(r.off-1, "nested deeper than %d", bounds.JSONDepth)
		return false
	}
	return true
}

func (r *Reader) close() {
	r.off++
	r.depth--
}

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
	return r.unescape(raw, start)
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
	return []byte(r.unescape(r.src[start:r.off-1], start))
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

func (r *Reader) unescape(raw []byte, start int) string {
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
				if u = utf16.DecodeRune(u, low); !ok || u == utf8.RuneError {
					r.Fail(start+i, "half a surrogate pair")
					return ""
				}
				i += 6
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

// Skip passes over any value.
func (r *Reader) Skip() {
	if r.err != nil {
		return
	}
	switch c := r.Peek(); {
	case c == '{':
		if !r.open('{') {
			return
		}
		if r.Peek() == '}' {
			r.close()
			return
		}
		for r.err == nil {
			r.Peek()
			r.quoted()
			if !r.Take(':') {
				return
			}
			r.Skip()
			if r.err == nil && r.Peek() == ',' {
				r.off++
				continue
			}
			if r.Take('}') {
				r.depth--
			}
			return
		}
	case c == '[':
		r.Array(r.Skip)
	case c == '"':
		r.quoted()
	default:
		r.Literal()
	}
}

// Literal passes over a number, true, false or null and returns it.
func (r *Reader) Literal() string {
	r.Peek()
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
		r.Fail(start, "it ends where a value is due")
	default:
		r.Fail(start, "no value")
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
