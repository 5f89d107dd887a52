package snapshot

import (
	"errors"
	"strings"
)

var errEscape = errors.New("malformed percent-encoding")

const upperHex = "0123456789ABCDEF"

// plain reports whether a byte stands for itself: printable ASCII but the percent
// sign. Spaces part fields, so they are escaped.
func plain(c byte) bool { return c > 0x20 && c < 0x7f && c != '%' }

// escape percent-encodes (RFC 3986 §2.1) every byte that is not plain.
func escape(s string) string {
	n := 0
	for i := range len(s) {
		if !plain(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 2*n)
	for i := range len(s) {
		if c := s[i]; plain(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

// unescape undoes escape. Other ways to write the same text are found by the check that
// formatting what was parsed gives the source back.
func unescape(s string) (string, error) {
	if !strings.Contains(s, "%") {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", errEscape
		}
		hi, lo := strings.IndexByte(upperHex, s[i+1]), strings.IndexByte(upperHex, s[i+2])
		if hi < 0 || lo < 0 {
			return "", errEscape
		}
		b.WriteByte(byte(hi<<4 | lo))
		i += 2
	}
	return b.String(), nil
}
