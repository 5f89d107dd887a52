package contents

import (
	"slices"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/sbom"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// step adds what a step has made for a platform, and what was found in it: to what was
// found in the project's own files, since nobody else answers for it.
func (g *gatherer) step(name, platform string) error {
	r := g.steps[execution.Key{Step: name, Platform: platform}]
	if r == nil {
		return nil
	}
	s := g.made[name]
	if s == nil {
		s = &sbom.Step{Name: name}
		g.made[name] = s
	}
	action := sbom.Action{Platform: platform, SHA256: r.Action}
	if slices.Contains(s.Actions, action) {
		return nil // another layer has it as well
	}
	s.Actions = append(s.Actions, action)
	fresh := r.Outputs[:0:0]
	for _, e := range r.Outputs {
		f := sbom.File{Name: e.Path, SHA256: e.SHA256, Size: e.Size}
		if e.Link == "" && !slices.Contains(s.Outputs, f) {
			s.Outputs = append(s.Outputs, f)
			fresh = append(fresh, e)
		}
	}
	found, err := g.findings.Built(g.ctx, fresh)
	if err != nil {
		return err
	}
	if g.contents.Project.Found == nil {
		g.contents.Project.Found = &dynamism.Package{}
	}
	g.contents.Project.Found.Join(found)
	return nil
}
