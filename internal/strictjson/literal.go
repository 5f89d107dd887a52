package strictjson

import ()

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
