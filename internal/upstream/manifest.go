package upstream

import (
	"context"
	"errors"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// pinWhole is pin, with what the package's manifest says on the line where the lockfile
// does not say it, and without it where it does: the line depends on the project as it is
// now, and not on the lockfile that it had before.
func (n *named) pinWhole(ctx context.Context, p asked) (snapshot.Artefact, bool, error) {
	a, cached, err := n.pin(ctx, p)
	if err != nil {
		return a, cached, err
	}
	if !p.Manifest {
		a, err = a.WithManifest(nil)
		return a, cached, err
	}
	if says(a) {
		return a, cached, nil // of the line before: the tarball is the same
	}
	m, err := n.manifest(ctx, a)
	if errors.Is(err, cas.ErrNotFound) { // pinned elsewhere, for another lockfile
		cached = false
		if _, err = n.fetch(ctx, p); err == nil {
			m, err = n.manifest(ctx, a)
		}
	}
	if err != nil {
		return a, cached, at(p, err)
	}
	a, err = a.WithManifest(m)
	return a, cached, err
}

// manifest reads the manifest in a tarball that the store has.
func (n *named) manifest(ctx context.Context, a snapshot.Artefact) (*snapshot.Manifest, error) {
	store := n.options.Store
	x, err := snapshot.IndexOf(ctx, store, a)
	if err != nil {
		return nil, err
	}
	blob, err := store.Open(ctx, a.SHA256)
	if err != nil {
		return nil, err
	}
	defer func() { _ = blob.Close() }()
	m, err := tarball.Manifest(blob, x)
	if err != nil {
		return nil, tarball.Explain(a.ID(), err)
	}
	return m, nil
}
