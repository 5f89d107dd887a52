// Package compare is `nbuild diff`: it joins the host's way to registries to the
// comparison, and gives both forms of the answer.
//
// The comparison itself is package diff, which knows no host.
//
// The invariant: both forms say the same.
package compare

import (
	"context"

	"github.com/nbuild/nbuild/internal/operation"
	"github.com/nbuild/nbuild/internal/operation/diff"
	"github.com/nbuild/nbuild/internal/operation/images"
	"github.com/nbuild/nbuild/sbom"
)

// Options say what is compared and what is denied.
type Options struct {
	A, B         string
	Platform     string
	Deny, Review []string
	ExitCode     bool
}

// Report is what changed, in both forms, and what the gate stops of it.
type Report struct {
	Text    string
	JSON    []byte
	Stopped error
}

// Classes lists the classes of change that can be denied.
func Classes() []string {
	var names []string
	for _, c := range sbom.Classes() {
		names = append(names, string(c))
	}
	return names
}

// Run compares A with B.
func Run(ctx context.Context, host operation.Host, o Options) (*Report, error) {
	result, err := diff.Run(ctx, diff.Options{
		Dir: host.Dir, A: o.A, B: o.B, Platform: o.Platform, Registry: images.Options(host),
		Deny: o.Deny, Review: o.Review, ExitCode: o.ExitCode,
	})
	if err != nil {
		return nil, err
	}
	doc, err := result.Diff.JSON()
	if err != nil {
		return nil, err
	}
	return &Report{Text: result.Diff.Text(), JSON: doc, Stopped: result.Stopped.Err()}, nil
}
