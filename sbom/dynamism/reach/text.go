package reach

import (
	"slices"
	"strings"
)

// hole stands, in a text, for a part that is not known. A zero byte can be in no
// path and no specifier that loads.
const hole = "\x00"

// What one expression may be is bounded; beyond it is a hole.
const (
	maxTexts  = 64
	maxText   = 4 << 10
	maxWork   = 1 << 20 // steps of evaluation in one file
	maxNested = 96      // evaluations within evaluations
)

// texts are the strings that an expression may be, each with holes. An expression
// of which nothing is known is the one text of a single hole.
type texts []string

var unknown = texts{hole}

// known reports whether any part of it is.
func (t texts) known() bool {
	return slices.ContainsFunc(t, func(s string) bool { return strings.Trim(s, hole) != "" })
}

// with returns the texts of both, without repetition.
func (t texts) with(more texts) texts {
	if len(t) == 0 {
		return more
	}
	out := slices.Clip(t)
	for _, s := range more {
		if !slices.Contains(out, s) {
			if len(out) >= maxTexts {
				if !slices.Contains(out, hole) {
					out[len(out)-1] = hole
				}
				return out
			}
			out = append(out, s)
		}
	}
	return out
}

// then returns every text of t with every text of more behind it.
func (t texts) then(more texts) texts {
	return t.product(more, func(a, b string) string { return a + b })
}

// product joins every text of t with every one of more.
func (t texts) product(more texts, join func(a, b string) string) texts {
	if len(t)*len(more) > maxTexts {
		// The side with more to choose from is given up.
		if len(t) > len(more) {
			t = unknown
		} else {
			more = unknown
		}
	}
	out := make(texts, 0, len(t)*len(more))
	for _, a := range t {
		for _, b := range more {
			s := join(a, b)
			if len(s) > maxText {
				s = hole
			}
			if strings.Contains(s, hole+hole) {
				s = squeeze(s)
			}
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// each maps every text.
func (t texts) each(f func(string) string) texts {
	out := make(texts, 0, len(t))
	for _, s := range t {
		if s = f(s); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// squeeze makes one hole of several in a row.
func squeeze(s string) string {
	for strings.Contains(s, hole+hole) {
		s = strings.ReplaceAll(s, hole+hole, hole)
	}
	return s
}
