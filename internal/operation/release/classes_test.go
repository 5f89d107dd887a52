package release

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom/comparison"
)

// TestReleaseBlockKnowsEveryClassOfChange holds the language's list of classes to the
// one that changes are made of: neither room may import the other.
func TestReleaseBlockKnowsEveryClassOfChange(t *testing.T) {
	var want []string
	for _, c := range comparison.Classes() {
		want = append(want, string(c))
	}
	seen := 0
	for _, block := range pipelines.Language().Blocks {
		for _, attr := range block.Body.Attrs {
			if block.Name == "release" && (attr.Name == "deny" || attr.Name == "review") {
				seen++
				if diff := cmp.Diff(want, attr.OneOf); diff != "" {
					t.Errorf("release.%s (-sbom +language):\n%s", attr.Name, diff)
				}
			}
		}
	}
	if seen != 2 {
		t.Errorf("the release block has %d lists of classes, want 2", seen)
	}
}
