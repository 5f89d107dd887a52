package js

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// units is a string as ECMAScript has it, in UTF-16 units.
func units(s string) []uint16 {
	out := make([]uint16, 0, len(s))
	for len(s) > 0 {
		c, n := decodeWTF8(s)
		out = utf16AppendLoose(out, c)
		s = s[n:]
	}
	return out
}

func utf16AppendLoose(out []uint16, c rune) []uint16 {
	if c >= 0xd800 && c < 0xe000 {
		return append(out, uint16(c))
	}
	return utf16.AppendRune(out, c)
}

func fromUnits(u []uint16) string {
	var out []byte
	for _, c := range u {
		out = appendUnit(out, rune(c))
	}
	return string(out)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// joinPairs joins strings; halves of surrogate pairs that meet become one.
func joinPairs(parts ...string) string {
	s := strings.Join(parts, "")
	if !strings.Contains(s, "\xed") {
		return s
	}
	return fromUnits(units(s))
}

// cutUnits is the part of a string from one index up to another, in UTF-16 units.
func cutUnits(s string, from, to int) string {
	if ascii(s) {
		from, to = min(from, len(s)), min(to, len(s))
		if from >= to {
			return ""
		}
		return s[from:to]
	}
	u := units(s)
	from, to = min(from, len(u)), min(to, len(u))
	if from >= to {
		return ""
	}
	return fromUnits(u[from:to])
}

func lengthUnits(s string) int {
	if ascii(s) {
		return len(s)
	}
	return len(units(s))
}

// decodeBase64 reads as Node does: both alphabets, whatever else skipped.
func decodeBase64(s string) string {
	clean := make([]byte, 0, len(s))
	s, _, _ = strings.Cut(s, "=")
	for i := range len(s) {
		switch c := s[i]; {
		case c == '-':
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z', c == '+', c == '/':
			clean = append(clean, c)
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	out, err := base64.RawStdEncoding.DecodeString(string(clean))
	if err != nil {
		return ""
	}
	return string(out)
}

func decodeHex(s string) string {
	n := 0
	for n < len(s) && hexDigit(s[n]) >= 0 {
		n++
	}
	out, err := hex.DecodeString(s[:n&^1])
	if err != nil {
		return ""
	}
	return string(out)
}

// encodeBytes and decodeBytes are the encodings of Node's Buffer.
func decodeBytes(s, encoding string) (string, bool) {
	switch strings.ToLower(encoding) {
	case "utf8", "utf-8", "":
		return strings.ToValidUTF8(s, "\ufffd"), true
	case "base64", "base64url":
		return decodeBase64(s), true
	case "hex":
		return decodeHex(s), true
	case "latin1", "binary", "ascii":
		var out []byte
		for _, u := range units(s) {
			out = append(out, byte(u))
		}
		return string(out), true
	case "utf16le", "utf-16le", "ucs2", "ucs-2":
		var out []byte
		for _, u := range units(s) {
			out = append(out, byte(u), byte(u>>8))
		}
		return string(out), true
	}
	return "", false
}

func encodeBytes(s, encoding string) (string, bool) {
	switch strings.ToLower(encoding) {
	case "utf8", "utf-8", "":
		return strings.ToValidUTF8(s, "\ufffd"), true
	case "base64":
		return base64.StdEncoding.EncodeToString([]byte(s)), true
	case "base64url":
		return base64.RawURLEncoding.EncodeToString([]byte(s)), true
	case "hex":
		return hex.EncodeToString([]byte(s)), true
	case "latin1", "binary":
		return latin1(s, 0xff), true
	case "ascii":
		return latin1(s, 0x7f), true
	case "utf16le", "utf-16le", "ucs2", "ucs-2":
		var u []uint16
		for i := 0; i+1 < len(s); i += 2 {
			u = append(u, uint16(s[i])|uint16(s[i+1])<<8)
		}
		return fromUnits(u), true
	}
	return "", false
}

func latin1(s string, mask byte) string {
	var out []byte
	for i := range len(s) {
		out = utf8.AppendRune(out, rune(s[i]&mask))
	}
	return string(out)
}

// percentDecode is decodeURIComponent; keep has the characters that decodeURI leaves.
func percentDecode(s, keep string) (string, bool) {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		v, ok := hexValue(s[i+1:], 2)
		if !ok {
			return "", false
		}
		if strings.IndexByte(keep, byte(v)) >= 0 {
			out = append(out, s[i:i+3]...)
		} else {
			out = append(out, byte(v))
		}
		i += 2
	}
	return string(out), utf8.Valid(out)
}

// unescape is ECMA-262 Annex B.2.1.2.
func unescape(s string) string {
	var out []byte
	for i := 0; i < len(s); {
		if s[i] == '%' {
			if strings.HasPrefix(s[i+1:], "u") {
				if v, ok := hexValue(s[i+2:], 4); ok {
					out = appendUnit(out, v)
					i += 6
					continue
				}
			} else if v, ok := hexValue(s[i+1:], 2); ok {
				out = utf8.AppendRune(out, v)
				i += 3
				continue
			}
		}
		out = append(out, s[i])
		i++
	}
	return string(out)
}
