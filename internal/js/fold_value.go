package js

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// value is a constant: a string, a number, a boolean, null, undefined, bytes (of a
// Buffer) or an array of constants.
type value struct {
	kind   valueKind
	number float64
	str    string
	list   []value
}

type valueKind uint8

const (
	undefinedKind valueKind = iota
	nullKind
	booleanKind
	numberKind
	textKind
	bytesKind
	listKind
)

func textValue(s string) value    { return value{kind: textKind, str: s} }
func numberValue(n float64) value { return value{kind: numberKind, number: n} }

func boolNumber(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (v value) size() int {
	n := len(v.str)
	for _, e := range v.list {
		n += e.size()
	}
	return n
}

func (v value) equal(w value) bool {
	return v.kind == w.kind && v.str == w.str && slices.EqualFunc(v.list, w.list, value.equal) &&
		(v.number == w.number || v.number != v.number && w.number != w.number)
}

// text is ECMA-262 §7.1.17 ToString.
func (v value) text() (string, bool) {
	switch v.kind {
	case undefinedKind:
		return "undefined", true
	case nullKind:
		return "null", true
	case booleanKind:
		if v.number != 0 {
			return "true", true
		}
		return "false", true
	case numberKind:
		return numberText(v.number), true
	case bytesKind:
		return strings.ToValidUTF8(v.str, "\ufffd"), true
	case listKind:
		return joined(v.list, ",")
	}
	return v.str, true
}

// joined is Array.prototype.join.
func joined(list []value, separator string) (string, bool) {
	var b strings.Builder
	for i, e := range list {
		if i > 0 {
			b.WriteString(separator)
		}
		if e.kind == undefinedKind || e.kind == nullKind {
			continue
		}
		s, ok := e.text()
		if !ok || b.Len()+len(s) > maxText {
			return "", false
		}
		b.WriteString(s)
	}
	return joinPairs(b.String()), true
}

// numeric is ECMA-262 §7.1.4 ToNumber.
func (v value) numeric() float64 {
	switch v.kind {
	case undefinedKind:
		return math.NaN()
	case nullKind:
		return 0
	case booleanKind, numberKind:
		return v.number
	}
	s, ok := v.text()
	if !ok {
		return math.NaN()
	}
	return parseNumber(s)
}

func parseNumber(s string) float64 {
	s = strings.TrimFunc(s, whiteSpace)
	if s == "" {
		return 0
	}
	if len(s) > 2 && s[0] == '0' {
		for prefix, base := range [...]int{'b': 2, 'o': 8, 'x': 16} {
			if base != 0 && int(s[1]|0x20) == prefix {
				if strings.ContainsAny(s[2:], "+-_") {
					return math.NaN()
				}
				return integer(s[2:], base)
			}
		}
	}
	if strings.Trim(s, "0123456789.eE+-") != "" {
		switch s {
		case "Infinity", "+Infinity":
			return math.Inf(1)
		case "-Infinity":
			return math.Inf(-1)
		}
		return math.NaN()
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil && n == 0 {
		return math.NaN()
	}
	return n
}

func whiteSpace(c rune) bool {
	return c == ' ' || c >= '\t' && c <= '\r' || isLineEnd(c) || isSpace(c)
}

// numberText is ECMA-262 §6.1.6.1.20 Number::toString of base 10.
func numberText(n float64) string {
	switch {
	case n != n:
		return "NaN"
	case math.IsInf(n, 1):
		return "Infinity"
	case math.IsInf(n, -1):
		return "-Infinity"
	case n == 0:
		return "0"
	}
	if a := math.Abs(n); a >= 1e21 || a < 1e-6 {
		s := strconv.FormatFloat(n, 'e', -1, 64)
		mantissa, exponent, _ := strings.Cut(s, "e")
		sign, digits := exponent[:1], strings.TrimLeft(exponent[1:], "0")
		return mantissa + "e" + sign + digits
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

func (v value) truthy() bool {
	switch v.kind {
	case undefinedKind, nullKind:
		return false
	case booleanKind, numberKind:
		return v.number != 0 && v.number == v.number
	case textKind:
		return v.str != ""
	}
	return true
}

// add is the operator +: a sum of numbers, else text.
func add(a, b value) (value, bool) {
	if a.kind <= numberKind && b.kind <= numberKind {
		return numberValue(a.numeric() + b.numeric()), true
	}
	return concat(a, b)
}

func concat(a, b value) (value, bool) {
	s, ok := a.text()
	if !ok {
		return value{}, false
	}
	t, ok := b.text()
	if !ok || len(s)+len(t) > maxText {
		return value{}, false
	}
	return textValue(joinPairs(s, t)), true
}

// toInt32 is ECMA-262 §7.1.6.
func toInt32(n float64) int32 {
	if n != n || math.IsInf(n, 0) {
		return 0
	}
	n = math.Mod(math.Trunc(n), 1<<32)
	return int32(uint32(int64(n)))
}

func arithmetic(op Op) func(a, b value) (value, bool) {
	return func(a, b value) (value, bool) {
		x, y := a.numeric(), b.numeric()
		i, j := toInt32(x), toInt32(y)
		var n float64
		switch op {
		case OpSub:
			n = x - y
		case OpMul:
			n = x * y
		case OpDiv:
			n = x / y
		case OpMod:
			n = math.Mod(x, y)
		case OpExp:
			n = math.Pow(x, y)
		case OpBitAnd:
			n = float64(i & j)
		case OpBitOr:
			n = float64(i | j)
		case OpBitXor:
			n = float64(i ^ j)
		case OpShl:
			n = float64(i << (uint32(j) & 31))
		case OpShr:
			n = float64(i >> (uint32(j) & 31))
		case OpUshr:
			n = float64(uint32(i) >> (uint32(j) & 31))
		default:
			return value{}, false
		}
		return numberValue(n), true
	}
}

func unary(op Op) func(a value) (value, bool) {
	return func(a value) (value, bool) {
		switch op {
		case OpNot:
			return value{kind: booleanKind, number: boolNumber(!a.truthy())}, true
		case OpPlus:
			return numberValue(a.numeric()), true
		case OpMinus:
			return numberValue(-a.numeric()), true
		case OpBitNot:
			return numberValue(float64(^toInt32(a.numeric()))), true
		case OpVoid:
			return value{}, true
		}
		return value{}, false
	}
}
