package oci

import (
	"context"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// imageManifest reads an image's manifest and refuses what nbuild does not take:
// layers at other addresses, too many of them, too large ones.
func imageManifest(m Manifest) (*v1.Manifest, error) {
	if !m.MediaType.IsImage() {
		return nil, badShape(m.Digest, "it is an index, not one image", nil)
	}
	manifest := new(v1.Manifest)
	if err := strictjson.Decode(m.Bytes, bounds.Manifest, manifest); err != nil {
		return nil, badShape(m.Digest, "it is no JSON manifest", err)
	}
	if len(manifest.Layers) > bounds.Layers {
		return nil, badShape(m.Digest, fmt.Sprintf("it has %d layers; %d are read", len(manifest.Layers), bounds.Layers), nil)
	}
	if manifest.Config.Size > bounds.ImageConfig {
		return nil, fmt.Errorf("configuration of %s: %w (%d bytes)", m.Digest, ErrBound, bounds.ImageConfig)
	}
	for _, d := range append([]v1.Descriptor{manifest.Config}, manifest.Layers...) {
		if len(d.URLs) > 0 || d.MediaType == types.DockerForeignLayer || d.MediaType == types.OCIRestrictedLayer || d.MediaType == types.OCIUncompressedRestrictedLayer {
			return nil, &diag.Problem{
				Code: CodeForeign, What: "image " + m.Digest.String() + " keeps " + d.Digest.String() + " at another address",
				Why:    "a layer that is not in the image's own repository can't be pinned with it",
				Remedy: "name an image whose layers are all in its own repository",
			}
		}
		if err := checkBlob(d); err != nil {
			return nil, err
		}
	}
	return manifest, nil
}

// Image returns the image that a manifest describes, read from s as it is asked
// for. The manifest and every blob are held to their digests.
func Image(ctx context.Context, s Source, digest v1.Hash) (v1.Image, error) {
	m, err := s.Manifest(ctx, digest)
	if err != nil {
		return nil, err
	}
	manifest, err := imageManifest(m)
	if err != nil {
		return nil, err
	}
	return partial.CompressedToImage(&imageView{ctx: ctx, source: s, m: m, manifest: manifest})
}

// imageView is an image as its source has it. The context is that of the call that
// made it: the interfaces of v1 have none to hand on.
type imageView struct {
	ctx      context.Context
	source   Source
	m        Manifest
	manifest *v1.Manifest
}

func (i *imageView) MediaType() (types.MediaType, error) { return i.m.MediaType, nil }

func (i *imageView) RawManifest() ([]byte, error) { return i.m.Bytes, nil }

func (i *imageView) RawConfigFile() ([]byte, error) {
	return readBlob(i.ctx, i.source, i.manifest.Config, bounds.ImageConfig)
}

func (i *imageView) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	for _, d := range append([]v1.Descriptor{i.manifest.Config}, i.manifest.Layers...) {
		if d.Digest == h {
			return &layerView{ctx: i.ctx, source: i.source, desc: d}, nil
		}
	}
	return nil, fmt.Errorf("layer %s of %s: %w", h, i.m.Digest, ErrNotFound)
}

type layerView struct {
	ctx    context.Context
	source Source
	desc   v1.Descriptor
}

func (l *layerView) Digest() (v1.Hash, error)            { return l.desc.Digest, nil }
func (l *layerView) Size() (int64, error)                { return l.desc.Size, nil }
func (l *layerView) MediaType() (types.MediaType, error) { return l.desc.MediaType, nil }
func (l *layerView) Compressed() (io.ReadCloser, error)  { return l.source.Blob(l.ctx, l.desc) }
func (l *layerView) Descriptor() (*v1.Descriptor, error) { return &l.desc, nil }

// readBlob reads a whole blob of at most limit bytes.
func readBlob(ctx context.Context, s Source, desc v1.Descriptor, limit int64) ([]byte, error) {
	if desc.Size > limit {
		return nil, fmt.Errorf("%s: %w (%d bytes)", desc.Digest, ErrBound, limit)
	}
	rc, err := s.Blob(ctx, desc)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	raw := make([]byte, desc.Size)
	if _, err := io.ReadFull(rc, raw); err != nil {
		return nil, fmt.Errorf("reading blob: %w", err)
	}
	if _, err := io.ReadFull(rc, make([]byte, 1)); err != io.EOF { // where the digest is looked at
		return nil, fmt.Errorf("reading blob: %w", err)
	}
	return raw, nil
}
