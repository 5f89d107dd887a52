package predicate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
)

// Rebuild is rebuild/v1: whoever signs made the image again, from its source, and compared.
// It has no time: what came out is a fact about bytes, so that equal rebuilds are equal
// statements.
type Rebuild struct {
	Rebuilder     string        `json:"rebuilder"`         // a URI, for people; who signed is what counts
	Version       string        `json:"version,omitempty"` // of nbuild
	Digest        cas.Digest    `json:"digest"`            // of the image that came out
	Project       cas.Digest    `json:"project"`           // the project's own files, as provenance has them
	Lock          cas.Digest    `json:"lock"`              // nbuild.lock
	Commit        string        `json:"commit,omitempty"`  // git's
	Perturbations []Perturbed   `json:"perturbations"`     // sorted by name
	Given         []GivenOutput `json:"given"`             // sorted by step
}

// Perturbed is what was another when the image was made again. How is "varied" where steps
// could see it, "held" where the sandbox keeps it from them, "same" where it could not be
// changed.
type Perturbed struct {
	Name string `json:"name"`
	How  string `json:"how"`
}

// GivenOutput is a step that is known not to make the same again: what it made the first time
// was taken as it was, so that the statement vouches for all but its outputs.
type GivenOutput struct {
	Step   string `json:"step"`
	Reason string `json:"reason"`
}

// Statement makes the statement about the image that was rebuilt, with its lists sorted.
func (r Rebuild) Statement(subject Subject) (*Statement, error) {
	r.Perturbations, r.Given = slices.Clone(r.Perturbations), slices.Clone(r.Given)
	slices.SortFunc(r.Perturbations, comparePerturbed)
	slices.SortFunc(r.Given, compareGiven)
	if r.Perturbations == nil {
		r.Perturbations = []Perturbed{}
	}
	if r.Given == nil {
		r.Given = []GivenOutput{}
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPredicate, err)
	}
	return NewStatement(subject, TypeRebuild, r)
}

// ParseRebuild reads the predicate of a rebuild statement. Whether what came out is what the
// statement is about, its reader compares.
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
	case r.Digest.IsZero() || r.Project.IsZero() || r.Lock.IsZero():
		return fmt.Errorf("a digest is zero")
	case r.Perturbations == nil || r.Given == nil:
		return fmt.Errorf("a list is missing")
	case !slices.IsSortedFunc(r.Perturbations, comparePerturbed) || !slices.IsSortedFunc(r.Given, compareGiven):
		return fmt.Errorf("a list is not sorted")
	}
	for i, p := range r.Perturbations {
		switch {
		case p.Name == "" || i > 0 && p.Name == r.Perturbations[i-1].Name:
			return fmt.Errorf("perturbation %d has no name of its own", i+1)
		case p.How != "varied" && p.How != "held" && p.How != "same":
			return fmt.Errorf("perturbation %s is %q", p.Name, p.How)
		}
	}
	for i, g := range r.Given {
		if g.Step == "" || g.Reason == "" || i > 0 && g.Step == r.Given[i-1].Step {
			return fmt.Errorf("output %d that was given has no step of its own, or no reason", i+1)
		}
	}
	return nil
}

func comparePerturbed(a, b Perturbed) int { return strings.Compare(a.Name, b.Name) }
func compareGiven(a, b GivenOutput) int   { return strings.Compare(a.Step, b.Step) }
