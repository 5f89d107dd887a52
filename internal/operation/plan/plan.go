// Package plan is `nbuild validate` and `nbuild plan`: what a build would do, shown
// without doing it.
//
// [Validate] reads build.hcl. [Make] joins it with nbuild.lock, the lockfile and the
// file indexes of the store, and gives each step's action with its digest, whether its
// result is known and why not, and each image with where its files come from: the
// project's default files too, and what is left out of them and why.
//
// The invariant: planning runs nothing and asks no network, and writes nothing but to the
// store, what it worked out.
package plan

import (
	"context"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/evidence/steps"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/pipelines"
)

// Make plans the host's project.
func Make(ctx context.Context, h machine.Host) (*Result, error) {
	p, err := project.Open(ctx, h)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	lock, err := p.ImageLock()
	if err != nil {
		return nil, err
	}
	store, err := h.Store()
	if err != nil {
		return nil, err
	}
	made, err := steps.Plan(ctx, p, lock, store, nil)
	if err != nil {
		return nil, err
	}
	r := &Result{Schema: "nbuild.plan/v1", Project: p.Name, Snapshot: made.Snapshot.OCI(), Steps: []Step{}, Images: []Image{}, Files: []string{}, Excluded: []Excluded{}, Integrity: lock.Unnamed()}
	seen, err := execution.Look(ctx, store, made)
	if err != nil {
		return nil, err
	}
	for i := range made.Steps {
		r.Steps = append(r.Steps, step(&made.Steps[i], seen[i]))
	}
	for i := range made.Images {
		r.Images = append(r.Images, image(&made.Images[i]))
	}
	if !usesProject(p.Project) {
		return r, nil
	}
	tree, err := p.Files(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range tree.Files {
		r.Files = append(r.Files, f.Path)
	}
	for _, e := range tree.Excluded {
		r.Excluded = append(r.Excluded, Excluded{e.Path, e.Reason})
	}
	return r, nil
}

func usesProject(p *pipelines.Project) bool {
	for _, i := range p.Images {
		for _, l := range i.Layers {
			for _, s := range l.From {
				if s.Kind == pipelines.FromProject {
					return true
				}
			}
		}
	}
	return false
}

func step(s *pipelines.PlannedStep, seen execution.Seen) Step {
	out := Step{Name: s.Step.Name, Platform: s.Platform, Run: s.Step.Run, Needs: append([]string{}, s.Needs...), Inputs: s.Count(), Scripts: []Script{}}
	if s.Scripts != nil {
		out.Package, out.Reason, out.Scripts = s.Scripts.Package.Purl(), s.Scripts.Script.Reason, scripts(s.Scripts)
	}
	switch {
	case seen.Action.IsZero():
		out.Why = "it reads the outputs of " + strings.Join(s.Needs, ", ") + ", so its digest is known once they ran"
	case seen.Result != nil:
		out.Action, out.Cached, out.Why = seen.Action.String(), true, "the store has the result of this action"
	default:
		out.Action, out.Why = seen.Action.String(), "no result of this action is in the store"
	}
	return out
}

// scripts are the install scripts of a package, in npm's order.
func scripts(s *pipelines.InstallScripts) []Script {
	out := []Script{}
	for _, l := range pipelines.LifecycleOf(s.Facts) {
		out = append(out, Script{Event: l.Event, Text: l.Text, Runs: slices.Contains(s.Run, l)})
	}
	return out
}

func image(i *pipelines.PlannedImage) Image {
	out := Image{Name: i.Image.Name, Platform: i.Platform, Base: []string{}, Layers: []Layer{}, After: append([]string{}, i.Image.After...), Checks: []Check{}}
	for c := range i.Image.Checks {
		out.Checks = append(out.Checks, Check{Name: i.Image.Checks[c].Name, Asks: i.Image.Checks[c].Asks()})
	}
	for _, a := range i.Base {
		out.Base = append(out.Base, a.ID())
	}
	for _, l := range i.Image.Layers {
		layer := Layer{Name: l.Name, To: l.To, From: []string{}}
		for _, s := range l.From {
			layer.From = append(layer.From, s.String())
		}
		out.Layers = append(out.Layers, layer)
	}
	return out
}
