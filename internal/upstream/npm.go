package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/npm/sri"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// NPM fetches npm packages, those that hold Node included.
type NPM struct {
	Client *registry.Client
	Origin func(a snapshot.Artefact) (Package, bool) // see BringOptions
	Files  Tarballs
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
	var p Package
	if n.Origin != nil {
		p, _ = n.Origin(a)
	}
	if a.Facts["resolution"] == resolutions[locked.FromFile] {
		return tarballOf(n.Files, p.File, a.ID(), a.Integrity, begin)
	}
	return n.Client.Tarball(ctx, registry.Request{
		Name: a.Name, Version: a.Version, Integrity: a.Integrity, Resolved: p.Resolved, URL: a.Facts["resolution"] == resolutions[locked.FromAddress],
	}, begin)
}

// tarballOf copies a tarball of the project, held to everything that its integrity
// names; "" names nothing, and whatever the project has is taken.
func tarballOf(files Tarballs, name, id, integrity string, begin func() (io.Writer, error)) error {
	if files == nil || name == "" {
		return &diag.Problem{
			Code: CodeTarball, What: id + " is a tarball of the project, and the lockfile does not say which",
			Why: "nbuild.lock was made for another lockfile", Remedy: "run `nbuild pin`",
		}
	}
	raw, err := files(name, bounds.Tarball)
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return &diag.Problem{
			Code: CodeTarball, What: fmt.Sprintf("the tarball %s of %s can't be read", name, id), Err: err,
			Why: "the lockfile, or a packed block of build.hcl, says that the package is that file of the project", Remedy: "bring the file back (`git status " + diag.Word(name) + "` says what became of it), or put it there anew, as `npm pack` writes it",
		}
	}
	if want, err := sri.Parse(integrity); err == nil {
		sum := want.Checker()
		_, _ = sum.Write(raw)
		if algorithm := sum.Fails(); algorithm != "" {
			return &diag.Problem{
				Code: CodeTarball, What: fmt.Sprintf("the tarball %s of %s is not what its integrity says", name, id),
				Why:    fmt.Sprintf("its %s is another: the file was changed after the lockfile was written", algorithm),
				Remedy: "bring the old file back (`git log -p " + diag.Word(name) + "`); if the new one is meant, delete the package's entry from the lockfile, run `npm install --package-lock-only`, which writes the integrity of the new one, and then `nbuild pin`",
			}
		}
	}
	w, err := begin()
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return err
}

// Index is the file index document of a tarball.
func (NPM) Index(r io.Reader) ([]byte, error) {
	x, err := unpacked(func() (*snapshot.Index, error) { return tarball.Index(r, tarball.Options{}) })
	if err != nil {
		return nil, err
	}
	return snapshot.EncodeIndex(x)
}

func explain(a snapshot.Artefact, err error) error { return tarball.Explain(a.ID(), err) }
