package predicate

import (
	"fmt"

	"github.com/nbuild/nbuild/internal/cas"
)

// Decision is what a reviewer came to. The list is closed.
type Decision string

// The decisions of a reviewer.
const (
	Approve Decision = "approve"
	Refuse  Decision = "refuse"
)

// Review is review/v1: a person looked at a package version, or at what changed
// between two images, and came to a decision. Exactly one of Package and Diff is
// set. The statement's subject is the package's tarball or the image in Diff.To.
type Review struct {
	Package  *ReviewedPackage `json:"package,omitempty"`
	Diff     *ReviewedDiff    `json:"diff,omitempty"`
	Reviewer string           `json:"reviewer"` // for people; who signed is what counts
	Decision Decision         `json:"decision"`
	Notes    string           `json:"notes,omitempty"`
	Issued   Time             `json:"issued"`
	Expires  Time             `json:"expires"`
}

// ReviewedPackage is one version of one package, by name and by bytes.
type ReviewedPackage struct {
	PURL      string `json:"purl"`
	Integrity string `json:"integrity"` // SRI
}

// ReviewedDiff is what changed from one image to the next.
type ReviewedDiff struct {
	From   *cas.Digest `json:"from,omitempty"` // absent for a first release
	To     cas.Digest  `json:"to"`
	Digest cas.Digest  `json:"digest"` // of the nbuild.diff/v1 document that was shown
}

// Statement makes the statement about a tarball or an image.
func (r Review) Statement(subject Subject) (*Statement, error) {
	r.Issued, r.Expires = At(r.Issued.Time), At(r.Expires.Time)
	if err := r.check(subject); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPredicate, err)
	}
	return NewStatement(subject, TypeReview, r)
}

// ParseReview reads the predicate of a review statement.
func ParseReview(s *Statement) (*Review, error) {
	var r Review
	if err := s.closed(TypeReview, &r); err != nil {
		return nil, err
	}
	if err := r.check(s.Subject); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPredicate, err)
	}
	return &r, nil
}

func (r *Review) check(subject Subject) error {
	switch {
	case (r.Package == nil) == (r.Diff == nil):
		return fmt.Errorf("it is of a package or of a diff, not of both or neither")
	case r.Package != nil && (r.Package.PURL == "" || r.Package.Integrity == ""):
		return fmt.Errorf("the package has no purl or no integrity")
	case r.Diff != nil && (r.Diff.To.IsZero() || r.Diff.Digest.IsZero() || r.Diff.From != nil && r.Diff.From.IsZero()):
		return fmt.Errorf("the diff has a zero digest")
	case r.Diff != nil && r.Diff.To != subject.Digest:
		return fmt.Errorf("the diff leads to another image than the subject")
	case r.Reviewer == "":
		return fmt.Errorf("no reviewer")
	case r.Decision != Approve && r.Decision != Refuse:
		return fmt.Errorf("decision %q is neither %s nor %s", r.Decision, Approve, Refuse)
	case !r.Issued.Before(r.Expires.Time):
		return fmt.Errorf("it expires before it is issued")
	}
	return nil
}
