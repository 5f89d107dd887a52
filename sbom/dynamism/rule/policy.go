package rule

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/rulefile"
)

// Policy is what a project demands: rules with their severities, and exceptions.
type Policy struct {
	rules []*compiled // by id
	allow []rulefile.Allow
	index index
}

// Rule is a rule in a policy, with the set that it comes from.
type Rule struct {
	rulefile.Rule
	Set  string // "common", "strict", "experimental"; "" of a project's own
	Kind string // of a rule that stands for a kind that the project denies or warns of
}

// New makes the policy of a dynamism block. What the block says about rules that are
// not there comes back as diag.Problems, all at once.
func New(b rulefile.Block) (*Policy, error) {
	l := newLibrary()
	rules, err := l.rules(b.Rules)
	if err != nil {
		return nil, err
	}
	everything := rules
	if len(b.Own)+len(b.Deny)+len(b.Warn)+len(b.Allow) > 0 { // which may name rules of wider sets
		if everything, err = l.all(); err != nil {
			return nil, err
		}
	}
	var problems diag.Problems
	for _, own := range b.Own {
		if i := find(everything, own.ID); i >= 0 {
			problems = append(problems, taken(own, everything[i].Set))
			continue
		}
		rules = append(rules, Rule{Rule: own})
	}
	rules, unknown := override(rules, b, everything)
	problems = append(problems, unknown...)
	for _, a := range b.Allow {
		for _, id := range a.Rules {
			if find(rules, id) < 0 && find(everything, id) < 0 {
				problems = append(problems, missing(id, a.At, rules))
			}
		}
	}
	if len(problems) > 0 {
		problems.Sort()
		return nil, problems
	}
	slices.SortFunc(rules, byID)
	p := &Policy{allow: b.Allow}
	for i := range rules {
		c, err := compile(&rules[i])
		if err != nil {
			return nil, err
		}
		p.rules = append(p.rules, c)
		for _, a := range rules[i].Allow {
			a.Rules = []string{rules[i].ID}
			p.allow = append(p.allow, a)
		}
	}
	p.index = indexOf(p.rules)
	return p, nil
}

// Denies reports whether there is anything that the policy would stop.
func (p *Policy) Denies() bool {
	return slices.ContainsFunc(p.rules, func(c *compiled) bool { return c.Severity == rulefile.Deny })
}

// All returns the rules of all sets by id, with the severity that they have in the
// widest one.
func All() ([]Rule, error) { return newLibrary().all() }

// override applies a block's deny and warn. A kind that stands there becomes a rule
// of its own, and the rules of sets no longer ask about it: the project's word on a
// kind is the last one. Its own rules go on asking.
func override(rules []Rule, b rulefile.Block, known []Rule) ([]Rule, diag.Problems) {
	var problems diag.Problems
	for _, list := range []struct {
		severity rulefile.Severity
		subjects []string
	}{{rulefile.Deny, b.Deny}, {rulefile.Warn, b.Warn}} {
		for _, s := range list.subjects {
			if !rulefile.ID(s) {
				if find(rules, s) < 0 {
					rules = append(without(rules, s), ofKind(s, list.severity, known))
				}
				continue
			}
			i := find(rules, s)
			if i < 0 {
				if k := find(known, s); k >= 0 { // of a wider set: taken from it alone
					rules = append(rules, known[k])
					i = len(rules) - 1
				} else {
					problems = append(problems, missing(s, diag.Pos{}, known))
					continue
				}
			}
			rules[i].Severity = list.severity
		}
	}
	return rules, problems
}

// without takes a kind from the rules of sets.
func without(rules []Rule, kind string) []Rule {
	out := make([]Rule, 0, len(rules)+1)
	for _, r := range rules {
		if r.Set != "" && slices.Contains(r.Kinds, kind) {
			r.Kinds = slices.DeleteFunc(slices.Clone(r.Kinds), func(k string) bool { return k == kind })
			if len(r.Kinds) == 0 {
				continue
			}
		}
		out = append(out, r)
	}
	return out
}

// ofKind makes the rule that stands for a kind, in the words of the rule that asks
// about it in a set, where there is one.
func ofKind(kind string, severity rulefile.Severity, known []Rule) Rule {
	r := Rule{Kind: kind, Rule: rulefile.Rule{
		ID: kind, Kinds: []string{kind}, Severity: severity, Message: "has " + kind,
		Reason: "the project's dynamism block lists that kind", Remedy: "use a package that does without",
	}}
	for _, k := range known {
		if slices.Contains(k.Kinds, kind) {
			r.Message, r.Reason, r.Remedy = k.Message, k.Reason, k.Remedy
			break
		}
	}
	return r
}

func find(rules []Rule, id string) int {
	return slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
}

// byID orders CRY-2 before CRY-10, and kinds behind ids.
func byID(a, b Rule) int {
	headA, numberA := split(a.ID)
	headB, numberB := split(b.ID)
	return cmp.Or(strings.Compare(headA, headB), cmp.Compare(len(numberA), len(numberB)), strings.Compare(numberA, numberB))
}

func split(id string) (head, number string) {
	i := strings.LastIndexByte(id, '-')
	if i < 0 || !rulefile.ID(id) {
		return id, ""
	}
	return id[:i], id[i+1:]
}
