package oci

import (
	"context"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// uploads is how many blobs are sent at once.
const uploads = 4

// PushImage implements Store. The manifest is read back, because a registry that
// says "created" has not shown it.
func (r *Registry) PushImage(ctx context.Context, img v1.Image) (v1.Descriptor, error) {
	return r.push(ctx, img)
}

// PushIndex implements Store.
func (r *Registry) PushIndex(ctx context.Context, idx v1.ImageIndex) (v1.Descriptor, error) {
	return r.push(ctx, idx)
}

// push sends what an image or an index needs, then its manifest. Where the manifest is
// there already, all of it is.
func (r *Registry) push(ctx context.Context, t remote.Taggable) (v1.Descriptor, error) {
	b, err := t.RawManifest()
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("reading manifest: %w", err)
	}
	if len(b) > bounds.Manifest {
		return v1.Descriptor{}, r.fault("", fmt.Errorf("manifest: %w (%d bytes)", ErrBound, bounds.Manifest))
	}
	m, err := describe(b, hash(b))
	if err != nil {
		return v1.Descriptor{}, err
	}
	there, err := r.Manifest(ctx, m.Digest)
	if err == nil {
		return there.Descriptor, nil
	}
	// Some registries answer 403 for what is not there. If it is a refusal, so is what follows.
	if denied := new(diag.Problem); !errors.Is(err, ErrNotFound) && (!errors.As(err, &denied) || denied.Code != CodeDenied) {
		return v1.Descriptor{}, fmt.Errorf("pushing: %w", err)
	}
	if err := r.pushNeeded(ctx, t); err != nil {
		return v1.Descriptor{}, err
	}
	if err := r.put(ctx, m); err != nil {
		return v1.Descriptor{}, fmt.Errorf("pushing: %w", r.fault("", err))
	}
	if there, err = r.Manifest(ctx, m.Digest); err != nil {
		return v1.Descriptor{}, fmt.Errorf("reading back what was pushed: %w", err)
	}
	return there.Descriptor, nil
}

// pushNeeded sends what a manifest names: the images of an index, the blobs of an image.
func (r *Registry) pushNeeded(ctx context.Context, t remote.Taggable) error {
	switch t := t.(type) {
	case v1.Image:
		return r.pushBlobs(ctx, t)
	case v1.ImageIndex:
		parts, err := partial.Manifests(t)
		if err != nil {
			return fmt.Errorf("reading index: %w", err)
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(uploads)
		for _, p := range parts {
			part, ok := p.(remote.Taggable)
			if !ok {
				return fmt.Errorf("an index of %T can't be pushed", p)
			}
			group.Go(func() error {
				_, err := r.push(ctx, part)
				return err
			})
		}
		return group.Wait()
	}
	return nil
}

// pushBlobs sends the layers and the configuration of an image, some at once. An upload
// that breaks is begun anew: what the registry has of it by then nobody knows.
func (r *Registry) pushBlobs(ctx context.Context, img v1.Image) error {
	layers, err := img.Layers()
	if err != nil {
		return fmt.Errorf("reading layers: %w", err)
	}
	config, err := partial.ConfigLayer(img)
	if err != nil {
		return fmt.Errorf("reading configuration: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(uploads)
	for _, layer := range append(layers, config) {
		group.Go(func() error { return r.upload(ctx, layer) })
	}
	return group.Wait()
}

// upload sends a blob, unless the registry has it.
func (r *Registry) upload(ctx context.Context, layer v1.Layer) error {
	size, err := layer.Size()
	if err != nil {
		return fmt.Errorf("reading a layer's size: %w", err)
	}
	err = r.during(ctx, size, func(ctx context.Context) error { return r.pusher.Upload(ctx, r.repo, layer) })
	if err != nil {
		return fmt.Errorf("pushing: %w", r.fault("", err))
	}
	return nil
}

// put stores a manifest under its digest. One with a subject is listed at it, by the
// registry or in the fallback tag, which is read anew with each try.
func (r *Registry) put(ctx context.Context, m Manifest) error {
	return r.whole(ctx, func(ctx context.Context) error {
		return r.pusher.Put(ctx, r.repo.Digest(m.Digest.String()), raw{m})
	})
}

// raw is a manifest as remote takes it.
type raw struct{ Manifest }

func (r raw) RawManifest() ([]byte, error)        { return r.Bytes, nil }
func (r raw) MediaType() (types.MediaType, error) { return r.Descriptor.MediaType, nil }
