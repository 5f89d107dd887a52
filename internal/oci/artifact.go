package oci

import (
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// artifact is a referrer as an image (OCI image specification 1.1, "Guidelines for
// Artifact Usage"): its configuration is empty, its one layer is what it carries.
type artifact struct {
	raw     []byte
	content v1.Layer
}

// referrerOf builds the artifact manifest around a bundle.
func referrerOf(subject v1.Descriptor, bundle []byte, predicateType, seal string) (v1.Image, error) {
	layer := v1.Descriptor{MediaType: BundleType, Digest: hash(bundle), Size: int64(len(bundle))}
	notes := map[string]string{contentNote: dsseContent, predicateNote: predicateType}
	if seal != "" {
		notes[sealNote] = seal
	}
	return artifactOf(subject, BundleType, layer, bundle, notes)
}

// artifactOf builds an artifact manifest about subject whose one layer is content.
func artifactOf(subject v1.Descriptor, artifactType string, layer v1.Descriptor, content []byte, notes map[string]string) (v1.Image, error) {
	raw, err := json.Marshal(v1.Manifest{ // sorts the annotations
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: artifactType,
		Config:      v1.Descriptor{MediaType: emptyType, Digest: hash([]byte(emptyConfigJSON)), Size: int64(len(emptyConfigJSON))},
		Layers:      []v1.Descriptor{layer},
		Subject:     &v1.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size},
		Annotations: notes,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding referrer: %w", err)
	}
	return partial.CompressedToImage(&artifact{raw: raw, content: static.NewLayer(content, layer.MediaType)})
}

func (a *artifact) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
func (a *artifact) RawManifest() ([]byte, error)        { return a.raw, nil }
func (a *artifact) RawConfigFile() ([]byte, error)      { return []byte(emptyConfigJSON), nil }
func (a *artifact) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	if h == hash([]byte(emptyConfigJSON)) {
		return static.NewLayer([]byte(emptyConfigJSON), emptyType), nil
	}
	return a.content, nil
}
