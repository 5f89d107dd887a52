package sbom

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// Gate says which changes stop a release (build.hcl, release: deny, review). The
// class new-dynamism stands for every way in which code comes to life: scripts,
// gyp, machine code and findings by file.
type Gate struct {
	Deny   []Class // ends with exit 30
	Review []Class // needs an approval of the diff, else exit 31

	// Least is the least severity of a new-dynamism that is stopped; "" is Medium. What
	// is below it is in the diff all the same.
	Least Severity
}

// DefaultGate is what `diff --exit-code` holds two things to: every class of
// severity critical or high is denied.
func DefaultGate() Gate {
	g := Gate{Least: High}
	for _, c := range classes {
		if c.severity == Critical || c.severity == High {
			g.Deny = append(g.Deny, c.class)
		}
	}
	return g
}

// ParseClasses reads names of classes as a gate lists them. Each unknown name is a
// problem at pos that tells the nearest one.
func ParseClasses(names []string, pos diag.Pos) ([]Class, error) {
	known := make([]string, len(classes))
	for i, c := range classes {
		known[i] = string(c.class)
	}
	var out []Class
	var ps diag.Problems
	for _, name := range names {
		if slices.Contains(known, name) {
			out = append(out, Class(name))
			continue
		}
		remedy := "use one of " + strings.Join(known, ", ")
		if near := diag.Nearest(name, known); near != "" {
			remedy = fmt.Sprintf("write %q, or %s", near, remedy)
		}
		ps = append(ps, &diag.Problem{
			Code: CodeGate, Pos: pos,
			What:   fmt.Sprintf("%q is no class of change", name),
			Why:    "a gate that names what does not exist would let everything through",
			Remedy: remedy,
		})
	}
	if err := ps.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// AsksGuards reports whether the gate names a class that is told of an image's guard
// and its production source list, so that a side of which they can't be read can't be
// judged.
func (g Gate) AsksGuards() bool {
	return slices.ContainsFunc(guardClasses, func(c Class) bool { return slices.Contains(g.Deny, c) || slices.Contains(g.Review, c) })
}

// dynamismClasses are what the class new-dynamism stands for in a gate.
var dynamismClasses = []Class{
	NewDynamism, NewInstallScript, InstallScriptChanged, NewImplicitGyp, NewNativeAddon, NewPrebuiltBinary,
}

func stops(list []Class, c Class) bool {
	return slices.Contains(list, c) || slices.Contains(list, NewDynamism) && slices.Contains(dynamismClasses, c)
}

// counts reports whether a change is severe enough to be stopped. Only findings by
// file differ in that: more reading of files is no more eval.
func (g Gate) counts(c Change) bool {
	if c.Class != NewDynamism {
		return true
	}
	switch least := g.Least; least {
	case High:
		return c.Severity == High || c.Severity == Critical
	default:
		return c.Severity != Low && c.Severity != Info
	}
}

// Check returns a problem for each change that the gate stops, the denied ones
// first, in the order of the diff, at most bounds.Problems of them. What is denied
// is not asked for review again. Approved says that the team has approved this
// very diff.
func (g Gate) Check(d Diff, approved bool) diag.Problems {
	var denied, review diag.Problems
	for _, c := range d.Changes {
		if !g.counts(c) {
			continue
		}
		switch {
		case stops(g.Deny, c.Class):
			denied = append(denied, &diag.Problem{
				Code:   CodeDenied,
				What:   c.summary(),
				Why:    c.reason(),
				Remedy: fmt.Sprintf("undo the change, or take %q off the gate's deny list and say why", c.Class),
			})
		case stops(g.Review, c.Class) && !approved:
			review = append(review, &diag.Problem{
				Code:   CodeReview,
				What:   c.summary(),
				Why:    c.reason(),
				Remedy: "have a reviewer run `nbuild approve` on this diff, then release again",
			})
		}
	}
	all := append(denied, review...)
	return all[:min(len(all), bounds.Problems)]
}

// summary tells the change in one line.
func (c Change) summary() string {
	what := c.Purl
	if what == "" {
		what = c.Path
	} else if c.Path != "" {
		what += " at " + c.Path
	}
	text := string(c.Class) + ": " + what
	if detail, _, _ := strings.Cut(c.fromTo(), "\n"); detail != "" {
		text += " (" + detail + ")"
	}
	return text
}

func (c Change) reason() string {
	if len(c.Why) == 0 {
		return "the gate stops " + string(c.Class)
	}
	return "the gate stops " + string(c.Class) + "; it comes by " + c.Why[0]
}
