package oci

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// ErrNotFound is a tag, manifest or blob that a store answered it does not have.
var ErrNotFound = errors.New("not found")

// ErrBound is an answer that is larger than the bound table allows.
var ErrBound = errors.New("larger than allowed")

// ErrMismatch is bytes that are not what their digest or size says.
var ErrMismatch = errors.New("not what its digest says")

// Source hands out manifests and blobs by digest. A Store is one, and so is a
// store of blobs on disk that a base image was pulled into.
type Source interface {
	// Manifest returns a manifest or index, at most bounds.Manifest bytes, held to
	// its digest.
	Manifest(ctx context.Context, digest v1.Hash) (Manifest, error)
	// Blob opens a blob. Its reader fails at the end with ErrMismatch unless it
	// gave exactly desc.Size bytes that have desc.Digest.
	Blob(ctx context.Context, desc v1.Descriptor) (io.ReadCloser, error)
}

// Store is a place for images: a repository of a registry, or a layout.
type Store interface {
	Source
	// Resolve returns what a tag points at, or an error that is ErrNotFound.
	Resolve(ctx context.Context, tag string) (v1.Descriptor, error)
	// PushImage stores an image with all it needs, by digest. What is there is not
	// sent again.
	PushImage(ctx context.Context, img v1.Image) (v1.Descriptor, error)
	// PushIndex stores an index and the images in it, by digest.
	PushIndex(ctx context.Context, idx v1.ImageIndex) (v1.Descriptor, error)
	// Tag points a tag at a digest that is in the store.
	Tag(ctx context.Context, digest v1.Hash, tag string) error
	// Referrers lists the manifests whose subject is the digest, sorted by digest.
	// None is no error.
	Referrers(ctx context.Context, subject v1.Hash) ([]v1.Descriptor, error)
	// eachReferrer is Referrers one by one, in the order of the list, some perhaps twice.
	// cut is ErrBound where the list goes on beyond what is read of one.
	eachReferrer(ctx context.Context, subject v1.Hash, each func(v1.Descriptor)) (cut, err error)
	// openLedger sees to it that what hangs on a ledger's manifest is kept.
	openLedger(ctx context.Context, l ledger) error
	// pushReferrer stores a manifest that has a subject, and lists it.
	pushReferrer(ctx context.Context, img v1.Image) error
}

// Manifest is the bytes of a manifest or an index, with what they say they are.
type Manifest struct {
	v1.Descriptor
	Bytes []byte
}

// Open returns the store that a reference names. A docker archive is none: it has
// no room for signatures.
func Open(ref Ref, opt Options) (Store, error) {
	switch ref.Kind {
	case InLayout:
		return OpenLayout(ref.Path)
	case InRegistry:
		return OpenRegistry(ref, opt)
	}
	return nil, &diag.Problem{
		Code: CodeReference, What: ref.Name() + " is a docker archive, which holds neither digests nor signatures",
		Why:    "an archive is rewritten on load: its image gets another digest",
		Remedy: "use a layout, oci:DIR, or a registry",
	}
}

// Find returns what a reference points at in its store: its digest where it has
// one, else its tag. A reference that has both must agree with the store.
func Find(ctx context.Context, s Store, ref Ref) (v1.Descriptor, error) {
	if ref.Digest != zeroHash {
		if ref.Tag != "" {
			got, err := s.Resolve(ctx, ref.Tag)
			if err != nil {
				return v1.Descriptor{}, err
			}
			if got.Digest != ref.Digest {
				return v1.Descriptor{}, &diag.Problem{
					Code: CodeMismatch, What: "tag " + ref.Tag + " of " + ref.Name() + " points at " + got.Digest.String(),
					Why: "the name says " + ref.Digest.String(), Remedy: "leave the tag or the digest out of the name",
				}
			}
		}
		m, err := s.Manifest(ctx, ref.Digest)
		return m.Descriptor, err
	}
	return s.Resolve(ctx, ref.Tag)
}

// describe reads what a manifest says it is, and refuses what is not a manifest.
func describe(raw []byte, digest v1.Hash) (Manifest, error) {
	var head struct {
		SchemaVersion int               `json:"schemaVersion"`
		MediaType     types.MediaType   `json:"mediaType"`
		Manifests     []v1.Descriptor   `json:"manifests"`
		Config        *v1.Descriptor    `json:"config"`
		Layers        []v1.Descriptor   `json:"layers"`
		ArtifactType  string            `json:"artifactType"`
		Annotations   map[string]string `json:"annotations"`
	}
	if err := strictjson.Decode(raw, bounds.Manifest, &head); err != nil {
		return Manifest{}, badShape(digest, "it is no JSON manifest", err)
	}
	d := v1.Descriptor{MediaType: head.MediaType, Size: int64(len(raw)), Digest: digest, Annotations: head.Annotations, ArtifactType: head.ArtifactType}
	switch {
	case head.SchemaVersion != 2:
		return Manifest{}, badShape(digest, fmt.Sprintf("its schemaVersion is %d", head.SchemaVersion), nil)
	case head.Manifests != nil && head.Config != nil, head.Manifests != nil && head.Layers != nil:
		return Manifest{}, badShape(digest, "it is an index and an image at once", nil)
	case head.MediaType == "" && head.Manifests != nil:
		d.MediaType = types.OCIImageIndex
	case head.MediaType == "" && head.Config != nil:
		d.MediaType = types.OCIManifestSchema1
	case d.MediaType.IsIndex() && head.Config == nil && head.Layers == nil:
	case d.MediaType.IsImage() && head.Manifests == nil && head.Config != nil:
	default:
		return Manifest{}, badShape(digest, "its media type "+diag.Clean(string(head.MediaType))+" is not what it holds", nil)
	}
	return Manifest{Descriptor: d, Bytes: raw}, nil
}

// hold reads at most limit bytes and holds them to the digest.
func hold(r io.Reader, digest v1.Hash, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("%s: %w (%d bytes)", digest, ErrBound, limit)
	}
	if sum := hash(raw); sum != digest {
		return nil, fmt.Errorf("%s: %w: the bytes are %s", digest, ErrMismatch, sum)
	}
	return raw, nil
}

func hash(b []byte) v1.Hash {
	sum := sha256.Sum256(b)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

// checkBlob refuses a descriptor that no blob may have.
func checkBlob(d v1.Descriptor) error {
	switch {
	case d.Digest.Algorithm != "sha256" || len(d.Digest.Hex) != 64:
		return badShape(d.Digest, "its digest is not SHA-256", nil)
	case d.Size < 0:
		return badShape(d.Digest, "its size is negative", nil)
	case d.Size > bounds.Layer:
		return fmt.Errorf("%s: %w (%d bytes)", d.Digest, ErrBound, int64(bounds.Layer))
	}
	return nil
}

func badShape(digest v1.Hash, why string, err error) error {
	return &diag.Problem{
		Code: CodeShape, What: digest.String() + " is no image that can be read",
		Why: why, Remedy: "name another image, or have this one built again by a tool that follows the OCI image specification", Err: err,
	}
}
