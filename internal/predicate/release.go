package predicate

import (
	"fmt"
	"slices"

	"github.com/nbuild/nbuild/internal/cas"
)

// Outcome is how a gate ended. The list is closed; a release is signed over no
// other.
type Outcome string

// The outcomes of a gate.
const (
	OutcomePass     Outcome = "pass"     // nothing was found
	OutcomeWarn     Outcome = "warn"     // found, and the project warns only
	OutcomeApproved Outcome = "approved" // found, and a person approved it
)

// LastCounter is the highest counter that a release may have: what a double still holds.
const LastCounter = 1 << 53

// Release is release/v1: this image may run in that environment from that
// repository. Freshness and rollback are judged on it. The image is the same in
// every environment; promotion signs another Release.
type Release struct {
	Repository  string      `json:"repository"`
	Environment string      `json:"environment"`
	Counter     int64       `json:"counter"` // from 1, larger than every release before it there
	Issued      Time        `json:"issued"`
	Expires     Time        `json:"expires"`
	Previous    *cas.Digest `json:"previous,omitempty"` // the image that it replaces
	Baseline    string      `json:"baseline,omitempty"` // what the gates compared it with
	Gates       []Gate      `json:"gates"`              // sorted by ID
}

// Gate is one gate that the release passed.
type Gate struct {
	ID      string  `json:"id"`
	Outcome Outcome `json:"outcome"`
	Detail  string  `json:"detail,omitempty"`
}

// Statement makes the statement about an image, with the gates sorted.
func (r Release) Statement(subject Subject) (*Statement, error) {
	r.Issued, r.Expires = At(r.Issued.Time), At(r.Expires.Time)
	r.Gates = slices.Clone(r.Gates)
	slices.SortFunc(r.Gates, compareGates)
	if r.Gates == nil {
		r.Gates = []Gate{}
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPredicate, err)
	}
	return NewStatement(subject, TypeRelease, r)
}

// ParseRelease reads the predicate of a release statement.
func ParseRelease(s *Statement) (*Release, error) {
	var r Release
	if err := s.closed(TypeRelease, &r); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPredicate, err)
	}
	return &r, nil
}

func (r *Release) check() error {
	switch {
	case r.Repository == "":
		return fmt.Errorf("no repository")
	case r.Environment == "":
		return fmt.Errorf("no environment")
	case r.Counter < 1 || r.Counter > LastCounter:
		return fmt.Errorf("counter %d is not between 1 and 2^53", r.Counter)
	case !r.Issued.Before(r.Expires.Time):
		return fmt.Errorf("it expires before it is issued")
	case r.Previous != nil && r.Previous.IsZero():
		return fmt.Errorf("the previous digest is zero")
	case r.Gates == nil:
		return fmt.Errorf("no list of gates")
	case !slices.IsSortedFunc(r.Gates, compareGates):
		return fmt.Errorf("the gates are not sorted")
	}
	for i, g := range r.Gates {
		switch {
		case g.ID == "" || i > 0 && g.ID == r.Gates[i-1].ID:
			return fmt.Errorf("gate %d has no id of its own", i+1)
		case g.Outcome != OutcomePass && g.Outcome != OutcomeWarn && g.Outcome != OutcomeApproved:
			return fmt.Errorf("gate %s ended with %q", g.ID, g.Outcome)
		}
	}
	return nil
}

func compareGates(a, b Gate) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) }
