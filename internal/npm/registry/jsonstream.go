package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/nbuild/nbuild/internal/bounds"
)

var errJSON = errors.New("malformed JSON")

// stream walks a JSON document that is too large to hold: it gives the keys of an
// object one by one, and each value is either skipped or kept. What is skipped is
// checked for its brackets and strings only.
type stream struct {
	r        io.Reader
	buf      []byte
	pos, end int
	left     int64 // bytes that may still be read
	err      error
}

func newStream(r io.Reader, limit int64) *stream {
	return &stream{r: r, buf: make([]byte, 32<<10), left: limit}
}

// fill reads more once the window is used up, and reports whether there is any.
func (s *stream) fill() bool {
	if s.err != nil {
		return false
	}
	if s.left <= 0 {
		s.err = fmt.Errorf("%w: over the bound of %d bytes", errJSON, int64(bounds.Packument))
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

// token returns the next byte that is no space, without taking it.
func (s *stream) token() (byte, error) {
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
func (s *stream) take(want byte) error {
	c, err := s.token()
	if err != nil {
		return err
	}
	if c != want {
		return fmt.Errorf("%w: %q where %q should be", errJSON, c, want)
	}
	s.pos++
	return nil
}

// object calls each for every key, whose value each must take by value, skip or
// object.
func (s *stream) object(each func(key string) error) error {
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
		raw, err := s.value(bounds.Path)
		if err != nil {
			return err
		}
		var key string
		if raw[0] != '"' || json.Unmarshal(raw, &key) != nil {
			return fmt.Errorf("%w: a key that is no string", errJSON)
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
			return fmt.Errorf("%w: %q after a value", errJSON, c)
		}
	}
}

// skip takes a value and forgets it.
func (s *stream) skip() error { return s.walk(nil) }

// value takes a value of limit bytes at most.
func (s *stream) value(limit int) (json.RawMessage, error) {
	var out []byte
	err := s.walk(func(b []byte) error {
		if len(out)+len(b) > limit {
			return fmt.Errorf("%w: a value over the bound of %d bytes", errJSON, limit)
		}
		out = append(out, b...)
		return nil
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("%w: no value", errJSON)
	}
	return out, err
}

// walk takes one value, handing its bytes to keep if that is not nil.
func (s *stream) walk(keep func([]byte) error) error {
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
				return fmt.Errorf("%w: nested deeper than %d", errJSON, bounds.JSONDepth)
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
func (s *stream) quoted(more func() error) error {
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
