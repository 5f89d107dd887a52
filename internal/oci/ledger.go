package oci

import (
	"context"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// LedgerType is the artifact type of the manifest that a ledger of releases hangs on.
const LedgerType = "application/vnd.nbuild.ledger.v1+json"

// A ledger is what was released from a repository to an environment, whatever image it
// was and whatever a tag points at: each release statement is listed twice, below its
// image and here. The releases hang on a manifest whose bytes, and so whose digest,
// follow from the two names, so that finding it takes no tag that somebody could move.
type ledger struct {
	manifest v1.Image
	at       v1.Descriptor
}

func ledgerOf(environment, repository string) (ledger, error) {
	empty := v1.Descriptor{MediaType: emptyType, Digest: hash([]byte(emptyConfigJSON)), Size: int64(len(emptyConfigJSON))}
	raw, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: LedgerType, Config: empty, Layers: []v1.Descriptor{empty},
		Annotations: map[string]string{"dev.nbuild.environment": environment, "dev.nbuild.repository": repository},
	})
	if err != nil {
		return ledger{}, fmt.Errorf("encoding ledger: %w", err)
	}
	img, err := partial.CompressedToImage(&artifact{raw: raw, content: static.NewLayer([]byte(emptyConfigJSON), emptyType)})
	return ledger{img, v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: hash(raw), Size: int64(len(raw))}}, err
}

// ListLedger names the bundles in the ledger of an environment and a repository, as
// ListBundles does those of an image.
func ListLedger(ctx context.Context, s Store, environment, repository string) (list []Listed, cut, err error) {
	l, err := ledgerOf(environment, repository)
	if err != nil {
		return nil, nil, err
	}
	return ListBundles(ctx, s, l.at.Digest)
}

// Record lists a bundle in the ledger of an environment and a repository; recorded is
// false where it was there already.
func Record(ctx context.Context, s Store, environment, repository string, bundle []byte, predicateType, seal string) (recorded bool, err error) {
	if limit := bounds.BundleOf(predicateType); int64(len(bundle)) > limit {
		return false, classify("the bundle", fmt.Errorf("bundle of %s: %w (%d bytes)", predicateType, ErrBound, limit))
	}
	l, err := ledgerOf(environment, repository)
	if err != nil {
		return false, err
	}
	img, err := referrerOf(l.at, bundle, predicateType, seal)
	if err != nil {
		return false, err
	}
	if err := s.openLedger(ctx, l); err != nil {
		return false, fmt.Errorf("opening the ledger of releases: %w", err)
	}
	_, recorded, err = attach(ctx, s, l.at.Digest, img)
	if err != nil {
		return false, fmt.Errorf("recording the release: %w", err)
	}
	return recorded, nil
}

// openLedger implements Store. The manifest has a tag where the registry lets it have
// one, since some that collect garbage forget what hangs on a manifest without. Nothing is
// found by that tag.
func (r *Registry) openLedger(ctx context.Context, l ledger) error {
	if _, err := r.PushImage(ctx, l.manifest); err != nil {
		return err
	}
	err := r.Tag(ctx, l.at.Digest, "nbuild-releases-"+l.at.Digest.Hex[:12])
	for _, p := range diag.All(err) {
		if p.Code == CodeDenied || p.Code == CodeMoved {
			return nil
		}
	}
	return err
}

// openLedger implements Store: a layout lists what it holds and forgets nothing.
func (l *Layout) openLedger(context.Context, ledger) error { return nil }
