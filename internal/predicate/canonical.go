package predicate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/bounds"
)

// ErrJSON reports text that is not JSON as this package takes it: I-JSON (RFC
// 7493) with no key twice, at most bounds.JSONDepth deep.
var ErrJSON = errors.New("malformed JSON")

// object is a JSON object. Arrays are []any, numbers json.Number, the rest as
// encoding/json has it.
type object map[string]any

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
	v, err := parse(raw)
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
		s, err := number(string(v))
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
	case object:
		b.WriteByte('{')
		for i, k := range sortedKeys(v) {
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

// sortedKeys orders keys by UTF-16 code units (RFC 8785 §3.2.3). That differs
// from bytewise order only where a key reaches beyond U+D7FF.
func sortedKeys(o object) []string {
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

// number writes a number as ECMAScript's Number::toString does (ECMA-262
// §6.1.6.1.20).
func number(s string) (string, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return "", fmt.Errorf("%w: number %s is out of range", ErrJSON, s)
	}
	if !strings.ContainsAny(s, ".eE") && math.Abs(f) >= 1<<53 && strconv.FormatFloat(f, 'f', -1, 64) != s {
		return "", fmt.Errorf("%w: a double can't hold integer %s", ErrJSON, s)
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

// parse reads one JSON text (RFC 8259) into a tree.
func parse(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, fmt.Errorf("%w: not UTF-8", ErrJSON)
	}
	r := reader{src: raw}
	v, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if r.space(); r.at < len(r.src) {
		return nil, r.fail("more after the end")
	}
	return v, nil
}

// reader is a recursive-descent JSON reader. encoding/json is no help here: it
// takes the last of two equal keys, ignores case and replaces lone surrogates.
type reader struct {
	src []byte
	at  int
}

func (r *reader) fail(why string) error {
	return fmt.Errorf("%w: byte %d: %s", ErrJSON, r.at, why)
}

func (r *reader) space() {
	for r.at < len(r.src) {
		switch r.src[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// next returns the next byte after white space without taking it, 0 at the end.
func (r *reader) next() byte {
	if r.space(); r.at < len(r.src) {
		return r.src[r.at]
	}
	return 0
}

func (r *reader) value(depth int) (any, error) {
	if depth > bounds.JSONDepth {
		return nil, r.fail(fmt.Sprintf("more than %d levels deep", bounds.JSONDepth))
	}
	switch c := r.next(); {
	case c == '{':
		return r.object(depth)
	case c == '[':
		return r.array(depth)
	case c == '"':
		return r.string()
	case c == '-' || c >= '0' && c <= '9':
		return r.number()
	}
	for _, w := range []struct {
		text  string
		value any
	}{{"true", true}, {"false", false}, {"null", nil}} {
		if bytes.HasPrefix(r.src[r.at:], []byte(w.text)) {
			r.at += len(w.text)
			return w.value, nil
		}
	}
	return nil, r.fail("no value")
}

func (r *reader) object(depth int) (any, error) {
	r.at++
	o := object{}
	if r.next() == '}' {
		r.at++
		return o, nil
	}
	for {
		if r.next() != '"' {
			return nil, r.fail("a key is missing")
		}
		key, err := r.string()
		if err != nil {
			return nil, err
		}
		if _, twice := o[key]; twice {
			return nil, r.fail("key " + strconv.Quote(key) + " stands twice")
		}
		if r.next() != ':' {
			return nil, r.fail("a colon is missing")
		}
		r.at++
		if o[key], err = r.value(depth + 1); err != nil {
			return nil, err
		}
		switch r.next() {
		case ',':
			r.at++
		case '}':
			r.at++
			return o, nil
		default:
			return nil, r.fail("the object does not end")
		}
	}
}

func (r *reader) array(depth int) (any, error) {
	r.at++
	list := []any{}
	if r.next() == ']' {
		r.at++
		return list, nil
	}
	for {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		switch r.next() {
		case ',':
			r.at++
		case ']':
			r.at++
			return list, nil
		default:
			return nil, r.fail("the array does not end")
		}
	}
}

// string reads a string whose quote is the next byte.
func (r *reader) string() (string, error) {
	start := r.at + 1
	plain := true
	for i := start; i < len(r.src); i++ {
		switch c := r.src[i]; {
		case c == '\\':
			plain = false
			i++
		case c < 0x20:
			r.at = i
			return "", r.fail("a control character in a string")
		case c == '"':
			text := r.src[start:i]
			if plain {
				r.at = i + 1
				return string(text), nil
			}
			s, err := r.unescape(string(text))
			if err != nil {
				return "", err
			}
			r.at = i + 1
			return s, nil
		}
	}
	return "", r.fail("the string does not end")
}

func (r *reader) unescape(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		if s[i] != 'u' {
			at := strings.IndexByte(`bfnrt"\/`, s[i])
			if at < 0 {
				return "", r.fail("an unknown escape in a string")
			}
			b.WriteByte("\b\f\n\r\t\"\\/"[at])
			continue
		}
		unit, ok := hex4(s[i+1:])
		i += 4
		if ok && unit >= 0xdc00 && unit < 0xe000 {
			ok = false
		}
		if ok && unit >= 0xd800 && unit < 0xdc00 {
			low := rune(0)
			if strings.HasPrefix(s[min(i+1, len(s)):], `\u`) {
				low, _ = hex4(s[i+3:])
			}
			unit = utf16.DecodeRune(unit, low)
			ok = unit != utf8.RuneError
			i += 6
		}
		if !ok {
			return "", r.fail("half a character in a string")
		}
		b.WriteRune(unit)
	}
	return b.String(), nil
}

// hex4 reads the four digits of a \u escape.
func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(s[:4], 16, 16)
	return rune(n), err == nil && s[0] != '+' && s[0] != '-'
}

// number reads a number by the grammar of RFC 8259 §6.
func (r *reader) number() (any, error) {
	start := r.at
	digits := func() bool {
		from := r.at
		for r.at < len(r.src) && r.src[r.at] >= '0' && r.src[r.at] <= '9' {
			r.at++
		}
		return r.at > from
	}
	is := func(set string) bool { return r.at < len(r.src) && strings.IndexByte(set, r.src[r.at]) >= 0 }
	if is("-") {
		r.at++
	}
	zero := is("0")
	first := r.at
	if !digits() || zero && r.at > first+1 {
		return nil, r.fail("a malformed number")
	}
	if is(".") {
		r.at++
		if !digits() {
			return nil, r.fail("a malformed number")
		}
	}
	if is("eE") {
		r.at++
		if is("+-") {
			r.at++
		}
		if !digits() {
			return nil, r.fail("a malformed number")
		}
	}
	return json.Number(r.src[start:r.at]), nil
}

func canonicalTree(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := write(&b, v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
