package upstream

import (
	"context"
	"io"

	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// NPM fetches npm packages, those that hold Node included.
type NPM struct {
	Client   *registry.Client
	Resolved func(a snapshot.Artefact) string // see BringOptions
}

// restarter is a Fetcher that can begin anew when a try fails half way.
type restarter interface {
	fetch(ctx context.Context, a snapshot.Artefact, begin func() (io.Writer, error)) error
}

// Fetch writes the tarball, for the first try only; Bring uses more.
func (n NPM) Fetch(ctx context.Context, a snapshot.Artefact, w io.Writer) error {
	return n.fetch(ctx, a, func() (io.Writer, error) { return w, nil })
}

func (n NPM) fetch(ctx context.Context, a snapshot.Artefact, begin func() (io.Writer, error)) error {
	r := registry.Request{Name: a.Name, Version: a.Version, Integrity: a.Integrity, URL: a.Facts["resolution"] == "url"}
	if n.Resolved != nil {
		r.Resolved = n.Resolved(a)
	}
	return n.Client.Tarball(ctx, r, begin)
}

// Index is the file index document of a tarball.
func (NPM) Index(r io.Reader) ([]byte, error) {
	x, err := tarball.Index(r, tarball.Options{})
	if err != nil {
		return nil, err
	}
	return snapshot.EncodeIndex(x)
}

func explain(a snapshot.Artefact, err error) error { return tarball.Explain(a.ID(), err) }
