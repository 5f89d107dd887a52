package attest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
)

// reachable holds a requirement to the members who can ever meet it: who has a key that
// counts at one moment with the others', before the file expires, and who speaks for a
// builder that is taken.
//
// Who is revoked counts here as if it were not: the file that takes a stolen key out must
// be one that can be signed at once, whoever is left. What nobody can meet any more is
// refused by the verdict, which says so.
func (r *policyReader) reachable(p *Policy, t *Team, q Requirement, b *hclfile.Body) {
	able := map[string][]MemberKey{}
	var not []string
	for _, m := range t.Members {
		switch {
		case len(m.Keys) == 0:
			not = append(not, m.Name+" has no key, and certificates are not judged by this version")
		case !m.speaksFor(q):
			not = append(not, m.Name+" may speak for none of the builders")
		default:
			able[m.Name] = append(able[m.Name], m.Keys...)
		}
	}
	most := atOnce(able, p.Expires)
	if len(able) >= q.Threshold && most < q.Threshold {
		not = append(not, "their keys never count at one moment before the file expires")
	}
	if most < q.Threshold {
		r.Problem(b.At("threshold"), CodeTrustThreshold, fmt.Sprintf("a threshold of %d, and at most %d of team %s can count", q.Threshold, most, t.Name),
			"no image could ever be accepted: "+strings.Join(not, "; "), "add to the team who signs in their place, or lower the threshold")
	}
}

// atOnce returns how many members have a key that counts at one moment before an end.
func atOnce(members map[string][]MemberKey, end time.Time) int {
	moments := []time.Time{{}}
	for _, keys := range members {
		for _, k := range keys {
			moments = append(moments, k.From)
		}
	}
	most := 0
	for _, at := range moments {
		n := 0
		for _, keys := range members {
			if slices.ContainsFunc(keys, func(k MemberKey) bool {
				return k.outside(at) == "" && (end.IsZero() || at.Before(end))
			}) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// speaksFor reports whether a member may speak for a builder that a requirement takes.
func (m *Member) speaksFor(q Requirement) bool {
	return len(q.Builders) == 0 || slices.ContainsFunc(m.Builders, func(id string) bool { return slices.Contains(q.Builders, id) })
}

// outside says why a key does not count at a moment, or "".
func (k MemberKey) outside(at time.Time) string {
	switch {
	case at.Before(k.From):
		return "counts from " + stamp(k.From)
	case !k.Until.IsZero() && !at.Before(k.Until):
		return "counted until " + stamp(k.Until)
	}
	return ""
}

// unable says why nothing that a member signs could meet a requirement now, or "". Whom
// only a certificate could vouch for is not judged here.
func (p *Policy) unable(m *Member, q Requirement, now time.Time) string {
	if r, yes := p.revoked(m.Name); yes {
		return "was revoked at " + stamp(r.Effective) + ": " + r.Reason
	}
	if !m.speaksFor(q) {
		return "may speak for none of the builders"
	}
	why := ""
	for _, k := range m.Keys {
		out := k.outside(now)
		if out == "" {
			return ""
		}
		why = "has a key that " + out
	}
	return why
}

// short says why fewer members of a team could meet a requirement now than it takes,
// whatever they sign, and what opens it again. It is "" where enough could.
func (p *Policy) short(q Requirement, now time.Time) (why, remedy string) {
	team := p.team(q.Team)
	if team == nil {
		return "", ""
	}
	var not []string
	for i := range team.Members {
		if w := p.unable(&team.Members[i], q, now); w != "" {
			not = append(not, team.Members[i].Name+" "+w)
		}
	}
	left := len(team.Members) - len(not)
	if left >= q.Threshold {
		return "", ""
	}
	many := map[int]string{0: "nobody is", 1: "only one is"}[left]
	if many == "" {
		many = fmt.Sprintf("only %d are", left)
	}
	return fmt.Sprintf("%s left in team %s who can count: %s", many, team.Name, strings.Join(not, "; ")),
		fmt.Sprintf("add to team %s of %s who signs in their place, with version = %d, have the roots sign it with `nbuild trust sign --key KEY %s`, and have the new member sign: %s",
			team.Name, diag.Clean(p.File), p.Version+1, diag.Word(p.File), remedies[q.Kind])
}

// Closed lists what no statement can meet now, because too few members of a team are left
// who count: they are revoked, or their keys are out of their time. It is a sentence for
// each such requirement of an environment, in source order.
func (p *Policy) Closed(now time.Time) []string {
	closed := []string{}
	for _, e := range p.Environments {
		for _, q := range e.Requirements {
			if why, _ := p.short(q, now); why != "" {
				closed = append(closed, fmt.Sprintf("%s accepts no image: it requires %s by %d of team %s, and %s", e.Name, q.Kind, q.Threshold, q.Team, why))
			}
		}
	}
	return closed
}
