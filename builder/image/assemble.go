package image

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// The annotations that nbuild writes beside those of OCI (image specification,
// annotations.md). Those of a layer stand on its descriptor.
const (
	AnnotationLayer = "dev.nbuild.layer" // the layer's name in build.hcl
	AnnotationCodec = "dev.nbuild.codec" // what compressed it: Codec.ID
	annotationDate  = "org.opencontainers.image.created"
	annotationBase  = "org.opencontainers.image.base.digest"
)

// Spec is an image to assemble.
type Spec struct {
	Base        v1.Image // nil where the layers hold all there is
	Layers      []*Layer // from the lowest up
	Config      Config
	Platform    v1.Platform
	Date        time.Time         // when it was created, to the second
	Annotations map[string]string // of the manifest; they win over nbuild's own
}

// Image is an assembled image: a v1.Image that knows which layers are ours. It is
// safe for use by many goroutines.
type Image struct {
	layers      []v1.Layer
	own         []*Layer
	config      []byte
	manifest    []byte
	parsed      *v1.Manifest
	platform    v1.Platform
	configHash  v1.Hash
	manifestSum v1.Hash
}

// Assemble puts an image together. Its media types are OCI's throughout: a base
// that has docker's keeps its layers' bytes and digests, and their types are
// converted, since the two are the same formats (OCI image specification,
// media-types.md, "Compatibility Matrix"). A base that does not fit is CodeBase.
func Assemble(s Spec) (*Image, error) {
	if s.Date.Unix() <= 0 {
		return nil, fmt.Errorf("an image can't be dated %s", s.Date.UTC().Format(time.RFC3339))
	}
	if s.Platform.OS == "" || s.Platform.Architecture == "" {
		return nil, fmt.Errorf("an image needs a platform, not %q", s.Platform.String())
	}
	img := &Image{own: slices.Clone(s.Layers), platform: s.Platform}
	base, diffIDs, descriptors, err := s.base(img)
	if err != nil {
		return nil, err
	}
	for _, l := range s.Layers {
		id, err := l.DiffID()
		if err != nil {
			return nil, err
		}
		diffIDs = append(diffIDs, id)
		descriptors = append(descriptors, v1.Descriptor{
			MediaType:   l.codec.mediaType(),
			Size:        l.record.Size,
			Digest:      ociHash(l.record.Digest),
			Annotations: layerAnnotations(l),
		})
		img.layers = append(img.layers, l)
	}
	if len(img.layers) > bounds.Layers {
		return nil, fmt.Errorf("an image of %d layers is over the bound of %d", len(img.layers), bounds.Layers)
	}
	if img.config, err = s.configFile(base, diffIDs); err != nil {
		return nil, err
	}
	if img.configHash, _, err = v1.SHA256(bytes.NewReader(img.config)); err != nil {
		return nil, err
	}
	return img, img.seal(v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.OCIManifestSchema1,
		Config:        v1.Descriptor{MediaType: types.OCIConfigJSON, Size: int64(len(img.config)), Digest: img.configHash},
		Layers:        descriptors,
		Annotations:   s.annotations(),
	})
}

// seal writes the manifest, whose bytes are the image's name.
func (i *Image) seal(m v1.Manifest) error {
	var err error
	if i.manifest, err = json.Marshal(m); err != nil {
		return fmt.Errorf("encoding manifest: %w", err)
	}
	if len(i.manifest) > bounds.Manifest {
		return fmt.Errorf("a manifest of %d bytes is over the bound of %d", len(i.manifest), bounds.Manifest)
	}
	i.parsed = &m
	i.manifestSum, _, err = v1.SHA256(bytes.NewReader(i.manifest))
	return err
}

func layerAnnotations(l *Layer) map[string]string {
	a := map[string]string{AnnotationCodec: l.Codec()}
	if l.Name() != "" {
		a[AnnotationLayer] = l.Name()
	}
	return a
}

func (s *Spec) annotations() map[string]string {
	a := map[string]string{annotationDate: s.Date.UTC().Truncate(time.Second).Format(time.RFC3339)}
	if s.Base != nil {
		if d, err := s.Base.Digest(); err == nil {
			a[annotationBase] = d.String()
		}
	}
	maps.Copy(a, s.Annotations)
	return a
}

// base takes over the base image's layers and returns its configuration, diffIDs
// and descriptors.
func (s *Spec) base(img *Image) (*v1.ConfigFile, []v1.Hash, []v1.Descriptor, error) {
	if s.Base == nil {
		return &v1.ConfigFile{}, nil, nil, nil
	}
	config, err := s.Base.ConfigFile()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("reading base configuration: %w", err)
	}
	manifest, err := s.Base.Manifest()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("reading base manifest: %w", err)
	}
	layers, err := s.Base.Layers()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("reading base layers: %w", err)
	}
	if have := config.Platform(); have == nil || have.OS != s.Platform.OS || have.Architecture != s.Platform.Architecture {
		return nil, nil, nil, badPlatform(have, s.Platform)
	}
	if len(layers) != len(manifest.Layers) || len(layers) != len(config.RootFS.DiffIDs) {
		return nil, nil, nil, BadBase(fmt.Sprintf("its manifest has %d layers and its configuration %d", len(manifest.Layers), len(config.RootFS.DiffIDs)))
	}
	descriptors := make([]v1.Descriptor, len(layers))
	for n, l := range layers {
		d := manifest.Layers[n]
		kind, ok := ociLayers[d.MediaType]
		if !ok || len(d.URLs) > 0 {
			return nil, nil, nil, BadBase(fmt.Sprintf("its layer %s is of type %q, or kept elsewhere", d.Digest, d.MediaType))
		}
		descriptors[n] = v1.Descriptor{MediaType: kind, Size: d.Size, Digest: d.Digest, Annotations: d.Annotations}
		img.layers = append(img.layers, retyped{l, kind})
	}
	return config, slices.Clone(config.RootFS.DiffIDs), descriptors, nil
}

// ociLayers are the layer types that a base may have, and what OCI calls them.
var ociLayers = map[types.MediaType]types.MediaType{
	types.OCILayer:                types.OCILayer,
	types.OCILayerZStd:            types.OCILayerZStd,
	types.OCIUncompressedLayer:    types.OCIUncompressedLayer,
	types.DockerLayer:             types.OCILayer,
	types.DockerUncompressedLayer: types.OCIUncompressedLayer,
}

// retyped is a base's layer under OCI's name of its type.
type retyped struct {
	v1.Layer
	kind types.MediaType
}

func (r retyped) MediaType() (types.MediaType, error) { return r.kind, nil }

func badPlatform(have *v1.Platform, want v1.Platform) error {
	is := "no platform"
	if have != nil {
		is = have.String()
	}
	return &diag.Problem{
		Code:   CodeBase,
		What:   fmt.Sprintf("the base image is of %s, not %s", is, want.String()),
		Why:    "programs of one platform do not run on another",
		Remedy: fmt.Sprintf("set `platforms = [%q]` in the project block, or name a base image that has %s", is, want.String()),
	}
}

// BadBase is the problem of a base image that can't be built on, and why.
func BadBase(why string) error {
	return &diag.Problem{
		Code:   CodeBase,
		What:   "the base image can't be built on",
		Why:    why,
		Remedy: "name another `image` in the base block, then run `nbuild pin`",
	}
}

// Own returns the layers that were assembled here, from the lowest up: with their
// Shares they show which owner brought what.
func (i *Image) Own() []*Layer { return i.own }

// Platform returns what the image runs on.
func (i *Image) Platform() v1.Platform { return i.platform }

// Layers returns all layers, the base's first.
func (i *Image) Layers() ([]v1.Layer, error) { return slices.Clone(i.layers), nil }

// MediaType returns the type of an OCI image manifest.
func (i *Image) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// Size returns the size of the manifest in bytes.
func (i *Image) Size() (int64, error) { return int64(len(i.manifest)), nil }

// ConfigName returns the digest of the configuration, which docker calls the
// image's id.
func (i *Image) ConfigName() (v1.Hash, error) { return i.configHash, nil }

// ConfigFile returns the configuration.
func (i *Image) ConfigFile() (*v1.ConfigFile, error) { return partial.ConfigFile(i) }

// RawConfigFile returns the bytes of the configuration.
func (i *Image) RawConfigFile() ([]byte, error) { return slices.Clone(i.config), nil }

// Digest returns the digest of the manifest, the image's name.
func (i *Image) Digest() (v1.Hash, error) { return i.manifestSum, nil }

// Manifest returns the manifest.
func (i *Image) Manifest() (*v1.Manifest, error) { return i.parsed.DeepCopy(), nil }

// RawManifest returns the bytes of the manifest.
func (i *Image) RawManifest() ([]byte, error) { return slices.Clone(i.manifest), nil }

// LayerByDigest returns a layer, or the configuration, by the digest of its
// compressed bytes.
func (i *Image) LayerByDigest(want v1.Hash) (v1.Layer, error) {
	if want == i.configHash {
		return partial.ConfigLayer(i)
	}
	return i.find(want, v1.Layer.Digest)
}

// LayerByDiffID returns a layer by the digest of its tar stream.
func (i *Image) LayerByDiffID(want v1.Hash) (v1.Layer, error) { return i.find(want, v1.Layer.DiffID) }

func (i *Image) find(want v1.Hash, name func(v1.Layer) (v1.Hash, error)) (v1.Layer, error) {
	for _, l := range i.layers {
		have, err := name(l)
		if err != nil {
			return nil, err
		}
		if have == want {
			return l, nil
		}
	}
	return nil, fmt.Errorf("the image has no layer %s", want)
}
