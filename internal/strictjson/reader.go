package strictjson

import (
	"fmt"

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
