package release

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/build"
	"github.com/nbuild/nbuild/internal/predicate"
)

// The problems of a release's counter.
const (
	CodeLast diag.Code = "NB2219" // what was released last can't be found out
	CodeSpan diag.Code = "NB2001" // no counter is left that production would take
)

// remaining is how long a release must still hold not to be issued anew: a third of
// the time that a new one would hold.
const remaining = 3

// release makes the release statement: one of this key's that is in force already where
// it says the same, else the next.
//
// The counter continues what members released from the repository to the environment,
// whichever of them, with whichever key, and whatever the tag points at. Where the last
// release is of this very image, another member's statement is joined under the same
// counter, as members must agree on it.
func (r *run) release(ctx context.Context, c *candidate) (predicate.Release, error) {
	valid := r.options.Valid
	if valid == 0 {
		valid = DefaultValid
	}
	lowest, highest := r.trusted.Counters(r.environment, c.repository)
	next := predicate.Release{
		Repository: c.repository, Environment: r.environment, Counter: lowest,
		Issued: predicate.At(r.now), Expires: predicate.At(r.now.Add(valid)), Baseline: c.baseline, Gates: c.gates,
	}
	if next.Gates == nil {
		next.Gates = []predicate.Gate{}
	}
	previous, tagged, err := r.tagged(ctx, c.target)
	if err != nil {
		return next, err
	}
	if c.replaces = previous; tagged && previous != c.digest {
		next.Previous = &previous
	}
	past, err := r.past(ctx, c, previous)
	if err != nil {
		return next, err
	}
	if len(past) > 0 {
		last := slices.MaxFunc(past, func(a, b attest.Released) int { return int(a.Counter - b.Counter) }).Counter
		past = slices.DeleteFunc(past, func(p attest.Released) bool { return p.Counter < last })
		another := func(p attest.Released) bool { return p.Subject != c.digest }
		own := func(p attest.Released) bool { return p.Subject == c.digest && p.Key == r.signer.Key().Fingerprint() }
		switch mine := slices.IndexFunc(past, own); {
		case slices.ContainsFunc(past, another):
			next.Counter = max(lowest, last+1)
		case mine >= 0:
			said, err := attest.OwnRelease(ctx, r.signer.Key(), past[mine], images.Attached{Store: c.target.Store})
			if err == nil && last >= lowest && said.Expires.Sub(r.now) > valid/remaining && !said.Issued.After(r.now) && r.fresh(said) && sameGates(said, &next) {
				return *said, nil
			}
			next.Counter = max(lowest, last+1)
		default:
			next.Counter = max(lowest, last)
		}
	}
	if next.Counter > highest {
		return next, &diag.Problem{
			Code: CodeSpan, What: fmt.Sprintf("no release counter is left for %s", c.repository),
			Why:    fmt.Sprintf("the last was %d, and %s takes none over %d, so that nobody can use up all there are", next.Counter-1, r.policy.File, highest),
			Remedy: fmt.Sprintf("have the roots sign minimum_release = { %q = %d } in environment %q, in a next version of %s", c.repository, next.Counter, r.environment, diag.Clean(r.policy.File)),
		}
	}
	return next, nil
}

// past returns what members released from the repository to the environment: what the
// ledger lists, and what is sealed beside the image that the tag names and beside the one
// to release. Statements that nobody sealed are looked at as well; where junk hides some
// of those, what is sealed is enough to go on.
func (r *run) past(ctx context.Context, c *candidate, tagged cas.Digest) ([]attest.Released, error) {
	list, cut, err := oci.ListLedger(ctx, c.target.Store, r.environment, c.repository)
	if err != nil {
		return nil, fmt.Errorf("reading the ledger of releases: %w", err)
	}
	c.ledger = images.Items(list)
	all := r.trusted.Releases(r.environment, c.repository, c.ledger)
	source := images.Attached{Store: c.target.Store}
	unread := cut
	for _, digest := range slices.Compact([]cas.Digest{c.digest, tagged}) {
		if digest.IsZero() {
			continue
		}
		listing, err := source.List(ctx, digest)
		if err != nil {
			return nil, err
		}
		if digest == c.digest {
			c.beside = listing.Items
		}
		all = append(all, r.trusted.Releases(r.environment, c.repository, listing.Items)...)
		more, err := attest.UnsealedReleases(ctx, r.trusted, r.environment, c.repository, digest, attest.Listed{Source: source, Listing: listing})
		if all = append(all, more...); err != nil {
			unread = err
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if unread != nil && len(all) == 0 {
		return nil, &diag.Problem{
			Code: CodeLast, What: "what was released last can't be found out", Err: unread,
			Why:    "some of what is attached was not read, no member sealed any of the rest, and the next counter follows from it",
			Remedy: "look whether the registry is in reach and run it again; where someone attached junk, remove it or move the tag to the last good image",
		}
	}
	return all, nil
}

// fresh reports whether the environment would still take a release that was issued
// then: half of its max_age must be left, so that the tag does not go stale under
// who deploys it.
func (r *run) fresh(last *predicate.Release) bool {
	for _, e := range r.policy.Environments {
		for _, q := range e.Requirements {
			if e.Name == r.environment && q.Kind == attest.RequireRelease && q.MaxAge > 0 && r.now.Sub(last.Issued.Time) > q.MaxAge/2 {
				return false
			}
		}
	}
	return true
}

func sameGates(a, b *predicate.Release) bool {
	ids := func(p *predicate.Release) []string {
		var list []string
		for _, g := range p.Gates {
			list = append(list, g.ID)
		}
		slices.Sort(list)
		return list
	}
	return slices.Equal(ids(a), ids(b)) && a.Baseline == b.Baseline
}

// tagged returns what the target's first tag points at now.
func (r *run) tagged(ctx context.Context, target *build.Target) (cas.Digest, bool, error) {
	at, err := target.Store.Resolve(ctx, target.Tags[0])
	if errors.Is(err, oci.ErrNotFound) {
		return cas.Digest{}, false, nil
	}
	if err != nil {
		return cas.Digest{}, false, err
	}
	digest, err := images.Digest(at.Digest)
	return digest, err == nil, err
}
