package attest

import (
	"context"
	"fmt"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
)

// minimum returns the lowest counter that the trust file allows of a repository, 0 where
// it says nothing.
func (e *Environment) minimum(repository string) int64 {
	return e.MinimumRelease[plainRepository(repository)]
}

// CounterSpan is how far a release counter may run ahead of the trust file's
// minimum_release. Without it one member, or who stole its key, could sign the last
// counter there is, and nothing could be released after it. With it the most that is lost
// is a span, and a minimum_release that the roots sign opens the next.
const CounterSpan = 1_000_000

// ceiling returns the highest counter that counts of a repository.
func (e *Environment) ceiling(repository string) int64 {
	return min(max(e.minimum(repository), 1)+CounterSpan, predicate.LastCounter)
}

// Counters returns the lowest and the highest release counter that an environment takes
// of a repository.
func (t Trust) Counters(environment, repository string) (lowest, highest int64) {
	if env := t.policy.environment(environment); env != nil {
		return max(env.minimum(repository), 1), env.ceiling(repository)
	}
	return 1, CounterSpan
}

// Released is a release that a member signed who may sign one now.
type Released struct {
	Subject cas.Digest
	Counter int64
	Key     cas.Digest // the fingerprint of who signed
	Bundle  Item       // where the statement is
}

// Releases returns what members released to an environment from a repository, by the
// seals among what is listed, in no order. A counter over the highest that counts is
// left out: it is nobody's to continue from.
func (t Trust) Releases(environment, repository string, listed []Item) []Released {
	j, keys := t.judgement(environment, cas.Digest{}), t.policy.keys()
	var out []Released
	for _, item := range listed {
		s, err := openSeal(item.Seal, keys)
		if err != nil || s.Type != predicate.TypeRelease || s.Environment != environment || !sameRepository(s.Repository, repository) {
			continue
		}
		if j.releases(signed{member: t.policy.holder(s.Key), key: s.Key}) && s.Counter <= j.env.ceiling(repository) {
			item.Type, item.Bundle, item.Size = s.Type, s.Bundle, s.Size
			out = append(out, Released{s.Subject, s.Counter, s.Key, item})
		}
	}
	return out
}

// UnsealedReleases is Releases of one image, by those statements that stand beside it and
// that nobody sealed. An error says that some could not be read.
func UnsealedReleases(ctx context.Context, trust Trust, environment, repository string, subject cas.Digest, source Source) ([]Released, error) {
	j := trust.judgement(environment, subject)
	j.env = &Environment{Name: environment, Requirements: []Requirement{{Kind: RequireRelease, Threshold: 1}}, MinimumRelease: j.env.MinimumRelease}
	j.readUnsealed(ctx, source)
	var out []Released
	for _, s := range j.signed {
		r, err := predicate.ParseRelease(s.statement)
		if err != nil || r.Environment != environment || !sameRepository(r.Repository, repository) {
			continue
		}
		if j.releases(s) && r.Counter <= j.env.ceiling(repository) {
			out = append(out, Released{subject, r.Counter, s.key, s.item})
		}
	}
	if j.readErr != nil {
		return out, fmt.Errorf("listing what is attached: %w", j.readErr)
	}
	if len(j.unread) > 0 {
		return out, fmt.Errorf("reading what is attached, %s: %w", j.unread[0].Name, j.unread[0].Err)
	}
	return out, nil
}

// judgement is a verdict that asks for nothing yet.
func (t Trust) judgement(environment string, subject cas.Digest) *judgement {
	env := t.policy.environment(environment)
	if env == nil {
		env = &Environment{Name: environment}
	}
	return &judgement{Verdict: &Verdict{
		subject: Subject{Digest: subject}, environment: environment, policy: t.policy, now: t.now,
	}, env: env}
}

// releases reports whether a signer may release now: in the team that the environment
// asks, or in any where it asks none.
func (j *judgement) releases(s signed) bool {
	env := j.policy.environment(j.environment)
	for i := range j.policy.Teams {
		t := &j.policy.Teams[i]
		if env != nil {
			if q := env.requirement(RequireRelease); q != nil && q.Team != t.Name {
				continue
			}
		}
		if j.standing(t, t.Name, s) == "" {
			return true
		}
	}
	return false
}

// OwnRelease reads the statement of a release that a key signed.
func OwnRelease(ctx context.Context, key Key, of Released, source Source) (*predicate.Release, error) {
	raw, err := source.Read(ctx, of.Bundle)
	if err != nil {
		return nil, fmt.Errorf("reading the last release: %w", err)
	}
	b, err := ParseBundle(raw)
	if err != nil {
		return nil, err
	}
	s, err := b.Open(key)
	if err != nil {
		return nil, err
	}
	if s.Subject.Digest != of.Subject {
		return nil, fmt.Errorf("%w: it is about another image", ErrBundle)
	}
	return predicate.ParseRelease(s)
}

// SealedAlready reports whether a key sealed this very statement among what is listed.
func SealedAlready(key Key, s *predicate.Statement, listed []Item) (bool, error) {
	payload, err := s.Encode()
	if err != nil {
		return false, fmt.Errorf("encoding statement: %w", err)
	}
	sum, keys := cas.Sum(payload), map[cas.Digest]Key{key.Fingerprint(): key}
	for _, item := range listed {
		if seal, err := openSeal(item.Seal, keys); err == nil && seal.Statement == sum && seal.Subject == s.Subject.Digest {
			return true, nil
		}
	}
	return false, nil
}
