package pnpm

import (
	"regexp"
	"strings"
)

// matcher tells which names a list of patterns takes, as pnpm reads it: * stands for any
// text, and ! in front takes away what those before it took.
type matcher struct{ rules []rule }

type rule struct {
	not  bool
	expr *regexp.Regexp
}

func newMatcher(patterns []string) *matcher {
	m := &matcher{}
	for _, p := range patterns {
		p, not := strings.CutPrefix(p, "!")
		m.rules = append(m.rules, rule{not, regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(p), `\*`, ".*") + "$")})
	}
	return m
}

// takes reports whether a name is taken. Where every pattern only takes away, all others
// are taken.
func (m *matcher) takes(name string) bool {
	if m == nil || len(m.rules) == 0 {
		return false
	}
	taken, only := false, true
	for _, r := range m.rules {
		only = only && r.not
		if r.expr.MatchString(name) {
			taken = !r.not
			if r.not && only {
				return false
			}
		}
	}
	return taken || only
}
