package predicate

import (
	"fmt"
	"slices"

	"github.com/nbuild/nbuild/internal/cas"
)

// Rebuild is rebuild/v1: somebody built the subject again, under changed
// circumstances, and this came out. The rebuild confirms the image where Result is
// the subject's digest.
type Rebuild struct {
	Rebuilder     string     `json:"rebuilder"` // a URI, as a builder id
	Snapshot      cas.Digest `json:"snapshot"`  // of nbuild.lock
	Result        cas.Digest `json:"result"`
	Perturbations []string   `json:"perturbations"` // what was changed on purpose: "timezone", "umask"; sorted
}

// Statement makes the statement about the image that was built again.
func (r Rebuild) Statement(subject Subject) (*Statement, error) {
	if r.Perturbations = sortedSet(r.Perturbations); r.Perturbations == nil {
		r.Perturbations = []string{}
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPredicate, err)
	}
	return NewStatement(subject, TypeRebuild, r)
}

// ParseRebuild reads the predicate of a rebuild statement.
func ParseRebuild(s *Statement) (*Rebuild, error) {
	var r Rebuild
	if err := s.closed(TypeRebuild, &r); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPredicate, err)
	}
	return &r, nil
}

func (r *Rebuild) check() error {
	switch {
	case r.Rebuilder == "":
		return fmt.Errorf("no rebuilder")
	case r.Snapshot.IsZero() || r.Result.IsZero():
		return fmt.Errorf("a zero digest")
	case r.Perturbations == nil:
		return fmt.Errorf("no list of perturbations")
	case !slices.IsSorted(r.Perturbations):
		return fmt.Errorf("the perturbations are not sorted")
	}
	return nil
}
