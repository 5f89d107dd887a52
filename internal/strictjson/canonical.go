package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Marshal writes v, anything that encoding/json can write, in the one form of
// RFC 8785 (JSON Canonicalization Scheme).
func Marshal(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return Canonical(raw)
}

// Canonical writes a JSON text anew in the one form of RFC 8785: keys sorted by
// their UTF-16 code units, no spaces, numbers as ECMAScript writes them. It
// refuses what has no such form, such as an integer that a double can't hold.
func Canonical(raw []byte) ([]byte, error) {
	v, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(len(raw))
	if err := write(&b, v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func write(b *bytes.Buffer, v any) error {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case string:
		writeString(b, v)
	case json.Number:
		s, err := Number(string(v))
		if err != nil {
			return err
		}
		b.WriteString(s)
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := write(b, e); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case Object:
		b.WriteByte('{')
		for i, k := range Keys(v) {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, k)
			b.WriteByte(':')
			if err := write(b, v[k]); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	default:
		return fmt.Errorf("writing JSON: a value of type %T", v)
	}
	return nil
}

// Keys orders keys by UTF-16 code units (RFC 8785 §3.2.3). That differs
// from bytewise order only where a key reaches beyond U+D7FF.
func Keys(o Object) []string {
	keys := make([]string, 0, len(o))
	wide := false
	for k := range o {
		keys = append(keys, k)
		wide = wide || strings.IndexFunc(k, func(r rune) bool { return r > 0xd7ff }) >= 0
	}
	if !wide {
		slices.Sort(keys)
		return keys
	}
	slices.SortFunc(keys, func(a, b string) int {
		return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
	})
	return keys
}

// writeString escapes what RFC 8785 §3.2.2.2 names and nothing else.
func writeString(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b.WriteString(s[from:i])
		from = i + 1
		if at := strings.IndexByte("\b\t\n\f\r\"\\", c); at >= 0 {
			b.WriteByte('\\')
			b.WriteByte(`btnfr"\`[at])
			continue
		}
		fmt.Fprintf(b, `\u%04x`, c)
	}
	b.WriteString(s[from:])
	b.WriteByte('"')
}

// Number writes a number as ECMAScript's Number::toString does (ECMA-262
// §6.1.6.1.20).
func Number(s string) (string, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return "", fmt.Errorf("%w: number %s is out of range", ErrSyntax, s)
	}
	if !strings.ContainsAny(s, ".eE") && math.Abs(f) >= 1<<53 && strconv.FormatFloat(f, 'f', -1, 64) != s {
		return "", fmt.Errorf("%w: a double can't hold integer %s", ErrSyntax, s)
	}
	if f == 0 {
		return "0", nil
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64), nil
	}
	out := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(out, "e")
	sign := exponent[:1]
	return mantissa + "e" + sign + strings.TrimLeft(exponent[1:], "0"), nil
}
