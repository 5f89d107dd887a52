package build

import (
	"slices"
	"testing"

	"github.com/nbuild/nbuild/pipelines"
)

func TestAnArchiveHasNamesThatCanBeLoaded(t *testing.T) {
	for _, c := range []struct {
		name, repository string
		tags, want       []string
	}{
		{"shop", "registry.example.com/shop/app", []string{"1", "stable"}, []string{"registry.example.com/shop/app:1", "registry.example.com/shop/app:stable"}},
		{"shop", "", []string{"latest"}, []string{"shop:latest"}},
		{"Shop", "", []string{"latest"}, []string{"shop:latest"}},
		{"no name", "", []string{"latest"}, nil},
	} {
		if got := archiveNames(&pipelines.Image{Name: c.name, Repository: c.repository}, c.tags); !slices.Equal(got, c.want) {
			t.Errorf("%s, %s: %q", c.name, c.repository, got)
		}
	}
}
