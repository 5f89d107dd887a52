package attest

import (
	"slices"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/predicate"
)

// Decision is what a verdict comes to. Everything but Accept is a denial.
type Decision string

// The decisions.
const (
	Accept    Decision = "accept"
	Reject    Decision = "reject"
	Undecided Decision = "undecided"
)

// Subject is the image that is judged.
type Subject struct {
	Reference  string // as the user typed it, for people
	Repository string // where it runs from; "" for a layout, which is in no repository
	Digest     cas.Digest
}

// String writes the subject as REF@sha256:….
func (s Subject) String() string { return s.Reference + "@" + s.Digest.OCI() }

// Verdict is what Verify came to, with every check. Its decision follows from the
// checks and can't be set.
type Verdict struct {
	subject     Subject
	environment string
	policy      *Policy
	now         time.Time
	checks      []Check
	unsigned    bool
}

// Subject returns the image that was judged.
func (v *Verdict) Subject() Subject { return v.subject }

// Environment returns where it was to run.
func (v *Verdict) Environment() string { return v.environment }

// Checks returns every check, in the order of Checks.
func (v *Verdict) Checks() []Check { return slices.Clone(v.checks) }

// Decision applies the order of outcomes: all checks passed is Accept; else one
// that is unknown makes it Undecided; else it is Reject. No checks are no
// acceptance.
func (v *Verdict) Decision() Decision {
	if v == nil || len(v.checks) == 0 || v.subject.Digest.IsZero() {
		return Undecided
	}
	decision := Accept
	for _, c := range v.checks {
		switch c.Result {
		case Pass:
		case Fail:
			if decision == Accept {
				decision = Reject
			}
		default:
			decision = Undecided
		}
	}
	return decision
}

// Unsigned reports whether the image was rejected with nothing signed about it at
// all.
func (v *Verdict) Unsigned() bool { return v.Decision() == Reject && v.unsigned }

// Code names the outcome (exit 20, 21 or 22), "" of an accepted image: `nbuild explain`
// prints its page.
func (v *Verdict) Code() diag.Code {
	switch d := v.Decision(); {
	case d == Accept:
		return ""
	case d == Undecided:
		return CodeUndecided
	case v.Unsigned():
		return CodeUnsigned
	}
	return CodeRejected
}

// Err returns nil for an accepted image, and otherwise a diag.Problem with the code of
// the outcome and the first remedy.
func (v *Verdict) Err() error {
	p := &diag.Problem{Code: v.Code(), Remedy: v.Remedy()}
	switch p.Code {
	case "":
		return nil
	case CodeUndecided:
		p.What = "no decision about " + v.subject.String()
	case CodeUnsigned:
		p.What = "nothing is signed for " + v.subject.String()
	default:
		p.What = v.environment + " does not accept " + v.subject.String()
	}
	for _, c := range v.checks {
		if c.Result != Pass {
			p.Why += string(c.ID) + ": needs " + c.Need + "; " + c.Have + "\n"
		}
	}
	p.Why = trimNewline(p.Why)
	return p
}

// Remedy returns what to do first: the remedy of the first check that stands in
// the way of the outcome, "" for an accepted image.
func (v *Verdict) Remedy() string {
	for _, result := range []Result{Unknown, Fail} {
		for _, c := range v.checks {
			if c.Result == result {
				return c.Remedy
			}
		}
	}
	if v.Decision() != Accept {
		return "run `nbuild verify` again"
	}
	return ""
}

// VSA exports the verdict as a SLSA verification summary by the verifier with that
// id, a URI.
func (v *Verdict) VSA(verifier string) predicate.VSA {
	out := predicate.VSA{
		Verifier: predicate.Verifier{ID: verifier}, TimeVerified: predicate.At(v.now),
		ResourceURI: v.subject.Reference, VerificationResult: predicate.Failed, VerifiedLevels: []string{}, SLSAVersion: "1.0",
	}
	if v.policy != nil {
		out.Policy = predicate.VSAPolicy{URI: v.policy.File, Digest: map[string]string{"sha256": v.policy.digest.String()}}
	}
	if v.Decision() == Accept {
		out.VerificationResult = predicate.Passed
	}
	var used []string
	for _, c := range v.checks {
		used = append(used, c.Evidence...)
	}
	slices.Sort(used)
	for _, digest := range slices.Compact(used) {
		out.InputAttestations = append(out.InputAttestations, predicate.Attestation{Digest: map[string]string{"sha256": digest}})
	}
	return out
}

func trimNewline(s string) string {
	for len(s) > 0 && s[len(s)-1] == '\n' {
		s = s[:len(s)-1]
	}
	return s
}
