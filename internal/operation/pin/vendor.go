package pin

import (
	"context"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/debian"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/upstream"
)

// Vendored is nbuild.vendor/v1: what stands in the store.
type Vendored struct {
	Schema    string `json:"schema"`
	Digest    string `json:"digest"`
	Artefacts int    `json:"artefacts"`
	Bytes     int64  `json:"bytes"`
}

// Vendor brings every pinned artefact of the project into the store.
func Vendor(ctx context.Context, host machine.Host) (*Vendored, error) {
	p, err := project.Open(ctx, host)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	lock, err := p.ImageLock()
	if err != nil {
		return nil, err
	}
	if err := VendorProject(ctx, host, p, lock); err != nil {
		return nil, err
	}
	out := &Vendored{Schema: "nbuild.vendor/v1", Digest: lock.Digest().OCI(), Artefacts: lock.Len()}
	for a := range lock.All() {
		out.Bytes += a.Size
	}
	return out, nil
}

// VendorProject is Vendor of a project that is open. No client is made where
// nothing is missing, so it works where there is no network and no npm.
func VendorProject(ctx context.Context, host machine.Host, p *project.Project, lock *snapshot.Lock) error {
	store, err := host.Store()
	if err != nil {
		return err
	}
	files, bases, err := split(lock)
	if err != nil {
		return err
	}
	if err := upstream.Current(ctx, store, files); err != nil {
		return err
	}
	var problems diag.Problems // of files and of bases, reported at once
	if !complete(store, files) {
		err := bring(ctx, host, p, store, files)
		if problems = diag.All(err); err != nil && len(problems) == 0 {
			return err
		}
	}
	err = pullBases(ctx, host, p, store, bases)
	more := diag.All(err)
	if err != nil && len(more) == 0 {
		return err
	}
	return append(problems, more...).Err()
}

// bring fetches what the store lacks, or reports what that is where nothing may be
// fetched.
func bring(ctx context.Context, host machine.Host, p *project.Project, store *cas.Store, files *snapshot.Lock) error {
	o := upstream.BringOptions{Store: store, Events: host.Events, Offline: host.Offline}
	if !host.Offline {
		if err := reach(ctx, host, p, store, &o); err != nil {
			return err
		}
		defer o.Client.Close()
	}
	return upstream.Bring(ctx, files, o)
}

// split parts what a build reads from the rest: base images, which are many blobs,
// and the indexes that packages were resolved with, which no build reads.
func split(lock *snapshot.Lock) (files *snapshot.Lock, bases []snapshot.Artefact, err error) {
	var kept []snapshot.Artefact
	for a := range lock.All() {
		switch a.Kind {
		case snapshot.KindDebIndex:
		case snapshot.KindBase:
			bases = append(bases, a)
		default:
			kept = append(kept, a)
		}
	}
	files, err = snapshot.New(kept)
	return files, bases, err
}

func complete(store *cas.Store, lock *snapshot.Lock) bool {
	for a := range lock.All() {
		if !upstream.Has(store, a) {
			return false
		}
	}
	return true
}

// pullBases brings the base images whose blobs are not all in the store.
func pullBases(ctx context.Context, host machine.Host, p *project.Project, store *cas.Store, bases []snapshot.Artefact) error {
	var problems diag.Problems
	for _, a := range bases {
		if whole(ctx, store, a) {
			continue
		}
		if host.Offline {
			problems = append(problems, &diag.Problem{
				Code: upstream.CodeOffline, What: a.ID() + " is not in the store, or not whole",
				Why: "nothing may be fetched now, and it is needed", Remedy: "run `nbuild vendor` once where there is a network",
			})
			continue
		}
		b, ok := p.Base(a.Name)
		if !ok {
			continue // pinned for a block that is gone
		}
		_, place, err := images.OpenStore(host, b.Image)
		if err != nil {
			return err
		}
		if _, err := oci.PullBase(ctx, place, oci.Hash(a.SHA256), a.Platform, store, host.Events); err != nil {
			if ps := diag.All(err); len(ps) > 0 {
				problems = append(problems, ps...)
				continue
			}
			return err
		}
		host.Events.Emit(event.Event{Kind: event.Transfer, Phase: "vendor", Name: a.ID(), Bytes: a.Size})
	}
	return problems.Err()
}

// whole reports whether the store has every blob of a base image.
func whole(ctx context.Context, store *cas.Store, a snapshot.Artefact) bool {
	raw, err := store.Read(ctx, a.SHA256, bounds.Manifest)
	if err != nil {
		return false
	}
	var m v1.Manifest
	if strictjson.Decode(raw, bounds.Manifest, &m) != nil {
		return false
	}
	for _, d := range append(m.Layers, m.Config) {
		digest, err := images.Digest(d.Digest)
		if err != nil {
			return false
		}
		if size, ok := store.Stat(digest); !ok || size != d.Size {
			return false
		}
	}
	return true
}

// debs fetches Debian packages for a vendor run.
type debs struct {
	archive *debian.Archive
	store   *cas.Store
}

// Fetch brings a package and writes it.
func (d debs) Fetch(ctx context.Context, a snapshot.Artefact, w io.Writer) error {
	if err := d.archive.Fetch(ctx, d.store, a); err != nil {
		return err
	}
	blob, err := d.store.Open(ctx, a.SHA256)
	if err != nil {
		return fmt.Errorf("reading %s: %w", a.ID(), err)
	}
	defer blob.Close()
	_, err = io.Copy(w, blob)
	return err
}

// Index computes the file index of a package.
func (debs) Index(r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, bounds.Deb+1))
	if err != nil {
		return nil, err
	}
	d, err := debian.Open(raw)
	if err != nil {
		return nil, err
	}
	return snapshot.EncodeIndex(d.Index())
}

// reach sets up who is asked for what is missing.
func reach(ctx context.Context, host machine.Host, p *project.Project, store *cas.Store, o *upstream.BringOptions) error {
	client, err := host.Registry(ctx, p.Folder)
	if err != nil {
		return err
	}
	source, err := archive(host)
	if err != nil {
		return err
	}
	addresses := map[string]string{}
	for _, f := range p.Fetches {
		addresses[f.Name] = f.URL
	}
	wanted, _, err := Wanted(p)
	if err != nil {
		return err
	}
	named := map[string]upstream.Package{}
	for _, w := range wanted {
		named[w.Name+"@"+w.Version] = w
	}
	o.Client, o.Files = client, p.ReadFile
	o.Origin = func(a snapshot.Artefact) (upstream.Package, bool) {
		w, ok := named[a.Name+"@"+a.Version]
		return w, ok
	}
	o.Fetchers = map[snapshot.Kind]upstream.Fetcher{
		snapshot.KindDeb:   debs{source, store},
		snapshot.KindFetch: upstream.PinnedFiles{Client: upstream.NewFiles(host.Transport(), host.Retry()), Addresses: addresses},
	}
	return nil
}
