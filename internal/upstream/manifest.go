package upstream

import (
	"bytes"
	"context"
	"errors"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/strictjson"
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

// vouched is what the store holds once a package's manifest was compared with its line:
// bound to the tarball, so that no other package's manifest passes for it. The last result
// is false where the line has none.
func vouched(a snapshot.Artefact) ([]byte, bool) {
	m, ok := a.Manifest()
	if !ok {
		return nil, false
	}
	text, err := strictjson.Marshal(m)
	return []byte("manifest of " + a.SHA256.String() + "\n" + string(text)), err == nil
}

// compare holds the manifest on a package's line against the one in its tarball. Without
// that, who edits the line alone decides for which machines a package is.
func (o BringOptions) compare(ctx context.Context, a snapshot.Artefact) error {
	doc, named := vouched(a)
	if !named {
		return nil
	}
	x, err := snapshot.IndexOf(ctx, o.Store, a)
	if err != nil {
		return err
	}
	blob, err := o.Store.Open(ctx, a.SHA256)
	if err != nil {
		return err
	}
	defer func() { _ = blob.Close() }()
	found, err := tarball.Manifest(blob, x)
	if err != nil {
		return explain(a, err)
	}
	as, err := a.WithManifest(found)
	if err != nil {
		return err
	}
	if own, _ := vouched(as); !bytes.Equal(own, doc) {
		return &diag.Problem{
			Code: CodeManifest, What: "nbuild.lock says another thing of " + a.ID() + " than its package.json",
			Why:    "the line was edited, or another version of nbuild wrote it; what stands there decides on which machines the package is installed",
			Remedy: "look in the history of nbuild.lock who changed the line; `nbuild pin --update " + diag.Word(a.Renewal()) + "` reads it anew, to be reviewed",
		}
	}
	_, err = o.Store.PutBytes(ctx, doc)
	return err
}
