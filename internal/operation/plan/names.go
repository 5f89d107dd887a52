package plan

import (
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/pipelines"
)

// Names are the labels of a build file's blocks that flags and arguments name, in source
// order.
type Names struct {
	Images, Steps, Npm, Releases, Bases, Fetches []string
}

// Named reads the names of the build file, for completion in a shell. It opens nothing
// else.
func Named(h machine.Host) (Names, error) {
	p, err := pipelines.Open(h.Dir, h.File, pipelines.Options{Vars: h.Vars})
	if err != nil {
		return Names{}, err
	}
	var n Names
	for _, b := range p.Images {
		n.Images = append(n.Images, b.Name)
	}
	for _, b := range p.Steps {
		n.Steps = append(n.Steps, b.Name)
	}
	for _, b := range p.Npm {
		n.Npm = append(n.Npm, b.Name)
	}
	for _, b := range p.Releases {
		n.Releases = append(n.Releases, b.Name)
	}
	for _, b := range p.Bases {
		n.Bases = append(n.Bases, b.Name)
	}
	for _, b := range p.Fetches {
		n.Fetches = append(n.Fetches, b.Name)
	}
	return n, nil
}
