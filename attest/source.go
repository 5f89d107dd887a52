package attest

import (
	"context"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
)

// Source is where the bundles about an image are: a registry, a layout, a folder.
type Source interface {
	// Evidence reads the bundles attached to the image with that digest, those that
	// claim one of the predicate types first, within the bounds of internal/bounds.
	// A bundle that is there and could not be read is in Unread. An error means that
	// not even the list could be had.
	Evidence(ctx context.Context, subject cas.Digest, types []predicate.Type) (Evidence, error)
}

// Evidence is what a Source found. Both lists empty means that nothing is attached.
type Evidence struct {
	Bundles [][]byte
	Unread  []Unread
}

// Unread is evidence that exists and was not read: a request failed, or a bound
// was hit.
type Unread struct {
	Name string // for people
	Err  error
}

// Evidence makes Evidence a Source of itself: bundles at hand, as files are.
func (e Evidence) Evidence(context.Context, cas.Digest, []predicate.Type) (Evidence, error) {
	return e, nil
}
