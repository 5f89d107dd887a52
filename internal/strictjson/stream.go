package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/nbuild/nbuild/internal/bounds"
)

// Stream walks a JSON document that is too large to hold: it gives the keys of an
// Object one by one, and each value is either skipped or kept. What is skipped is
// checked for its brackets and strings only.
type Stream struct {
	r        io.Reader
	buf      []byte
	pos, end int
	limit    int64 // bytes that may be read in all
	left     int64 // ... and still
	err      error
}

// NewStream walks what r gives, up to limit bytes.
func NewStream(r io.Reader, limit int64) *Stream {
	return &Stream{r: r, buf: make([]byte, 32<<10), limit: limit, left: limit}
}

// fill reads more once the window is used up, and reports whether there is any.
func (s *Stream) fill() bool {
	if s.err != nil {
		return false
	}
	if s.left <= 0 {
		s.err = tooLong{"", s.limit}
		return false
	}
	for range 100 {
		n, err := s.r.Read(s.buf[:min(int64(len(s.buf)), s.left)])
		s.pos, s.end = 0, n
		s.left -= int64(n)
		if n > 0 {
			return true
		}
		if err != nil {
			if s.err = err; err == io.EOF {
				s.err = io.ErrUnexpectedEOF
			}
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// token returns the next byte that is not a space, without taking it.
func (s *Stream) token() (byte, error) {
	for {
		for ; s.pos < s.end; s.pos++ {
			switch c := s.buf[s.pos]; c {
			case ' ', '\t', '\r', '\n':
			default:
				return c, nil
			}
		}
		if !s.fill() {
			return 0, s.err
		}
	}
}

// take demands one byte.
func (s *Stream) take(want byte) error {
	c, err := s.token()
	if err != nil {
		return err
	}
	if c != want {
		return fmt.Errorf("%w: %q where %q should be", ErrSyntax, c, want)
	}
	s.pos++
	return nil
}

// Object calls each for every key, whose value each must take by value, skip or
// object.
func (s *Stream) Object(each func(key string) error) error {
	if err := s.take('{'); err != nil {
		return err
	}
	c, err := s.token()
	if err != nil {
		return err
	}
	if c == '}' {
		s.pos++
		return nil
	}
	for {
		raw, err := s.Value(bounds.Path)
		if err != nil {
			return err
		}
		var key string
		if raw[0] != '"' || json.Unmarshal(raw, &key) != nil {
			return fmt.Errorf("%w: a key that is no string", ErrSyntax)
		}
		if err := s.take(':'); err != nil {
			return err
		}
		if err := each(key); err != nil {
			return err
		}
		if c, err = s.token(); err != nil {
			return err
		}
		s.pos++
		if c == '}' {
			return nil
		}
		if c != ',' {
			return fmt.Errorf("%w: %q after a value", ErrSyntax, c)
		}
	}
}

// Skip takes a value and forgets it.
func (s *Stream) Skip() error { return s.walk(nil) }

// Value takes a value of limit bytes at most.
func (s *Stream) Value(limit int) (json.RawMessage, error) {
	var out []byte
	err := s.walk(func(b []byte) error {
		if len(out)+len(b) > limit {
			return tooLong{"a value ", int64(limit)}
		}
		out = append(out, b...)
		return nil
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("%w: no value", ErrSyntax)
	}
	return out, err
}

// walk takes one value, handing its bytes to keep if that is not nil.
func (s *Stream) walk(keep func([]byte) error) error {
	first, err := s.token()
	if err != nil {
		return err
	}
	depth, start := 0, s.pos
	flush := func() error {
		if keep == nil || start >= s.pos {
			return nil
		}
		err := keep(s.buf[start:s.pos])
		start = s.pos
		return err
	}
	more := func() error { // the window is used up
		if err := flush(); err != nil {
			return err
		}
		if !s.fill() {
			return s.err
		}
		start = 0
		return nil
	}
	if first != '{' && first != '[' && first != '"' { // a number or a word
		for {
			for ; s.pos < s.end; s.pos++ {
				switch s.buf[s.pos] {
				case ',', '}', ']', ':', ' ', '\t', '\r', '\n':
					return flush()
				}
			}
			if err := more(); err != nil {
				return err
			}
		}
	}
	for {
		if s.pos == s.end {
			if err := more(); err != nil {
				return err
			}
		}
		c := s.buf[s.pos]
		s.pos++
		switch c {
		case '"':
			if err := s.quoted(more); err != nil {
				return err
			}
		case '{', '[':
			if depth++; depth > bounds.JSONDepth {
				return fmt.Errorf("%w: nested deeper than %d", ErrSyntax, bounds.JSONDepth)
			}
		case '}', ']':
			depth--
		}
		if depth == 0 {
			return flush()
		}
	}
}

// quoted takes the rest of a string, its closing quote included.
func (s *Stream) quoted(more func() error) error {
	for {
		window := s.buf[s.pos:s.end]
		i := bytes.IndexByte(window, '"')
		if i >= 0 {
			window = window[:i]
		}
		if j := bytes.IndexByte(window, '\\'); j >= 0 {
			s.pos += j + 1
			if s.pos == s.end {
				if err := more(); err != nil {
					return err
				}
			}
			s.pos++ // what is escaped, a quote perhaps
			continue
		}
		if i >= 0 {
			s.pos += i + 1
			return nil
		}
		s.pos = s.end
		if err := more(); err != nil {
			return err
		}
	}
}

// Members is Object, except that a value that is not an object is skipped.
func (s *Stream) Members(each func(key string) error) error {
	if c, err := s.token(); err != nil || c != '{' {
		if err != nil {
			return err
		}
		return s.Skip()
	}
	return s.Object(each)
}
