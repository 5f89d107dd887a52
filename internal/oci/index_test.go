package oci

import (
	"context"

	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Index returns the image index of a digest, read from s as it is asked for.
func Index(ctx context.Context, s Source, digest v1.Hash) (v1.ImageIndex, error) {
	m, err := s.Manifest(ctx, digest)
	if err != nil {
		return nil, err
	}
	idx, err := indexManifest(m)
	if err != nil {
		return nil, err
	}
	return &indexView{ctx: ctx, source: s, m: m, list: idx}, nil
}

type indexView struct {
	ctx    context.Context
	source Source
	m      Manifest
	list   *v1.IndexManifest
}

func (i *indexView) MediaType() (types.MediaType, error)         { return i.m.MediaType, nil }
func (i *indexView) Digest() (v1.Hash, error)                    { return i.m.Digest, nil }
func (i *indexView) Size() (int64, error)                        { return i.m.Size, nil }
func (i *indexView) RawManifest() ([]byte, error)                { return i.m.Bytes, nil }
func (i *indexView) IndexManifest() (*v1.IndexManifest, error)   { return i.list.DeepCopy(), nil }
func (i *indexView) Image(h v1.Hash) (v1.Image, error)           { return Image(i.ctx, i.source, h) }
func (i *indexView) ImageIndex(h v1.Hash) (v1.ImageIndex, error) { return Index(i.ctx, i.source, h) }
func (i *indexView) Manifests() ([]partial.Describable, error)   { return partial.ComputeManifests(i) }
