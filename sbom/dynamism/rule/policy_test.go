package rule

import (
	"github.com/nbuild/nbuild/internal/rulefile"
)

// Default is the policy of a project that says nothing.
func Default() (*Policy, error) { return New(rulefile.Block{Rules: rulefile.Sets[0]}) }

// Rules returns the rules of the policy by id.
func (p *Policy) Rules() []Rule {
	out := make([]Rule, len(p.rules))
	for i, c := range p.rules {
		out[i] = *c.Rule
	}
	return out
}
