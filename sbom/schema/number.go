package schema

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// number is a JSON number without loss: 0.DIGITS times ten to the exponent, negated or
// not. Its digits begin and end with none that is 0, so that equal numbers are equal
// values however they were written; zero has no digit.
type number struct {
	negative bool
	digits   string
	exponent int
}

// parseNumber reads a number in the form of JSON.
func parseNumber(n json.Number) number {
	s, negative := strings.CutPrefix(string(n), "-")
	mantissa, power := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, power = s[:i], s[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	exponent := len(whole) - (len(whole) + len(fraction) - len(digits))
	digits = strings.TrimRight(digits, "0")
	if digits == "" {
		return number{}
	}
	if power != "" {
		e, err := strconv.ParseInt(power, 10, 32)
		if err != nil { // beyond any bound that a schema sets
			e = math.MaxInt32
			if power[0] == '-' {
				e = math.MinInt32
			}
		}
		exponent += int(e)
	}
	return number{negative, digits, exponent}
}

// integer reports whether the number has no fraction, as 1.0 has none.
func (n number) integer() bool { return n.exponent >= len(n.digits) || n.digits == "" }

// compare is negative where n is less than m, and positive where it is more.
func (n number) compare(m number) int {
	a, b := n.sign(), m.sign()
	if a != b || a == 0 {
		return cmp.Compare(a, b)
	}
	return a * cmp.Or(cmp.Compare(n.exponent, m.exponent), strings.Compare(n.digits, m.digits))
}

func (n number) sign() int {
	switch {
	case n.digits == "":
		return 0
	case n.negative:
		return -1
	}
	return 1
}
