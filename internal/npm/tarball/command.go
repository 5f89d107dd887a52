package tarball

import (
	"bytes"
	"unicode/utf8"
)

// shebangReach is how far npm looks for the end of a shebang's line, in bytes.
const shebangReach = 2048

// command returns what a file holds once npm has linked it as a command, and whether
// that is something else: a carriage return before the first line feed goes, if the
// line is a shebang, because Linux would look for an interpreter of that name. npm
// reads the file as UTF-8 for it and writes that back (bin-links, fix-bin).
func command(body []byte) ([]byte, bool) {
	if !linked(body) {
		return nil, false
	}
	end := bytes.IndexByte(body, '\n')
	return []byte(decode(body[:end-1]) + decode(body[end:])), true
}

// linked reports whether a file that begins so is another one once it is a command.
func linked(body []byte) bool {
	head := body[:min(len(body), shebangReach)]
	end := bytes.IndexByte(head, '\n')
	return end >= 4 && head[0] == '#' && head[1] == '!' && head[end-1] == '\r'
}

// decode reads bytes as UTF-8 as Node does: each longest part of a character that is
// not whole becomes one U+FFFD (WHATWG Encoding Standard, "UTF-8 decoder").
func decode(raw []byte) string {
	if utf8.Valid(raw) {
		return string(raw)
	}
	out := make([]byte, 0, len(raw)+16)
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		if r == utf8.RuneError && n == 1 {
			n = broken(raw)
		}
		out = utf8.AppendRune(out, r)
		raw = raw[n:]
	}
	return string(out)
}

// broken returns how many bytes begin a character that does not go on.
func broken(raw []byte) int {
	low, high, more := byte(0x80), byte(0xbf), 0
	switch c := raw[0]; {
	case c >= 0xe0 && c <= 0xef:
		more = 1
		switch c {
		case 0xe0:
			low = 0xa0
		case 0xed:
			high = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		more = 2
		switch c {
		case 0xf0:
			low = 0x90
		case 0xf4:
			high = 0x8f
		}
	}
	n := 1
	for n <= more && n < len(raw) && raw[n] >= low && raw[n] <= high {
		n++
		low, high = 0x80, 0xbf
	}
	return n
}
