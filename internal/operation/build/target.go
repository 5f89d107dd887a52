package build

import (
	"fmt"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/pipelines"
)

// Target is where an image goes.
type Target struct {
	Ref   oci.Ref
	Store oci.Store // nil for a docker archive
	Tags  []string  // that move to the image at the end
}

// Place finds where an image goes: to what the caller named, else to the image's
// own repository. Several images share a layout, each under a tag of its own name;
// they can't share a repository or an archive.
func Place(host machine.Host, block *pipelines.Image, to string, count int) (*Target, error) {
	name := to
	if name == "" {
		name = block.Repository
	}
	if name == "" {
		return nil, &diag.Problem{
			Code: CodeTarget, Pos: block.At, What: fmt.Sprintf("image %q has no repository", block.Name),
			Why: "where it goes is not known", Remedy: "name a layout, as in --to oci:out, or set `repository` in the image block",
		}
	}
	ref, store, err := images.Open(host, name)
	if err != nil {
		return nil, err
	}
	if ref.Digest.Hex != "" {
		return nil, &diag.Problem{
			Code: CodeTarget, What: fmt.Sprintf("%s names a digest", name),
			Why: "the digest is what comes out of the build", Remedy: "name the place without @sha256:…",
		}
	}
	if to != "" && count > 1 && ref.Kind != oci.InLayout {
		return nil, &diag.Problem{
			Code: CodeTarget, What: fmt.Sprintf("%d images can't go to one place, %s", count, name),
			Why: "the second would take the name of the first", Remedy: "name a layout, as in --to oci:out, or build them one by one: `nbuild build IMAGE --to PLACE`",
		}
	}
	return &Target{Ref: ref, Store: store, Tags: tags(ref, block, to, count)}, nil
}

// tags are the names that the image gets at its place: the one that the caller
// wrote, else those of the image block, else latest.
func tags(ref oci.Ref, block *pipelines.Image, to string, count int) []string {
	switch {
	case to != "" && ref.Tag != "" && (ref.Kind != oci.InRegistry || ref.Tag != "latest"):
		return []string{ref.Tag}
	case count > 1 && ref.Kind == oci.InLayout:
		return []string{block.Name}
	case len(block.Tags) > 0:
		return block.Tags
	}
	return []string{"latest"}
}
