package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/build"
	"github.com/nbuild/nbuild/internal/predicate"
	"github.com/nbuild/nbuild/pipelines"
)

// statements makes what is said about an image: where it comes from, what is in it,
// and that it is released.
func (r *run) statements(ctx context.Context, c *candidate) ([]*predicate.Statement, error) {
	subject := predicate.Subject{Name: shortRepository(c.repository), Digest: c.digest}
	provenance, err := r.provenance(c.img).Statement(subject)
	if err != nil {
		return nil, err
	}
	bill, err := predicate.NewBOM(subject, c.document)
	if err != nil {
		return nil, err
	}
	release, err := r.release(ctx, c)
	if err != nil {
		return nil, err
	}
	c.out.Counter = release.Counter
	statement, err := release.Statement(subject)
	return []*predicate.Statement{provenance, bill, statement}, err
}

// shortRepository leaves out the registry: a name is for people, and no statement
// holds an address that it does not need.
func shortRepository(repository string) string {
	for i := range len(repository) {
		if repository[i] == '/' {
			return repository[i+1:]
		}
	}
	return repository
}

func (r *run) provenance(img *builder.Image) predicate.Provenance {
	p := r.built.Project
	id := r.options.Builder
	if id == "" {
		id = LocalBuilder
	}
	variables, sensitive := variables(p.Project)
	return predicate.NewProvenance(predicate.Build{
		Parameters: predicate.ExternalParameters{
			Project: p.Name, Source: p.Project.Source, File: p.File, Image: img.Block.Name, Platforms: img.Block.Platforms,
			Variables: variables, Sensitive: sensitive,
		},
		Internal:  map[string]string{"codec": r.built.Codec.ID(), "date": r.built.Source.Date.Format(time.RFC3339)},
		Lock:      r.built.Lock,
		InputRoot: r.built.Inputs,
		Commit:    r.built.Source.Revision.ID,
		Dirty:     r.built.Source.Revision.Dirty,
		BuilderID: id,
		Version:   r.host.Version,
	})
}

// variables separates the values that may be shown from the names of those that may
// not.
func variables(p *pipelines.Project) (map[string]string, []string) {
	told := map[string]string{}
	var sensitive []string
	for _, v := range p.Variables {
		if v.Sensitive {
			sensitive = append(sensitive, v.Name)
			continue
		}
		told[v.Name] = v.Value
	}
	return told, sensitive
}

// remaining is how long a release must still hold not to be issued anew: a third of
// the time that a new one would hold.
const remaining = 3

// release makes the release statement: the one that is in force already where it
// says the same, else the next.
func (r *run) release(ctx context.Context, c *candidate) (predicate.Release, error) {
	valid := r.options.Valid
	if valid == 0 {
		valid = DefaultValid
	}
	next := predicate.Release{
		Repository: c.repository, Environment: r.environment, Counter: 1,
		Issued: predicate.At(r.now), Expires: predicate.At(r.now.Add(valid)), Baseline: c.baseline, Gates: c.gates,
	}
	if next.Gates == nil {
		next.Gates = []predicate.Gate{}
	}
	previous, tagged, err := r.tagged(ctx, c.target)
	if err != nil {
		return next, err
	}
	c.replaces = previous
	if tagged {
		last, err := r.last(ctx, c.target.Store, previous, c.repository)
		if err != nil {
			return next, err
		}
		if last != nil {
			if previous == c.digest && last.Expires.Sub(r.now) > valid/remaining && !last.Issued.After(r.now) && r.fresh(last) && sameGates(last, &next) {
				return *last, nil
			}
			next.Counter = last.Counter + 1
		}
		if previous != c.digest {
			next.Previous = &previous
		}
	}
	if floor := r.floor(c.repository); next.Counter < floor {
		next.Counter = floor
	}
	return next, nil
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

// floor is the lowest counter that the trust file takes of a repository.
func (r *run) floor(repository string) int64 {
	for _, e := range r.policy.Environments {
		if e.Name == r.environment {
			return e.MinimumRelease[repository]
		}
	}
	return 0
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

// last returns the highest release of an image that this key signed for the
// environment and the repository, nil where there is none.
func (r *run) last(ctx context.Context, store oci.Store, digest cas.Digest, repository string) (*predicate.Release, error) {
	found, err := oci.Bundles(ctx, store, images.Hash(digest), []string{string(predicate.TypeRelease)})
	if err != nil {
		return nil, err
	}
	if len(found.Unread) > 0 {
		return nil, &diag.Problem{
			Code: CodeLast, What: "what was released last can't be told", Err: found.Unread[0].Err,
			Why:    fmt.Sprintf("some of what is attached to sha256:%s, which the tag points at, was not read, and the next counter follows from it", digest),
			Remedy: "look whether the registry is in reach and run it again; where someone attached junk, remove it or move the tag to the last good image",
		}
	}
	var highest *predicate.Release
	for _, a := range found.Bundles {
		b, err := attest.ParseBundle(a.Bundle)
		if err != nil {
			continue
		}
		s, err := b.Open(r.signer.Key())
		if err != nil || s.Type != predicate.TypeRelease || s.Subject.Digest != digest {
			continue
		}
		release, err := predicate.ParseRelease(s)
		if err != nil || release.Repository != repository || release.Environment != r.environment {
			continue
		}
		if highest == nil || release.Counter > highest.Counter {
			highest = release
		}
	}
	return highest, nil
}
