// Package diff is `nbuild diff`: what changed between two things, each a BOM, a
// lockfile, a snapshot or an image, and what a gate says about it.
//
// Package sides makes an inventory of each, package sbom compares them.
//
// The invariant: comparing a thing with itself, or with itself in another order,
// gives no changes.
package diff

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/evidence/sides"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/sbom/comparison"
	"github.com/nbuild/nbuild/sbom/gate"
)

// Options say what is compared and what is denied. A and B are as the user types
// them; a relative path is relative to the host's folder.
type Options struct {
	A, B     string
	Platform string // of images that are for several; "" is "linux/amd64"

	Deny, Review []string // classes of change, as gates list them
	ExitCode     bool     // without classes: hold the diff to gate.DefaultGate
}

// Result is what changed and what the gate stops of it, which is empty where none
// was asked for.
type Result struct {
	Diff    comparison.Diff
	Stopped diag.Problems
	stops   []gate.Stop // nil where no gate was asked for
}

// JSON is the diff as one object. Where a gate was asked for, it ends with the classes
// that the gate stops; without one its bytes are those of the diff alone, which reviews
// are about.
func (r *Result) JSON() ([]byte, error) {
	doc, err := r.Diff.JSON()
	if err != nil || r.stops == nil {
		return doc, err
	}
	stops, err := json.Marshal(r.stops)
	if err != nil {
		return nil, fmt.Errorf("encoding what the gate stops: %w", err)
	}
	return append(bytes.TrimSuffix(doc, []byte("}\n")), ",\"stopped\":"+string(stops)+"}\n"...), nil
}

// Classes lists the classes of change that can be denied.
func Classes() []string {
	var names []string
	for _, c := range comparison.Classes() {
		names = append(names, string(c))
	}
	return names
}

// Run compares A with B. What is wrong with either side is reported of both at
// once.
func Run(ctx context.Context, host machine.Host, o Options) (*Result, error) {
	gate, err := o.gate()
	if err != nil {
		return nil, err
	}
	at := sides.Options{Dir: host.Dir, Platform: o.Platform, Registry: images.Options(host)}
	a, errA := sides.Load(ctx, at, o.A)
	b, errB := sides.Load(ctx, at, o.B)
	built := "name where it was put, as `nbuild build` printed it: oci:out for its usual layout"
	errA = project.MeantBlock(host, o.A, errA, built, sides.CodeUnknownForm)
	errB = project.MeantBlock(host, o.B, errB, built, sides.CodeUnknownForm)
	if err := errors.Join(wrap("A", errA), wrap("B", errB)); err != nil {
		return nil, err
	}
	d := comparison.Compare(a, b)
	if len(d.Changes) == 0 && a.Image != "" && b.Image != "" && a.Image != b.Image && host.Events != nil {
		host.Events.Emit(event.Event{Kind: event.Problem, Phase: "diff", Text: fmt.Sprintf(
			"the images are not one, %s and %s: they differ in what neither BOM nor source list names, which are dates and, where an image has no guard, the project's own files", a.Image, b.Image)})
	}
	r := &Result{Diff: d, Stopped: gate.Check(d)}
	if o.ExitCode || len(o.Deny)+len(o.Review) > 0 {
		r.stops = gate.Stops(d)
	}
	return r, nil
}

func wrap(side string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("loading %s: %w", side, err)
}

func (o Options) gate() (gate.Gate, error) {
	deny, errDeny := gate.ParseClasses(o.Deny)
	review, errReview := gate.ParseClasses(o.Review)
	if err := errors.Join(errDeny, errReview); err != nil {
		return gate.Gate{}, err
	}
	if o.ExitCode && len(deny) == 0 && len(review) == 0 {
		return gate.DefaultGate(), nil
	}
	return gate.Gate{Deny: deny, Review: review}, nil
}
