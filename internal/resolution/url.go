package resolution

import (
	"strings"
	"unicode/utf8"
)

// isURL reports whether a specifier has a scheme, so that Node reads it as a URL.
func isURL(spec string) bool {
	scheme, _, ok := strings.Cut(spec, ":")
	if !ok || scheme == "" {
		return false
	}
	for i, c := range []byte(scheme) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	return true
}

// urlPath returns the path that the path of a URL reference names in the file
// system: without query and fragment, percent-decoded, backslashes as slashes. An
// encoded slash or backslash is a failure (ESM_RESOLVE).
func urlPath(ref string) (string, error) {
	if i := strings.IndexAny(ref, "?#"); i >= 0 {
		ref = ref[:i]
	}
	ref = strings.Map(func(c rune) rune {
		switch c {
		case '\\':
			return '/'
		case '\t', '\n', '\r':
			return -1
		}
		return c
	}, strings.TrimRight(ref, "\x00 "))
	if !strings.Contains(ref, "%") {
		return ref, nil
	}
	var out strings.Builder
	for i := 0; i < len(ref); i++ {
		if ref[i] != '%' {
			out.WriteByte(ref[i])
			continue
		}
		if i+2 >= len(ref) || !isHex(ref[i+1]) || !isHex(ref[i+2]) {
			return "", fail(MalformedURI, "a percent sign that encodes nothing")
		}
		c := unhex(ref[i+1])<<4 | unhex(ref[i+2])
		if c == '/' || c == '\\' {
			return "", fail(InvalidSpecifier, "an encoded slash")
		}
		out.WriteByte(c)
		i += 2
	}
	if !utf8.ValidString(out.String()) {
		return "", fail(MalformedURI, "what it encodes is not UTF-8")
	}
	return out.String(), nil
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
