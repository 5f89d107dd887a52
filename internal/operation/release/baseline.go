package release

import (
	"context"
	"errors"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/guarded"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/sbom"
)

// The problems of a baseline. A gate that can't look is closed.
const (
	CodeBaseline   diag.Code = "NB2216" // nobody who counts says what is in the baseline
	CodeNoBaseline diag.Code = "NB2217" // the baseline is gone, though there were releases
	CodeGuard      diag.Code = "NB2220" // what the baseline may load can't be read, and a gate asks
)

// predecessor is what a release is compared with.
type predecessor struct {
	inventories []*sbom.Inventory // one for each BOM that counts; none where this is the first release
	unread      error             // why its guards are in none of them
}

// baseline returns what is in the image that a release is compared with, and what
// that image may load.
//
// Whoever can push can move the baseline's tag, delete it, and attach or remove
// what they like. So a BOM counts only where those signed it whom the environment
// asks for BOMs, and an absent baseline is a first release only where the trust
// file knows of none. The name is an image's always: a file of the checkout that is
// called like it is not looked at. The production source lists are in the image, below
// the digest that those members signed the BOM of, and count as it does.
//
// An image that is named by its digest, and that this very run made again, needs nobody's
// word: what is in it was just written down. So a team whose key was replaced can release
// what runs anew, and goes on from there. A tag would not do: whoever can push can move it
// to what is about to be released.
func (r *run) baseline(ctx context.Context, name string, c *candidate, after *sbom.Inventory, platforms []string) (*predecessor, error) {
	ref, store, err := images.Open(r.host, name)
	if err != nil {
		return nil, err
	}
	if store == nil {
		return nil, untrusted(name, errors.New("a docker archive holds no signatures"))
	}
	at, err := oci.Find(ctx, store, ref)
	if errors.Is(err, oci.ErrNotFound) {
		if floor, _ := r.trusted.Counters(r.environment, c.repository); floor > 1 || ref.Digest != (v1.Hash{}) {
			return nil, &diag.Problem{
				Code: CodeNoBaseline, What: "there is no baseline " + diag.Clean(name), Err: err,
				Why:    fmt.Sprintf("it would be a first release, but the trust file takes none below %d, or a digest was named: someone may have removed it, so that nothing looks changed", floor),
				Remedy: "name the image that runs now: `nbuild release --key KEY --trust FILE --root FINGERPRINT --baseline REPOSITORY@sha256:…`",
			}
		}
		return &predecessor{}, nil
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
	if errors.Is(err, attest.ErrNoBOM) && ref.Digest == at.Digest && at.Digest == c.img.Digest {
		return &predecessor{inventories: []*sbom.Inventory{after}}, nil
	}
	if err != nil {
		if ref.Digest != at.Digest {
			name += "@" + digest.OCI()
		}
		return nil, untrusted(name, err)
	}
	guards, unread := baselineGuards(ctx, store, at.Digest, platforms)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	out := &predecessor{unread: unread}
	for _, d := range documents {
		bom, err := sbom.Parse(d, "the BOM of "+name)
		if err != nil {
			return nil, err
		}
		v := bom.Inventory()
		v.Guards = guards
		out.inventories = append(out.inventories, v)
	}
	return out, nil
}

// unlisted reports whether an image has a source list where its predecessor has none
// to compare it with, because it started no guard.
func (p *predecessor) unlisted(after []sbom.Guard) bool {
	on := func(g sbom.Guard) bool { return g.Mode != "" }
	off := func(g sbom.Guard) bool { return !on(g) }
	return slices.ContainsFunc(after, on) && slices.ContainsFunc(p.inventories[0].Guards, off)
}

// baselineGuards reads the guards of a baseline on those of the platforms that it is
// for. One that is for none of them can't be compared.
func baselineGuards(ctx context.Context, store oci.Store, digest v1.Hash, platforms []string) ([]sbom.Guard, error) {
	var all []sbom.Guard
	var absent error
	for _, platform := range platforms {
		one, err := oci.Select(ctx, store, digest, platform)
		if ps := diag.All(err); len(ps) == 1 && ps[0].Code == oci.CodePlatform {
			absent = err
			continue
		}
		if err != nil {
			return nil, err
		}
		img, err := oci.Image(ctx, store, one)
		if err != nil {
			return nil, err
		}
		g, err := guarded.Of(ctx, img, platform)
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	if len(all) == 0 {
		return nil, absent
	}
	return all, nil
}

func untrusted(name string, err error) error {
	return &diag.Problem{
		Code: CodeBaseline, What: "what is in the baseline " + diag.Clean(name) + " is not known for sure", Err: err,
		Why:    "whoever can push could have attached any BOM to it, so only one that the trust file's members signed is compared with",
		Remedy: "name an image that was released under this trust file: `nbuild release --key KEY --trust FILE --root FINGERPRINT --baseline IMAGE`; after a key was replaced, release what runs now once more from its commit, with its own digest as IMAGE",
	}
}
