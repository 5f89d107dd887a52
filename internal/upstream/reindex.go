package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// npmIndex is the version of the file indexes that npm's packages have.
const npmIndex = 2

// Current reports with CodeIndex that nbuild.lock names file indexes which an earlier
// nbuild made, as they do not say all that is needed now, or names none where somebody
// edited it. Only pin writes nbuild.lock, so
// nothing is made anew here. What the store lacks is not looked at.
func Current(ctx context.Context, store *cas.Store, lock *snapshot.Lock) error {
	var first string
	n := 0
	for a := range lock.All() {
		d, ok := a.Index()
		if !ok && fromNPM(a) {
			return &diag.Problem{
				Code: CodeIndex, What: "nbuild.lock names no file index of " + a.ID(), Why: "what it unpacks to is not known: the line was edited",
				Remedy: "run `nbuild pin`, which makes it anew of the pinned bytes, and review the diff of nbuild.lock",
			}
		}
		if ok && fromNPM(a) && outdated(ctx, store, d) {
			if n++; n == 1 {
				first = a.ID()
			}
		}
	}
	if n == 0 {
		return nil
	}
	what := "the file index of " + first + " is of an earlier form"
	if n > 1 {
		what = fmt.Sprintf("%d file indexes are of an earlier form, that of %s among them", n, first)
	}
	return &diag.Problem{
		Code: CodeIndex, What: what, Why: "an earlier nbuild pinned them; modes of files and what is linked as a command were written otherwise then",
		Remedy: "run `nbuild pin`, which makes them anew of the same tarballs, and commit nbuild.lock",
	}
}

func fromNPM(a snapshot.Artefact) bool {
	return a.Kind == snapshot.KindNPM || a.Kind == snapshot.KindNode || a.Kind == snapshot.KindTool
}

// outdated reports whether the store has a file index of another version.
func outdated(ctx context.Context, store *cas.Store, d cas.Digest) bool {
	blob, err := store.Open(ctx, d)
	if err != nil {
		return false
	}
	defer func() { _ = blob.Close() }()
	head := make([]byte, len("nbuild-index 0\n"))
	if _, err := io.ReadFull(blob, head); err != nil {
		return false
	}
	v := snapshot.IndexVersion(head)
	return v != 0 && v != npmIndex
}

// reindex makes the file index of a pinned package anew where the store has one of an
// earlier form, or the tarball and no index, or where the line names none. The tarball stays what it was.
func (o PinOptions) reindex(ctx context.Context, a snapshot.Artefact) (snapshot.Artefact, error) {
	d, named := a.Index()
	if _, have := o.Store.Stat(d); named && have && !outdated(ctx, o.Store, d) {
		return a, nil
	}
	blob, err := o.Store.Open(ctx, a.SHA256)
	if errors.Is(err, cas.ErrNotFound) {
		return a, nil // vendor brings it, and says so if the index is another one
	}
	if err != nil {
		return a, err
	}
	defer func() { _ = blob.Close() }()
	doc, err := NPM{}.Index(blob)
	if errors.Is(err, cas.ErrCorrupt) {
		return a, nil
	}
	if err != nil {
		return a, tarball.Explain(a.ID(), err)
	}
	if d, err = o.Store.PutBytes(ctx, doc); err != nil {
		return a, err
	}
	a.Facts = maps.Clone(a.Facts)
	a.Facts["index"] = d.String()
	return a, nil
}
