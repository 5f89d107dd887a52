package diff

import (
	"context"
	"errors"
	"fmt"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/sbom"
)

// Options says what is compared and what is denied. A and B are as the user types
// them; a relative path is relative to Dir.
type Options struct {
	Dir      string
	A, B     string
	Platform string      // of images that are for several; "" is "linux/amd64"
	Registry oci.Options // how to reach registries

	Deny, Review []string // classes of change, as gates list them
	ExitCode     bool     // without classes: hold the diff to sbom.DefaultGate
}

// Result is what changed and what the gate stops of it, which is empty where none
// was asked for.
type Result struct {
	Diff    sbom.Diff
	Stopped diag.Problems
}

// Run compares A with B. What is wrong with either side is reported of both at
// once.
func Run(ctx context.Context, o Options) (*Result, error) {
	gate, err := o.gate()
	if err != nil {
		return nil, err
	}
	l := loader{options: o}
	a, errA := l.load(ctx, o.A)
	b, errB := l.load(ctx, o.B)
	if err := errors.Join(wrap("A", errA), wrap("B", errB)); err != nil {
		return nil, err
	}
	d := sbom.Compare(a, b)
	return &Result{Diff: d, Stopped: gate.Check(d, false)}, nil
}

func wrap(side string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("loading %s: %w", side, err)
}

func (o Options) gate() (sbom.Gate, error) {
	deny, errDeny := sbom.ParseClasses(o.Deny, diag.Pos{File: "--deny"})
	review, errReview := sbom.ParseClasses(o.Review, diag.Pos{File: "--review"})
	if err := errors.Join(errDeny, errReview); err != nil {
		return sbom.Gate{}, err
	}
	if o.ExitCode && len(deny) == 0 && len(review) == 0 {
		return sbom.DefaultGate(), nil
	}
	return sbom.Gate{Deny: deny, Review: review}, nil
}

// Load makes an inventory of one side, as Run does of both.
func Load(ctx context.Context, o Options, name string) (*sbom.Inventory, error) {
	return loader{options: o}.load(ctx, name)
}
