package attest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
)

// moment reads a time, the zero time where it is absent. There is one way to write one:
// whole seconds in UTC, so that two of them are compared by looking.
func (r *policyReader) moment(b *hclfile.Body, name string) time.Time {
	text := r.String(b, name)
	if text == "" && (!b.Has(name) || len(r.Problems) > 0) {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil:
		r.Problem(b.At(name), CodeTrustValue, fmt.Sprintf("%s is no RFC 3339 time: %q", name, diag.Clean(text)), "", `write it like "2027-03-01T00:00:00Z"`)
	case t.UTC().Year() < 1970 || t.UTC().Year() > 9999:
		r.Problem(b.At(name), CodeTrustValue, fmt.Sprintf("%s is in the year %d", name, t.UTC().Year()), "a date that nobody lives to see is a slip", `write it like "2027-03-01T00:00:00Z"`)
	case stamp(t) != text:
		r.Problem(b.At(name), CodeTrustValue, fmt.Sprintf("%s is not written as the others are: %q", name, diag.Clean(text)),
			"whole seconds in UTC, with Z at the end, are compared by looking", fmt.Sprintf("write %q", stamp(t)))
	}
	return t.UTC()
}

// spanForm is how a span of time is written: each unit once, the larger first.
var spanForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]+h)?([0-9]+m)?([0-9]+s)?$`) })

// span reads a span of time over zero.
func (r *policyReader) span(b *hclfile.Body, name string) time.Duration {
	text := r.String(b, name)
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || !spanForm().MatchString(text) {
		r.Problem(b.At(name), CodeTrustValue, fmt.Sprintf("%q is no time span", diag.Clean(text)), "", `write it in hours, such as "720h"`)
		return 0
	}
	return d
}

// reachable holds a requirement to the members who can ever meet it: who has a key that
// counts at one moment with the others', before the file expires, who is not revoked, and
// who speaks for a builder that is taken.
func (r *policyReader) reachable(p *Policy, t *Team, q Requirement, b *hclfile.Body) {
	able := map[string][]MemberKey{}
	var not []string
	for _, m := range t.Members {
		_, revoked := p.revoked(m.Name)
		switch {
		case revoked:
			not = append(not, m.Name+" is revoked")
		case len(m.Keys) == 0:
			not = append(not, m.Name+" has no key, and certificates are not judged by this version")
		case len(q.Builders) > 0 && !slices.ContainsFunc(m.Builders, func(id string) bool { return slices.Contains(q.Builders, id) }):
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
				return !at.Before(k.From) && (k.Until.IsZero() || at.Before(k.Until)) && (end.IsZero() || at.Before(end))
			}) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}
