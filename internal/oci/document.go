package oci

import (
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/bounds"
)

// BOMType is the media type of a CycloneDX JSON document (IANA), and the artifact
// type of the referrer that carries one unsigned. It is what other tools attach a BOM
// under, and no [Bundle]'s type, so that nothing that looks for signatures can take
// it for one.
const BOMType = "application/vnd.cyclonedx+json"

// bomTitle names the file that a client writes which pulls the referrer.
const bomTitle = "bom.cdx.json"

// titleNote is where such clients look for the name (OCI image specification,
// "Pre-Defined Annotation Keys").
const titleNote = "org.opencontainers.image.title"

// AttachBOM stores an unsigned BOM as a referrer of subject, which must be in the
// store, and returns the digest of the referrer. attached is false where the very
// document was attached already. A layout keeps one unsigned BOM of an image: an
// earlier one is listed no more. A registry can't be relied on to forget.
func AttachBOM(ctx context.Context, s Store, subject v1.Hash, document []byte) (digest v1.Hash, attached bool, err error) {
	if limit := bounds.BundleOf("https://cyclonedx.org/bom"); int64(len(document)) > limit {
		return zeroHash, false, classify("the BOM", fmt.Errorf("BOM: %w (%d bytes)", ErrBound, limit))
	}
	of, err := s.Manifest(ctx, subject)
	if err != nil {
		return zeroHash, false, fmt.Errorf("reading what the BOM is of: %w", err)
	}
	layer := v1.Descriptor{
		MediaType: BOMType, Digest: hash(document), Size: int64(len(document)), Annotations: map[string]string{titleNote: bomTitle},
	}
	img, err := artifactOf(of.Descriptor, BOMType, layer, document, nil)
	if err != nil {
		return zeroHash, false, err
	}
	return attach(ctx, s, subject, img)
}
