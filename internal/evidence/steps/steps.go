// Package steps plans the steps of an opened project as actions, and runs those that are
// wanted.
//
// A plan is made from the project, nbuild.lock and the file indexes in the store. What it
// works out of many files is kept there, so that planning what is unchanged reads little
// more than the project's own files.
//
// The invariant: the action that is shown by `nbuild plan` is the one that a build runs.
package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/builder/steproot"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
	"github.com/nbuild/nbuild/internal/worktree"
	"github.com/nbuild/nbuild/pipelines"
)

// Plan plans a project: its images, and the steps that are named with those that they
// need, or all steps where only is nil.
func Plan(ctx context.Context, p *project.Project, lock *snapshot.Lock, store *cas.Store, only []execution.Key) (*pipelines.Plan, error) {
	made, err := p.Plan(ctx, pipelines.World{
		Lock: lock, Project: p.Root.FS(), Index: pipelines.ReadIndex(store), Keep: pipelines.KeepIn(store),
		Tree: func(_ context.Context, block *pipelines.Npm, s pipelines.Source, platform string) (*locked.Tree, error) {
			switch s.Tree {
			case "package":
				tree, _, err := p.Package(block.Name, platform, s.Package)
				return tree, err
			case pipelines.Available:
				return p.Available(block.Name, platform)
			}
			return p.Tree(block.Name, pipelines.Machine{Platform: platform}, s.Tree == "all")
		},
		Files: func(ctx context.Context, all bool) ([]worktree.File, error) {
			find := p.Files
			if all {
				find = p.All
			}
			tree, err := find(ctx)
			if err != nil {
				return nil, err
			}
			return tree.Files, nil
		},
		Root: func(ctx context.Context, base *pipelines.Base, of []snapshot.Artefact, platform string) (*pipelines.Tree, error) {
			return steproot.Tree(ctx, store, base, of, platform, sandbox.Skeleton())
		},
		Replica: servedPackages(store, lock), Helper: sandbox.Helper, Fixed: sandbox.Environment(), Recorder: execution.Recorder(), Wanted: wanted(p, only),
	})
	if errors.Is(err, cas.ErrNotFound) {
		return nil, &diag.Problem{
			Code: upstream.CodeOffline, What: "what steps read is not in the store, or not whole", Err: err,
			Why: "an action names each file by its digest, and the store says what files there are", Remedy: "run `nbuild vendor` once where there is a network",
		}
	}
	return made, err
}

// wanted says which steps are planned, on which platforms; nil means all of them.
func wanted(p *project.Project, only []execution.Key) func(step, platform string) bool {
	if only == nil {
		return nil
	}
	want := map[execution.Key]bool{}
	var add func(k execution.Key)
	add = func(k execution.Key) {
		s, ok := p.Step(k.Step)
		if !ok || want[k] {
			return
		}
		want[k] = true
		for _, in := range s.Inputs {
			if in.Kind == pipelines.FromStep {
				add(execution.Key{Step: in.Name, Platform: k.Platform})
			}
		}
	}
	for _, k := range only {
		add(k)
	}
	return func(step, platform string) bool { return want[execution.Key{Step: step, Platform: platform}] }
}

// RunFor is Run of one step for exactly a platform.
func RunFor(ctx context.Context, p *project.Project, lock *snapshot.Lock, r *execution.Runner, only execution.Key) (*execution.Result, error) {
	made, err := Plan(ctx, p, lock, r.Store, []execution.Key{only})
	if err != nil {
		return nil, err
	}
	r.Project = p.Root
	results, err := r.Steps(ctx, made, []execution.Key{only})
	if len(diag.All(err)) == 0 && err != nil {
		return nil, fmt.Errorf("running steps: %w", err)
	}
	return results[only], err
}

// here are those steps for this machine that are wanted for any, where the project is for it.
func here(p *project.Project, only []execution.Key) (keys []execution.Key) {
	all := slices.Clone(p.Platforms)
	for _, img := range p.Images {
		all = append(all, img.Platforms...)
	}
	if !slices.Contains(all, execution.Platform()) {
		return nil
	}
	for _, k := range only {
		keys = append(keys, execution.Key{Step: k.Step, Platform: execution.Platform()})
	}
	return keys
}

// OfImages lists the steps that images of a project need: those whose outputs their layers
// take, those that run install scripts of the packages that those take, and those that must
// pass first, on each image's platforms.
func OfImages(p *project.Project, lock *snapshot.Lock, images ...pipelines.Image) ([]execution.Key, error) {
	keys := []execution.Key{}
	for _, img := range images {
		names := append([]string{}, img.After...)
		for _, l := range img.Layers {
			for _, s := range l.From {
				if s.Kind == pipelines.FromStep {
					names = append(names, s.Name)
				}
			}
		}
		for _, platform := range img.Platforms {
			for _, n := range names {
				keys = append(keys, execution.Key{Step: n, Platform: platform})
			}
			for _, l := range img.Layers {
				for _, s := range l.From {
					more, err := ofPackages(p, s, p.Machine(img.Base, platform, lock))
					if err != nil {
						return nil, err
					}
					keys = append(keys, more...)
				}
			}
		}
	}
	return keys, nil
}

// ofPackages lists the steps that run install scripts of what an npm source takes.
func ofPackages(p *project.Project, s pipelines.Source, on pipelines.Machine) ([]execution.Key, error) {
	block, ok := p.Project.Tree(s.Name)
	if s.Kind != pipelines.FromNpm || !ok || len(block.Scripts) == 0 {
		return nil, nil
	}
	tree, err := p.Tree(s.Name, on, s.Tree == "all")
	if err != nil {
		return nil, err
	}
	if s.Tree == "package" {
		if tree, ok = tree.Part(s.Package); !ok {
			return nil, nil // which whoever makes the layer reports
		}
	}
	return OfTree(block, tree, on.Platform), nil
}

// OfTree lists the steps that run install scripts of packages of a tree: of every one that
// a block allows, whether it has any or not.
func OfTree(block *pipelines.Npm, tree *locked.Tree, platform string) []execution.Key {
	var keys []execution.Key
	for i := range tree.Packages {
		if q := &tree.Packages[i]; block.Allows(q.Name, q.Version) != nil {
			keys = append(keys, execution.Key{Step: pipelines.ScriptsName(block.Name, q.Path), Platform: platform})
		}
	}
	return keys
}

// Known returns what the steps of images have made, of which none is run.
func Known(ctx context.Context, p *project.Project, lock *snapshot.Lock, store *cas.Store, images ...pipelines.Image) (execution.Results, error) {
	keys, err := OfImages(p, lock, images...)
	if err != nil {
		return nil, err
	}
	return Run(ctx, p, lock, &execution.Runner{Store: store, KnownOnly: true}, keys)
}

// Run plans the steps that are wanted and runs them. For another platform than this machine's,
// what a step made for this one serves where no machine code is in it.
func Run(ctx context.Context, p *project.Project, lock *snapshot.Lock, r *execution.Runner, only []execution.Key) (execution.Results, error) {
	scripted := slices.ContainsFunc(p.Npm, func(n pipelines.Npm) bool { return len(n.Scripts) > 0 }) // whose blocks must mean something
	if len(only) == 0 && !scripted {
		return execution.Results{}, nil
	}
	made, err := Plan(ctx, p, lock, r.Store, append(here(p, only), only...))
	if err != nil {
		return nil, err
	}
	r.Project = p.Root
	results, err := r.Joined(ctx, made, only)
	if len(diag.All(err)) == 0 && err != nil {
		return nil, fmt.Errorf("running steps: %w", err)
	}
	return results, err
}
