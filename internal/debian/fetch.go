package debian

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
		return lying(deb, fmt.Errorf("%d bytes, over the bound of %d", deb.Size, bounds.Deb))
	}
	file := deb.Facts["file"]
	if err := checkPoolPath(file); err != nil {
		return gone(deb, err)
	}
	var causes []error
	missing, other := false, false
	for _, root := range a.sources(deb) {
		body, err := a.get(ctx, root, file, deb.Size)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && (int64(len(body)) != deb.Size || cas.Sum(body) != deb.SHA256) {
			err = fmt.Errorf("%s: %d bytes came whose digest is another", file, len(body))
			other = true
		}
		other = other || errors.Is(err, errLong)
		if err == nil {
			if _, err := store.PutBytes(ctx, body); err != nil {
				return fmt.Errorf("storing %s: %w", deb.ID(), err)
			}
			return nil
		}
		missing = missing || errors.Is(err, errMissing)
		causes = append(causes, err)
	}
	if missing && !other {
		return gone(deb, errors.Join(causes...))
	}
	return lying(deb, errors.Join(causes...))
}

// Load reads a pinned .deb from the store, unpacks it, and holds what it says about
// itself to the pin. It returns cas.ErrNotFound where the .deb is not there yet.
func Load(ctx context.Context, store *cas.Store, deb snapshot.Artefact) (*Deb, error) {
	src, err := store.Read(ctx, deb.SHA256, bounds.Deb)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", deb.ID(), err)
	}
	d, err := Open(src)
	if err != nil {
		return nil, err
	}
	arch, err := Architecture(deb.Platform)
	if err != nil {
		return nil, err
	}
	if got := d.Architecture(); d.Name() != deb.Name || d.Version() != deb.Version || got != arch && got != "all" {
		return nil, lying(deb, fmt.Errorf("its control file says %.80q, %.80q, %.20q", d.Name(), d.Version(), got))
	}
	return d, nil
}

// Pin fetches a .deb that Resolve selected, stores its file index, and returns its
// line with the fact `index`.
func (a *Archive) Pin(ctx context.Context, store *cas.Store, deb snapshot.Artefact) (snapshot.Artefact, error) {
	if err := a.Fetch(ctx, store, deb); err != nil {
		return deb, err
	}
	d, err := Load(ctx, store, deb)
	if err != nil {
		return deb, err
	}
	doc, err := snapshot.EncodeIndex(d.Index())
	if err != nil {
		return deb, fmt.Errorf("indexing %s: %w", deb.ID(), err)
	}
	sum, err := store.PutBytes(ctx, doc)
	if err != nil {
		return deb, fmt.Errorf("indexing %s: %w", deb.ID(), err)
	}
	deb.Facts = maps.Clone(deb.Facts)
	deb.Facts["index"] = sum.String()
	return deb, nil
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
		Remedy: "run `nbuild pin --update debian` to pin the version that the archive has now",
	}
}

func lying(deb snapshot.Artefact, err error) error {
	return &diag.Problem{
		Code: CodeBytes, What: deb.ID() + " did not come as it is pinned", Err: err,
		Why:    "no source gave bytes of the pinned digest; nothing was kept",
		Remedy: "check the network and the mirrors in /etc/apt/sources.list.d, then run `nbuild vendor`; if it stays, `nbuild pin --update debian`",
	}
}
