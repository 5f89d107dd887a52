package contents

import (
	"slices"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// step adds what a layer takes of what a step has made for a platform, and what was found
// in it: to what was found in the project's own files, since nobody else answers for it.
func (g *gatherer) step(source pipelines.Source, platform string) error {
	name := source.Name
	r := g.steps[execution.Key{Step: name, Platform: platform}]
	if r == nil {
		return nil
	}
	s := g.made[name]
	if s == nil {
		s = &sbom.Step{Name: name}
		g.made[name] = s
	}
	action := sbom.Action{Platform: r.Platform, SHA256: r.Action}
	if !slices.Contains(s.Actions, action) { // else another layer has something of it as well
		s.Actions = append(s.Actions, action)
	}
	fresh := r.Outputs[:0:0]
	for _, e := range r.Outputs {
		f := sbom.File{Name: e.Path, SHA256: e.SHA256, Size: e.Size}
		if source.Names(e.Path) && e.Link == "" && !slices.Contains(s.Outputs, f) {
			s.Outputs = append(s.Outputs, f)
			fresh = append(fresh, e)
		}
	}
	if len(fresh) == 0 {
		return nil
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

// built says what install scripts made of a package, and joins what was found in that to
// what was found in its tarball.
func (g *gatherer) built(p *sbom.Package, r *execution.Result) error {
	b := sbom.Built{Action: sbom.Action{Platform: r.Platform, SHA256: r.Action}, With: r.Scripts.Tools, Gone: r.Gone()}
	for _, l := range r.Scripts.Run {
		b.Scripts = append(b.Scripts, l.Event+": "+l.Text)
	}
	made := r.Made()
	for _, e := range made {
		if e.Link == "" {
			b.Files = append(b.Files, sbom.File{Name: e.Path, SHA256: e.SHA256, Size: e.Size})
		}
	}
	p.Built = append(p.Built, b)
	found, err := g.findings.Built(g.ctx, made)
	if err != nil || p.Found == nil {
		return err
	}
	joined := *p.Found
	joined.Join(found)
	p.Found = &joined
	return nil
}
