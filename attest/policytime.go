package attest

import (
	"fmt"
	"regexp"
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
