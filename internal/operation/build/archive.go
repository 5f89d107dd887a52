package build

import (
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/nbuild/nbuild/pipelines"
)

// archiveNames are the whole names under which an archive is loaded: the repository of
// the image, else the image block's own name, with each tag. Where that is not a name
// that an image can have, it is loaded without one.
func archiveNames(block *pipelines.Image, tags []string) []string {
	repository := block.Repository
	if repository == "" {
		repository = strings.ToLower(block.Name)
	}
	var names []string
	for _, tag := range tags {
		if _, err := name.NewTag(repository + ":" + tag); err == nil {
			names = append(names, repository+":"+tag)
		}
	}
	return names
}
