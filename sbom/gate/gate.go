// Package gate says what may not pass: the changes and the licences that a project
// denies, or wants to be reviewed first.
//
// A gate names classes of change and not texts, so it can be written before anything has
// happened. What a licence denies follows its expression: in a choice one free branch is
// enough.
//
// The invariant: a name that belongs to no class is an error. A gate that names what
// does not exist would let everything through.
package gate

import (
	"fmt"
	"slices"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/sbom/comparison"
)

// The problems of this package.
const (
	// CodeDenied is a change that a gate denies.
	CodeDenied diag.Code = "NB3000"
	// CodeNoLicence is a denied licence that does not exist.
	CodeNoLicence diag.Code = "NB0378"
	// CodeReview is a change that must be approved first.
	CodeReview diag.Code = "NB3100"
	// CodeLicence is a package under a licence that the project denies.
	CodeLicence diag.Code = "NB1300"
)

// Gate says which changes stop a release (build.hcl, release: deny, review). The
// class new-dynamism stands for every way in which code comes to life: scripts,
// gyp, machine code and findings by file.
type Gate struct {
	Deny   []comparison.Class // ends with exit 30
	Review []comparison.Class // needs an approval of the diff, else exit 31

	// Least is the least severity of a new-dynamism that is stopped; "" is Medium. What
	// is below it is in the diff all the same.
	Least comparison.Severity
}

// DefaultGate is what `diff --exit-code` holds two things to: every class of
// severity critical or high is denied.
func DefaultGate() Gate {
	g := Gate{Least: comparison.High}
	for _, c := range comparison.Classes() {
		if s := c.Severity(); s == comparison.Critical || s == comparison.High {
			g.Deny = append(g.Deny, c)
		}
	}
	return g
}

// ParseClasses reads names of classes as a gate lists them. What no class is named is an
// error: build.hcl and the command line are held to the names before.
func ParseClasses(names []string) ([]comparison.Class, error) {
	var out []comparison.Class
	for _, name := range names {
		if !slices.Contains(comparison.Classes(), comparison.Class(name)) {
			return nil, fmt.Errorf("a gate names %q, which is no class of change and would let everything through", name)
		}
		out = append(out, comparison.Class(name))
	}
	return out, nil
}

// AsksGuards reports whether the gate names a class that is reported about an image's
// guard and its production source list, so that a side of which they can't be read
// can't be judged.
func (g Gate) AsksGuards() bool {
	return slices.ContainsFunc(slices.Concat(g.Deny, g.Review), comparison.Class.OfGuard)
}

// dynamismClasses are what the class new-dynamism stands for in a gate.
var dynamismClasses = []comparison.Class{
	comparison.NewDynamism, comparison.NewInstallScript, comparison.InstallScriptChanged, comparison.NewImplicitGyp, comparison.NewNativeAddon, comparison.NewPrebuiltBinary,
}

func stops(list []comparison.Class, c comparison.Class) bool {
	return slices.Contains(list, c) || slices.Contains(list, comparison.NewDynamism) && slices.Contains(dynamismClasses, c)
}

// counts reports whether a change is severe enough to be stopped. Only findings by
// file and places of origin differ in that: more reading of files is no more eval, and
// back to the configured registry is not away from it.
func (g Gate) counts(c comparison.Change) bool {
	if c.Class != comparison.NewDynamism && c.Class != comparison.OriginChanged {
		return true
	}
	switch least := g.Least; least {
	case comparison.High:
		return c.Severity == comparison.High || c.Severity == comparison.Critical
	default:
		return c.Severity != comparison.Low && c.Severity != comparison.Info
	}
}

// Stop is a class of change that a gate stops.
type Stop struct {
	Class   comparison.Class `json:"class"`
	List    string           `json:"list"`    // of the gate that names it: "deny" or "review"
	Changes int              `json:"changes"` // how many there are, at least 1
}

// verdict returns the list that stops a change, "" for none. What is denied is not asked
// for review again.
func (g Gate) verdict(c comparison.Change) string {
	switch {
	case !g.counts(c):
	case stops(g.Deny, c.Class):
		return "deny"
	case stops(g.Review, c.Class):
		return "review"
	}
	return ""
}

// Stops lists the classes that the gate stops, denied ones first, in the order of the
// diff. It is never nil.
func (g Gate) Stops(d comparison.Diff) []Stop {
	out := []Stop{}
	for _, list := range []string{"deny", "review"} {
		for _, c := range d.Changes {
			if g.verdict(c) != list {
				continue
			}
			i := slices.IndexFunc(out, func(s Stop) bool { return s.Class == c.Class && s.List == list })
			if i < 0 {
				i, out = len(out), append(out, Stop{Class: c.Class, List: list})
			}
			out[i].Changes++
		}
	}
	return out
}

// Check returns a problem for each change that the gate stops, the denied ones
// first, in the order of the diff, at most bounds.Problems of them.
func (g Gate) Check(d comparison.Diff) diag.Problems {
	var denied, review diag.Problems
	for _, c := range d.Changes {
		switch g.verdict(c) {
		case "deny":
			denied = append(denied, &diag.Problem{
				Code:   CodeDenied,
				What:   c.Summary(),
				Why:    reason(c),
				Remedy: fmt.Sprintf("undo the change, or take %q off the gate's deny list and say why", c.Class),
			})
		case "review":
			review = append(review, &diag.Problem{
				Code:   CodeReview,
				What:   c.Summary(),
				Why:    reason(c),
				Remedy: fmt.Sprintf("have a reviewer read the diff; once the change is accepted, take %q off `review` of the release block (or --review) for this release", c.Class),
			})
		}
	}
	all := append(denied, review...)
	return all[:min(len(all), bounds.Problems)]
}

// reason says why a change is stopped.
func reason(c comparison.Change) string {
	if len(c.Why) == 0 {
		return "the gate stops " + string(c.Class)
	}
	return "the gate stops " + string(c.Class) + "; it comes by " + c.Why[0]
}
