package release

import (
	"context"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/images"
	"github.com/nbuild/nbuild/sbom"
)

// The problems of a baseline. A gate that can't look is closed.
const (
	CodeBaseline   diag.Code = "NB2216" // nobody who counts says what is in the baseline
	CodeNoBaseline diag.Code = "NB2217" // the baseline is gone, though there were releases
)

// baseline returns what is in the image that a release is compared with: an
// inventory for each BOM that counts by the trust file, none where this is the
// first release.
//
// Whoever can push can move the baseline's tag, delete it, and attach or remove
// what they like. So a BOM counts only where those signed it whom the environment
// asks for BOMs, and an absent baseline is a first release only where the trust
// file knows of none. The name is an image's always: a file of the checkout that is
// called like it is not looked at.
func (r *run) baseline(ctx context.Context, name, repository string) ([]*sbom.Inventory, error) {
	ref, store, err := images.Open(r.host, name)
	if err != nil {
		return nil, err
	}
	if store == nil {
		return nil, untrusted(name, errors.New("a docker archive holds no signatures"))
	}
	at, err := oci.Find(ctx, store, ref)
	if errors.Is(err, oci.ErrNotFound) {
		if floor := r.floor(repository); floor > 1 || ref.Digest != (v1.Hash{}) {
			return nil, &diag.Problem{
				Code: CodeNoBaseline, What: "there is no baseline " + diag.Clean(name), Err: err,
				Why:    fmt.Sprintf("it would be a first release, but the trust file takes none below %d, or a digest was named: someone may have removed it, so that nothing looks changed", floor),
				Remedy: "name the image that runs now: `nbuild release --baseline REPOSITORY@sha256:…`",
			}
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	digest, err := images.Digest(at.Digest)
	if err != nil {
		return nil, err
	}
	documents, err := attest.BOMs(ctx, r.trusted, r.environment, digest, images.Attached{Store: store})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, untrusted(name+"@"+digest.OCI(), err)
	}
	var all []*sbom.Inventory
	for _, d := range documents {
		bom, err := sbom.Parse(d, "the BOM of "+name)
		if err != nil {
			return nil, err
		}
		all = append(all, bom.Inventory())
	}
	return all, nil
}

func untrusted(name string, err error) error {
	return &diag.Problem{
		Code: CodeBaseline, What: "what is in the baseline " + diag.Clean(name) + " can't be told for sure", Err: err,
		Why:    "whoever can push could have attached any BOM to it, so only one that the trust file's members signed is compared with",
		Remedy: "name an image that was released under this trust file: `nbuild release --baseline IMAGE`",
	}
}
