package attest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
)

// ErrNoBOM reports an image about which no BOM was signed that counts.
var ErrNoBOM = errors.New("no BOM that counts")

// BOMs returns the CycloneDX documents that count as an image's for an
// environment: those that the threshold of its requirement "sbom" vouches for,
// member by member over the same document. They come in an order that depends on
// their bytes alone. Whether the image is accepted is another question; this one is
// asked of a baseline, whose release may be over.
//
// Everyone who can push can attach a BOM, so one that does not count changes
// nothing: it is no answer and no trouble. The error is ErrNoBOM where none
// counts, and says what was there.
func BOMs(ctx context.Context, trust Trust, environment string, subject cas.Digest, source Source) ([][]byte, error) {
	return vouched(ctx, trust, environment, subject, source, RequireSBOM, ErrNoBOM)
}

// ErrNoProvenance reports an image about which no provenance was signed that counts.
var ErrNoProvenance = errors.New("no provenance that counts")

// Provenances returns the provenance predicates that count as an image's for an environment,
// as BOMs does its documents. The error is ErrNoProvenance where none counts.
func Provenances(ctx context.Context, trust Trust, environment string, subject cas.Digest, source Source) ([][]byte, error) {
	return vouched(ctx, trust, environment, subject, source, RequireProvenance, ErrNoProvenance)
}

// vouched returns the predicates for which the threshold of a requirement stands.
func vouched(ctx context.Context, trust Trust, environment string, subject cas.Digest, source Source, kind Require, none error) ([][]byte, error) {
	if err := trust.Err(); err != nil {
		return nil, err
	}
	env := trust.policy.environment(environment)
	var q *Requirement
	if env != nil {
		q = env.requirement(kind)
	}
	if q == nil {
		return nil, fmt.Errorf("%w: environment %q of %s has no requirement %q that says whose do", none, environment, trust.policy.File, kind)
	}
	j := judgement{Verdict: &Verdict{
		subject: Subject{Digest: subject}, environment: environment, policy: trust.policy, now: trust.now,
	}, env: &Environment{Name: env.Name, Requirements: []Requirement{*q}}}
	j.read(ctx, source)
	if j.readErr != nil {
		return nil, fmt.Errorf("listing what is attached: %w", j.readErr)
	}
	found := j.votes(*q)
	signers := map[string][]signed{}
	for _, s := range found.counted {
		signers[string(s.statement.Predicate)] = append(signers[string(s.statement.Predicate)], s)
	}
	var out [][]byte
	for document, by := range signers {
		if distinct(by) >= q.Threshold {
			out = append(out, []byte(document))
		}
	}
	slices.SortFunc(out, bytes.Compare)
	if len(out) > 0 {
		return out, nil
	}
	if len(j.unread) > 0 {
		return nil, fmt.Errorf("reading what is attached, %s: %w", j.unread[0].Name, j.unread[0].Err)
	}
	why := fmt.Sprintf("%d attached, none by %d of team %s", j.attached, q.Threshold, q.Team)
	if len(found.notes) > 0 {
		why += "; " + found.notes[0].why
	} else if len(j.odd) > 0 {
		why += "; " + j.odd[0]
	}
	return nil, fmt.Errorf("%w: %s", none, why)
}

// Err returns nil for a trust file that may be used, and otherwise the problem of
// the checks that did not pass, which exits with 22.
func (t Trust) Err() error {
	if t.Usable() {
		return nil
	}
	p := &diag.Problem{
		Code: CodeUndecided, What: "the trust file can't be trusted, so nothing is decided by it", Remedy: "name one with --trust",
	}
	for i := len(t.checks) - 1; i >= 0; i-- {
		if c := t.checks[i]; c.Result != Pass {
			p.Why = strings.TrimSuffix(string(c.ID)+": needs "+c.Need+"; "+c.Have+"\n"+p.Why, "\n")
			p.Remedy = c.Remedy
		}
	}
	return p
}
