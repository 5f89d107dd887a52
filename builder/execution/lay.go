package execution

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/unfinished"
	"github.com/nbuild/nbuild/pipelines"
)

// lay lays out what an action reads.
func (r *Runner) lay(ctx context.Context, s *pipelines.PlannedStep, action *pipelines.Action, dir string) (*sandbox.Spec, error) {
	step := s.Step.Limited()
	spec := &sandbox.Spec{
		Run: s.Step.Run, Env: s.Environment(), Outputs: s.Outputs(), Scratch: filepath.Join(dir, "scratch"),
		Limits: sandbox.Limits{Memory: step.Memory, Disk: step.Disk, Processes: step.Processes, Time: s.Step.Timeout},
	}
	if c := s.Container; c != nil {
		spec.Container = container(c)
	}
	if err := errors.Join(os.Mkdir(spec.Scratch, 0o755), os.Chmod(spec.Scratch, 0o755)); err != nil {
		return nil, fmt.Errorf("laying out step %s: %w", s.Step.Name, err)
	}
	if err := r.layOwn(ctx, s, action, dir); err != nil {
		return nil, err
	}
	spec.Work = []string{filepath.Join(dir, "input")}
	if err := r.perturb(ctx, spec, s, action, dir); err != nil {
		return nil, err
	}
	for _, t := range action.Trees {
		if r.Perturb != nil && r.Perturb.Entries {
			break // they lie there already, in another way
		}
		at, err := r.tree(ctx, t)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(spec.Work, at) {
			spec.Work = append(spec.Work, at)
		}
	}
	if action.Replica != nil {
		at, err := r.tree(ctx, action.Replica)
		if err != nil {
			return nil, err
		}
		spec.Replica = at
	}
	roots := []*pipelines.Tree{action.Root}
	if action.Root.Parts != nil {
		var err error
		if roots, err = action.Root.Parts(ctx); err != nil {
			return nil, fmt.Errorf("laying out %s: %w", action.Root.From, err)
		}
	}
	for i, t := range roots {
		at, err := r.tree(ctx, t)
		switch {
		case err != nil:
			return nil, err
		case i == 0:
			spec.Root = at
		case at != spec.Root && !slices.Contains(spec.Over, at):
			spec.Over = append(spec.Over, at)
		}
	}
	return spec, nil
}

// layOwn lays out what an action alone reads in the folder input of dir.
func (r *Runner) layOwn(ctx context.Context, s *pipelines.PlannedStep, action *pipelines.Action, dir string) error {
	own := filepath.Join(dir, "input")
	if err := errors.Join(os.Mkdir(own, 0o755), os.Chmod(own, 0o755)); err != nil {
		return fmt.Errorf("laying out step %s: %w", s.Step.Name, err)
	}
	w := &writer{store: r.Store, project: r.Project, dir: own}
	err := w.write(ctx, given(action))
	if errors.Is(err, errChanged) {
		return &diag.Problem{
			Code: CodeChanged, Pos: s.Step.At, What: fmt.Sprintf("a file of step %q changed while it was read", s.Step.Name), Err: err,
			Why: "its action names other bytes, and so would the result", Remedy: "run the command again once nothing writes to the project's files",
		}
	}
	if err != nil {
		return fmt.Errorf("laying out step %s: %w", s.Step.Name, err)
	}
	return nil
}

// given are the inputs of an action that stand in its working folder and in no tree,
// relative to that. The sandbox itself takes what else there is.
func given(action *pipelines.Action) []pipelines.Input {
	var all []pipelines.Input
	for _, in := range action.Inputs {
		var below bool
		if in.Path, below = strings.CutPrefix(in.Path, pipelines.WorkFolder+"/"); below {
			all = append(all, in)
		}
	}
	return all
}

// tree lays out a tree in the store, once.
func (r *Runner) tree(ctx context.Context, t *pipelines.Tree) (string, error) {
	if r.Lease != nil {
		if err := r.Lease.Hold(t.Root.Digest); err != nil {
			return "", err
		}
	}
	at, err := r.Store.Tree(ctx, t.Root.Digest, func(dir string) error {
		inputs, err := t.List(ctx)
		if err != nil {
			return err
		}
		w := &writer{store: r.Store, project: r.Project, dir: dir, backwards: r.Perturb != nil && r.Perturb.Entries}
		return w.write(ctx, inputs)
	})
	if err != nil {
		return "", fmt.Errorf("laying out %s: %w", t.From, err)
	}
	return at, nil
}

// leave keeps what a failed step wrote, and its log, for whoever looks into it.
func (r *Runner) leave(dir string, action cas.Digest) (string, error) {
	wrote := filepath.Join(dir, "work")
	if err := os.Rename(filepath.Join(dir, "scratch", "work"), wrote); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("keeping what failed: %w", err)
	}
	for _, other := range []string{"input", "first", "scratch"} {
		if err := unfinished.RemoveAll(filepath.Join(dir, other)); err != nil {
			return "", fmt.Errorf("keeping what failed: %w", err)
		}
	}
	return r.Store.Failed(dir, failedName(action))
}
