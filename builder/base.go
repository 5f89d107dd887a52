package builder

import (
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// under is what an image stands on: an image of a registry, or our own layers and what
// they were made of.
type under struct {
	image   v1.Image
	layers  []*image.Layer
	members []image.Member
}

// base returns what an image stands on for one platform: an image of a registry,
// or our own layers.
func (b *build) base(ctx context.Context, base *pipelines.Base, platform string) (*under, error) {
	if base.Image != "" {
		img, err := b.pulled(ctx, base, platform)
		return &under{image: img}, err
	}
	debs := b.debs(platform)
	node, ok := b.node(platform)
	if !ok || len(debs) == 0 {
		return nil, unpinnedBase(base, platform)
	}
	owner := "base." + base.Name
	packages := image.Debian(b.Store, debs, platform, owner)
	system, err := b.layer(ctx, "system", packages, nil)
	if err != nil {
		return nil, err
	}
	member, err := image.Node(b.Store, node, owner)
	if err != nil {
		return nil, err
	}
	runtime, err := b.layer(ctx, "node", []image.Member{member}, system.Anchors())
	if err != nil {
		return nil, err
	}
	return &under{layers: []*image.Layer{system, runtime}, members: append(packages, member)}, nil
}

func unpinnedBase(base *pipelines.Base, platform string) error {
	return &diag.Problem{
		Code: CodeBase, Pos: base.At, What: fmt.Sprintf("base %q is not pinned for %s", base.Name, platform),
		Why: "every byte that enters an image is in nbuild.lock", Remedy: "run `nbuild pin`",
	}
}

// pulled returns a registry's image from the store.
func (b *build) pulled(ctx context.Context, base *pipelines.Base, platform string) (v1.Image, error) {
	a, ok := b.Lock.Find(snapshot.KindBase, base.Name, "", platform)
	if !ok {
		return nil, unpinnedBase(base, platform)
	}
	return oci.Image(ctx, oci.FromCAS(b.Store), oci.Hash(a.SHA256))
}

func (b *build) node(platform string) (snapshot.Artefact, bool) {
	for a := range b.Lock.Of(snapshot.KindNode) {
		if a.Platform == platform {
			return a, true
		}
	}
	return snapshot.Artefact{}, false
}

func (b *build) debs(platform string) []snapshot.Artefact {
	var debs []snapshot.Artefact
	for a := range b.Lock.Of(snapshot.KindDeb) {
		if a.Platform == platform && !a.OnlySteps() {
			debs = append(debs, a)
		}
	}
	return debs
}
