package strictjson

import (
	"fmt"
	"strconv"
)

// Members returns the values of an object by key, each as it stands in the text, which
// it shares. The object's own keys are held to the rules of Parse; what is within its
// values is passed over, and is held by who reads it.
func Members(raw []byte) (map[string][]byte, error) {
	r := NewReader(raw)
	if r.Peek() != '{' {
		return nil, fmt.Errorf("%w: no object", ErrSyntax)
	}
	out := map[string][]byte{}
	r.Object(func(key string, at int) {
		if _, twice := out[key]; twice {
			r.Fail(at, "key %s stands twice", strconv.Quote(key))
			return
		}
		out[key] = r.Raw()
	})
	r.End()
	return out, r.Err()
}

// Raw passes over any value and returns it as it stands in the source.
func (r *Reader) Raw() []byte {
	r.Peek()
	from := r.off
	r.Skip()
	if r.err != nil {
		return nil
	}
	return r.src[from:r.off]
}

// IsCanonical reports whether a text is in the one form that Canonical writes, without
// making a tree of it. What is canonical says one thing to every reader: no key stands
// twice.
func IsCanonical(raw []byte) bool {
	r := NewReader(raw)
	ok := r.canonical()
	return ok && r.err == nil && r.off == len(raw)
}

// canonical passes over a value and reports whether it is written as write does.
func (r *Reader) canonical() bool {
	if r.err != nil || r.off >= len(r.src) {
		return false
	}
	switch r.src[r.off] {
	case '{':
		return r.canonicalObject()
	case '[':
		return r.canonicalList()
	case '"':
		_, ok := r.canonicalText()
		return ok
	}
	from := r.off
	word := r.whole()
	if r.err != nil || r.off-from != len(word) {
		return false
	}
	if c := word[0]; c == 't' || c == 'f' || c == 'n' {
		return true
	}
	number, err := Number(word)
	return err == nil && number == word
}

func (r *Reader) canonicalObject() bool {
	if !r.open('{') {
		return false
	}
	last := []byte(nil)
	for first := true; ; first = false {
		if r.next('}') {
			r.close()
			return first
		}
		key, ok := r.canonicalText()
		if !ok || !first && !before(last, key) || !r.next(':') {
			return false
		}
		last = key
		if r.off++; !r.canonical() {
			return false
		}
		if r.next(',') {
			r.off++
			continue
		}
		if !r.next('}') {
			return false
		}
		r.close()
		return true
	}
}

func (r *Reader) canonicalList() bool {
	if !r.open('[') {
		return false
	}
	if r.next(']') {
		r.close()
		return true
	}
	for {
		if !r.canonical() {
			return false
		}
		if r.next(',') {
			r.off++
			continue
		}
		if !r.next(']') {
			return false
		}
		r.close()
		return true
	}
}

// next reports whether the very next byte is c.
func (r *Reader) next(c byte) bool { return r.err == nil && r.off < len(r.src) && r.src[r.off] == c }

// canonicalText passes over a string and returns it without its quotes. A string that
// escapes anything is left to Canonical.
func (r *Reader) canonicalText() ([]byte, bool) {
	if !r.next('"') {
		return nil, false
	}
	start, plain := r.quoted()
	if r.err != nil {
		return nil, false
	}
	raw := r.src[start : r.off-1]
	return raw, plain || escapesAsCanonical(raw)
}

// escapesAsCanonical reports whether the escapes of a string are those that Canonical
// writes.
func escapesAsCanonical(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++
		switch c := raw[i]; c {
		case '"', '\\', 'b', 'f', 'n', 'r', 't':
		case 'u':
			if len(raw) < i+5 || string(raw[i+1:i+3]) != "00" {
				return false
			}
			high, low := raw[i+3], raw[i+4]
			named := high == '0' && (low == '8' || low == '9' || low == 'a' || low == 'c' || low == 'd')
			if high != '0' && high != '1' || named || (low < '0' || low > '9') && (low < 'a' || low > 'f') {
				return false
			}
			i += 4
		default:
			return false
		}
	}
	return true
}

// before reports whether key a stands before key b. Keys that escape something or reach
// beyond ASCII are left to Canonical, whose order is that of UTF-16.
func before(a, b []byte) bool {
	for _, key := range [][]byte{a, b} {
		for _, c := range key {
			if c == '\\' || c >= 0x80 {
				return false
			}
		}
	}
	return string(a) < string(b)
}
