package image

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Index joins images of several platforms under one name (OCI image specification,
// image-index.md). They stand in it by operating system, architecture and variant,
// in whatever order they are given; one platform twice is an error.
func Index(images []*Image, annotations map[string]string) (v1.ImageIndex, error) {
	images = slices.Clone(images)
	slices.SortStableFunc(images, func(a, b *Image) int {
		return cmp.Or(
			strings.Compare(a.platform.OS, b.platform.OS),
			strings.Compare(a.platform.Architecture, b.platform.Architecture),
			strings.Compare(a.platform.Variant, b.platform.Variant),
		)
	})
	adds := make([]mutate.IndexAddendum, len(images))
	for n, img := range images {
		if n > 0 && images[n-1].platform.String() == img.platform.String() {
			return nil, fmt.Errorf("the index has two images of %s", img.platform.String())
		}
		platform := img.platform
		adds[n] = mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{
			MediaType: types.OCIManifestSchema1,
			Size:      int64(len(img.manifest)),
			Digest:    img.manifestSum,
			Platform:  &platform,
		}}
	}
	index := mutate.AppendManifests(empty.Index, adds...)
	if len(annotations) == 0 {
		return index, nil
	}
	annotated, ok := mutate.Annotations(index, annotations).(v1.ImageIndex)
	if !ok {
		return nil, fmt.Errorf("annotating the index")
	}
	return annotated, nil
}
