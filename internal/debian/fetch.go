package debian

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Fetch brings a pinned .deb into the store, unless it is there. Each mirror is
// asked for the path that is pinned, then the archive of snapshots as of the
// release's date and some days on, since a package enters that archive when it is
// next copied. Whoever serves it is held to the pinned size and SHA-256.
func (a *Archive) Fetch(ctx context.Context, store *cas.Store, deb snapshot.Artefact) error {
	if deb.Kind != snapshot.KindDeb {
		return fmt.Errorf("fetching %s: it is no .deb", deb.ID())
	}
	if size, ok := store.Stat(deb.SHA256); ok && size == deb.Size {
		return nil
	}
	if deb.Size > bounds.Deb {
		return a.lying(deb, fmt.Errorf("%d bytes, over the bound of %d", deb.Size, bounds.Deb))
	}
	file := deb.Facts["file"]
	if err := checkPoolPath(file); err != nil {
		return gone(deb, err)
	}
	var causes []error
	missing := true
	for _, root := range a.sources(deb) {
		body, err := a.get(ctx, root, file, deb.Size)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && (int64(len(body)) != deb.Size || cas.Sum(body) != deb.SHA256) {
			err = fmt.Errorf("%s: %d bytes came whose digest is another", file, len(body))
		}
		if err == nil {
			if _, err := store.PutBytes(ctx, body); err != nil {
				return fmt.Errorf("storing %s: %w", deb.ID(), err)
			}
			return nil
		}
		missing = missing && errors.Is(err, errMissing)
		causes = append(causes, err)
	}
	if missing {
		return gone(deb, errors.Join(causes...))
	}
	return a.lying(deb, errors.Join(causes...))
}

// sources are the archives that may have a .deb, in the order they are asked.
func (a *Archive) sources(deb snapshot.Artefact) []string {
	roots := append([]string(nil), a.Mirrors...)
	if date, err := time.Parse(time.RFC3339, deb.Facts["date"]); err == nil {
		for _, after := range []time.Duration{24 * time.Hour, 0, 5 * 24 * time.Hour} {
			roots = append(roots, a.snapshots(deb.Facts["suite"], date.Add(after)))
		}
	}
	return roots
}

func gone(deb snapshot.Artefact, err error) error {
	return &diag.Problem{
		Code: CodeGone, What: deb.ID() + " is nowhere to be had any more", Err: err,
		Why:    "mirrors drop a version when the next one comes, and no other source that is known here has it",
		Remedy: "run `nbuild pin --update` to pin the version that the archive has now",
	}
}

func (a *Archive) lying(deb snapshot.Artefact, err error) error {
	return &diag.Problem{
		Code: CodeBytes, What: deb.ID() + " did not come as it is pinned", Err: err,
		Why:    "no source gave bytes of the pinned digest; nothing was kept",
		Remedy: "check the network and the mirrors in /etc/apt/sources.list.d, then run `nbuild vendor`; if it stays, `nbuild pin --update`",
	}
}
