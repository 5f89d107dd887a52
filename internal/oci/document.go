package oci

import (
	"context"
	"errors"
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

// BOMs reads the unsigned BOMs attached to subject, by digest of the referrer. Who
// attached them is not known. Anything that can't be read is an error: leaving it out
// could leave out the one that counts.
func BOMs(ctx context.Context, s Store, subject v1.Hash) ([][]byte, error) {
	all, err := s.Referrers(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("listing what is attached: %w", err)
	}
	var out [][]byte
	left := int64(bounds.Bundles)
	read := 0
	for _, d := range all {
		if d.ArtifactType != BOMType && d.ArtifactType != emptyType && d.ArtifactType != "" {
			continue
		}
		if read++; read > bounds.Referrers {
			return nil, classify("the list of referrers", fmt.Errorf("%d referrers: %w", len(all), ErrBound))
		}
		doc, err := readDocument(ctx, s, subject, d, left)
		if errors.Is(err, errNoDocument) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the BOM %s: %w", d.Digest, err)
		}
		left -= int64(len(doc))
		out = append(out, doc)
	}
	return out, nil
}

var errNoDocument = errors.New("no BOM")

func readDocument(ctx context.Context, s Store, subject v1.Hash, d v1.Descriptor, left int64) ([]byte, error) {
	m, err := s.Manifest(ctx, d.Digest)
	if err != nil {
		return nil, err
	}
	manifest, err := imageManifest(m)
	if err != nil {
		return nil, err
	}
	switch {
	case manifest.ArtifactType != BOMType:
		return nil, errNoDocument
	case manifest.Subject == nil || manifest.Subject.Digest != subject:
		return nil, fmt.Errorf("referrer %s: %w: its subject is another image", d.Digest, ErrMismatch)
	case len(manifest.Layers) != 1 || manifest.Layers[0].MediaType != BOMType:
		return nil, fmt.Errorf("referrer %s: %w: it does not hold one BOM", d.Digest, ErrMismatch)
	}
	return readBlob(ctx, s, manifest.Layers[0], min(left, bounds.BundleOf("https://cyclonedx.org/bom")))
}
