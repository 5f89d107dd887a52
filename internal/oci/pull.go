package oci

import (
	"context"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
)

// Base is a base image as it stands in the store of blobs. Index is the digest
// that was asked for, which is Manifest where it names one image.
type Base struct {
	Index    cas.Digest
	Manifest cas.Digest
	Size     int64 // of the manifest
	Config   cas.Digest
	Layers   []cas.Digest // as they are compressed, in order
	Platform string
}

// PullBase brings the image of one platform behind a digest into the store of
// blobs: manifest, configuration and layers, each held to its digest. What is
// there already is not asked for.
func PullBase(ctx context.Context, from Store, digest v1.Hash, platform string, to *cas.Store, events event.Sink) (Base, error) {
	one, err := Select(ctx, from, digest, platform)
	if err != nil {
		return Base{}, err
	}
	m, err := from.Manifest(ctx, one)
	if err != nil {
		return Base{}, err
	}
	manifest, err := imageManifest(m)
	if err != nil {
		return Base{}, err
	}
	base := Base{Platform: platform, Size: m.Size}
	if base.Index, err = casDigest(digest); err != nil {
		return Base{}, err
	}
	if base.Config, err = pullBlob(ctx, from, manifest.Config, to); err != nil {
		return Base{}, err
	}
	for _, d := range manifest.Layers {
		had, err := casDigest(d.Digest)
		if err != nil {
			return Base{}, err
		}
		_, cached := to.Stat(had)
		layer, err := pullBlob(ctx, from, d, to)
		if err != nil {
			return Base{}, err
		}
		base.Layers = append(base.Layers, layer)
		events.Emit(event.Event{Kind: event.Transfer, Phase: "base", Name: platform, Digest: layer.String(), Bytes: d.Size, Cached: cached})
	}
	// The manifest comes last: where it stands, everything stands.
	if base.Manifest, err = to.PutBytes(ctx, m.Bytes); err != nil {
		return Base{}, fmt.Errorf("storing manifest: %w", err)
	}
	return base, nil
}

func pullBlob(ctx context.Context, from Source, desc v1.Descriptor, to *cas.Store) (cas.Digest, error) {
	want, err := casDigest(desc.Digest)
	if err != nil {
		return cas.Digest{}, err
	}
	if size, ok := to.Stat(want); ok && size == desc.Size {
		return want, nil
	}
	if err := copyBlob(ctx, from, desc, to); err != nil {
		return cas.Digest{}, fmt.Errorf("pulling %s: %w", desc.Digest, err)
	}
	return want, nil
}

func copyBlob(ctx context.Context, from Source, desc v1.Descriptor, to *cas.Store) error {
	rc, err := from.Blob(ctx, desc)
	if err != nil {
		return err
	}
	defer rc.Close()
	w, err := to.Create(ctx)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := io.Copy(w, rc); err != nil {
		return err
	}
	_, _, err = w.Commit()
	return err
}

// FromCAS returns a source that reads what PullBase stored, without any network:
// oci.Image(ctx, oci.FromCAS(store), manifest) is the base image.
func FromCAS(store *cas.Store) Source { return stored{store} }

type stored struct{ store *cas.Store }

func (s stored) Manifest(ctx context.Context, digest v1.Hash) (Manifest, error) {
	d, err := casDigest(digest)
	if err != nil {
		return Manifest{}, err
	}
	b, err := s.store.Read(ctx, d, bounds.Manifest)
	if err != nil {
		return Manifest{}, s.fault(digest, err)
	}
	return describe(b, digest)
}

func (s stored) Blob(ctx context.Context, desc v1.Descriptor) (io.ReadCloser, error) {
	d, err := casDigest(desc.Digest)
	if err != nil {
		return nil, err
	}
	blob, err := s.store.Open(ctx, d)
	if err != nil {
		return nil, s.fault(desc.Digest, err)
	}
	return verifying(blob, desc), nil
}

func (s stored) fault(digest v1.Hash, err error) error {
	if errors.Is(err, cas.ErrNotFound) {
		return missingRemedy("the store", digest.String(), "nbuild vendor", ErrNotFound)
	}
	return fmt.Errorf("reading %s from the store: %w", digest, err)
}

func casDigest(h v1.Hash) (cas.Digest, error) {
	if h.Algorithm != "sha256" {
		return cas.Digest{}, badShape(h, "its digest is not SHA-256", nil)
	}
	d, err := cas.ParseDigest(h.Hex)
	if err != nil {
		return cas.Digest{}, badShape(h, "its digest is malformed", err)
	}
	return d, nil
}

// Hash returns the OCI form of a digest of the store.
func Hash(d cas.Digest) v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: d.String()} }
