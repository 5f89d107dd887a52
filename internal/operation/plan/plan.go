// Package plan is `nbuild validate` and `nbuild plan`: what a build would do, told
// without doing it.
//
// Validate reads build.hcl. Make joins it with nbuild.lock, the lockfile and the
// file indexes of the store, and gives each step's action with its digest, whether
// its result is known and why not, and each image with where its files come from:
// the project's default files too, and what is left out of them and why.
//
// The invariant: planning runs nothing, writes nothing and asks no network.
package plan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/operation"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/worktree"
	"github.com/nbuild/nbuild/pipelines"
)

// LockName is the snapshot's file, beside the build file.
const LockName = "nbuild.lock"

// Options for planning. The zero value works.
type Options struct {
	LegacyPeerDeps bool // npm's setting of that name
}

// Open reads the host's build file.
func Open(h operation.Host) (*pipelines.Project, error) {
	return pipelines.Open(h.Dir, h.File, pipelines.Options{Vars: h.Vars})
}

// Lock reads the snapshot that stands beside a project's build file, or nil where
// there is none yet.
func Lock(p *pipelines.Project) (*snapshot.Lock, error) {
	f, err := os.Open(filepath.Join(p.Dir, LockName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", LockName, err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, bounds.Snapshot+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", LockName, err)
	}
	return snapshot.Parse(src, LockName)
}

// World is what the project is planned from on this host. Close it when the plan
// is no longer used.
func World(p *pipelines.Project, store *cas.Store, lock *snapshot.Lock, o Options) (pipelines.World, io.Closer, error) {
	root, err := os.OpenRoot(filepath.Join(p.Dir, filepath.FromSlash(p.Root)))
	if err != nil {
		return pipelines.World{}, nil, fmt.Errorf("opening the project: %w", err)
	}
	return pipelines.World{
		Lock: lock, Project: root.FS(), Index: pipelines.ReadIndex(store), Tree: pipelines.ReadTree(root.FS(), "", o.LegacyPeerDeps),
	}, root, nil
}

// ResultKind is the kind of the records in the store that hold a step's result, by
// the action's digest.
const ResultKind = "action"

// Make plans the host's project.
func Make(ctx context.Context, h operation.Host, o Options) (*Result, error) {
	p, err := Open(h)
	if err != nil {
		return nil, err
	}
	lock, err := Lock(p)
	if err != nil {
		return nil, err
	}
	store, err := h.Store()
	if err != nil {
		return nil, err
	}
	world, closer, err := World(p, store, lock, o)
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	made, err := p.Plan(ctx, world)
	if err != nil {
		return nil, err
	}
	r := &Result{Schema: "nbuild.plan/v1", Project: p.Name, Snapshot: made.Snapshot.String(), Steps: []Step{}, Images: []Image{}, Files: []string{}, Excluded: []Excluded{}}
	known := func(key cas.Digest) bool { _, ok := store.Result(ResultKind, key); return ok }
	for i := range made.Steps {
		r.Steps = append(r.Steps, step(&made.Steps[i], known))
	}
	for i := range made.Images {
		r.Images = append(r.Images, image(&made.Images[i]))
	}
	if usesProject(p) {
		if err := r.project(ctx, h, p); err != nil {
			return nil, err
		}
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

// project lists the project's default files, and what is not among them.
func (r *Result) project(ctx context.Context, h operation.Host, p *pipelines.Project) error {
	var o worktree.Options
	if git, err := h.Program("git"); err == nil {
		temp := h.Env("TMPDIR")
		if !filepath.IsAbs(temp) {
			temp = "/tmp"
		}
		dir, err := os.MkdirTemp(temp, "nbuild-plan-")
		if err != nil {
			return fmt.Errorf("making a folder for git: %w", err)
		}
		defer os.RemoveAll(dir)
		o = worktree.Options{Git: worktree.Exec(git), Temp: dir}
	}
	tree, err := worktree.Scan(ctx, filepath.Join(p.Dir, filepath.FromSlash(p.Root)), o)
	if err != nil {
		return err
	}
	for _, f := range tree.Files {
		r.Files = append(r.Files, f.Path)
	}
	for _, e := range tree.Excluded {
		r.Excluded = append(r.Excluded, Excluded{e.Path, e.Reason})
	}
	return nil
}

func step(s *pipelines.PlannedStep, known func(cas.Digest) bool) Step {
	out := Step{Name: s.Step.Name, Platform: s.Platform, Run: s.Step.Run, Needs: append([]string{}, s.Needs...), Inputs: len(s.Inputs)}
	switch {
	case s.Action == nil:
		out.Why = "it reads the outputs of " + strings.Join(s.Needs, ", ") + ", so its digest is known once they ran"
	case known(s.Action.Digest()):
		out.Action, out.Cached, out.Why = s.Action.Digest().String(), true, "the store has the result of this action"
	default:
		out.Action, out.Why = s.Action.Digest().String(), "no result of this action is in the store"
	}
	return out
}

func image(i *pipelines.PlannedImage) Image {
	out := Image{Name: i.Image.Name, Platform: i.Platform, Base: []string{}, Layers: []Layer{}, After: append([]string{}, i.Image.After...)}
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
