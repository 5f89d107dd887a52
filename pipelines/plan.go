package pipelines

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/worktree"
)

// Plan is what a build will do. Steps stand in an order in which each comes after
// those that it needs, and else in source order; Images in source order, each
// once a platform.
type Plan struct {
	Snapshot cas.Digest
	Steps    []PlannedStep
	Images   []PlannedImage
}

// PlannedStep is a step on a platform. Action is nil where the step reads outputs
// of others (Needs): its digest is known once they ran.
type PlannedStep struct {
	Step     *Step
	Platform string
	Needs    []string // steps whose outputs it reads, sorted
	Base     []snapshot.Artefact
	Root     *Tree    // the root file system, of Base; nil where nothing makes one
	Inputs   []Input  // relative to the working folder; without those of Trees and Needs
	Trees    []*Tree  // of packages, at the working folder
	Replica  *Tree    // the packages that are served to it; nil where it has no network
	Helper   *Input   // the sandbox's program; nil where nothing has one
	Fixed    []string // what the sandbox sets in the environment, NAME=value
	Action   *Action

	Recorder  *Recorder       // what records what it loads; nil where that is not asked for
	Container *Container      // of a check of an image; nil of a step
	Scripts   *InstallScripts // the package whose install scripts it runs; nil of a step of build.hcl
}

// Count is how many files and links the step reads beside its root file system, without
// those of Needs.
func (s *PlannedStep) Count() int {
	n := len(s.Inputs)
	if s.Replica != nil {
		n += s.Replica.Files
	}
	for _, t := range s.Trees {
		n += t.Files
	}
	return n
}

// PlannedImage is an image on a platform, with the artefacts of its base and of
// its fetched files. Its npm trees are planned from the lockfile by whoever builds it.
type PlannedImage struct {
	Image    *Image
	Platform string
	Base     []snapshot.Artefact
	Fetched  map[string]snapshot.Artefact // by the fetch block's name
}

// World is what a plan is made from beside the Project.
type World struct {
	Lock    *snapshot.Lock
	Project fs.FS                                                      // the project's folder (Project.Root), refusing links that leave it
	Index   func(context.Context, cas.Digest) (*snapshot.Index, error) // reads a file index

	// Tree plans the tree of packages that a source names, for a platform. The
	// result is nil where the source is a package that the lockfile does not have.
	Tree func(ctx context.Context, block *Npm, s Source, platform string) (*locked.Tree, error)

	// Files lists the project's own files: all that a step may be given, or what an image
	// takes.
	Files func(ctx context.Context, all bool) ([]worktree.File, error)

	// Keep keeps trees of files between runs; nil keeps none.
	Keep Keep
	// Root makes the root file system of a step from what its base is made of; nil makes
	// none, and an action without one can't run.
	Root func(ctx context.Context, base *Base, of []snapshot.Artefact, platform string) (*Tree, error)
	// Replica makes the files of the packages that are served to steps which ask for it; nil
	// makes none, and the action of such a step can't run.
	Replica func(ctx context.Context) (*Tree, error)
	// Helper is the program of the sandbox for a platform, nil where there is none, and
	// Fixed what it sets in every environment.
	Helper func(platform string) ([]byte, error)
	Fixed  []string
	// Recorder records what steps load that ask for it.
	Recorder *Recorder
	// Wanted says which steps are planned, on which platforms; nil means all of them.
	Wanted func(step, platform string) bool
}

// Plan joins the project with a snapshot. Whatever is not pinned comes back as
// CodeUnpinned, all at once.
func (p *Project) Plan(ctx context.Context, w World) (*Plan, error) {
	if w.Lock == nil {
		empty, err := snapshot.New(nil)
		if err != nil {
			return nil, err
		}
		w.Lock = empty
	}
	pl := &planner{
		World: w, project: p, plan: &Plan{Snapshot: w.Lock.Digest()}, files: map[string]Input{}, helpers: map[string]*Input{}, roots: map[string]*Tree{}, trees: map[string]packaged{},
		scripted: map[string]scripted{}, means: map[*Script]map[string]bool{},
	}
	for _, platform := range p.everyPlatform() {
		for i := range p.Npm {
			if pl.scriptSteps(ctx, &p.Npm[i], platform); pl.err != nil {
				return nil, pl.err
			}
		}
		for _, s := range p.ordered() {
			if w.Wanted != nil && !w.Wanted(s.Name, platform) {
				continue
			}
			pl.step(ctx, s, platform)
			if pl.err != nil {
				return nil, pl.err
			}
		}
	}
	if pl.meaningless(ctx); pl.err != nil {
		return nil, pl.err
	}
	for i := range p.Images {
		for _, platform := range p.Images[i].Platforms {
			pl.image(&p.Images[i], platform)
		}
	}
	pl.problems.Sort()
	if err := dedupe(pl.problems).Err(); err != nil {
		return nil, err
	}
	return pl.plan, nil
}

// everyPlatform lists the platforms of the project and its images, sorted.
func (p *Project) everyPlatform() []string {
	all := slices.Clone(p.Platforms)
	for _, i := range p.Images {
		all = append(all, i.Platforms...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ordered returns the steps so that each follows those that it needs. Open has
// made sure that there is no circle.
func (p *Project) ordered() []*Step {
	var out []*Step
	done := map[string]bool{}
	var visit func(s *Step)
	visit = func(s *Step) {
		if done[s.Name] {
			return
		}
		done[s.Name] = true
		for _, n := range s.needs() {
			if other, ok := p.Step(n); ok {
				visit(other)
			}
		}
		out = append(out, s)
	}
	for i := range p.Steps {
		visit(&p.Steps[i])
	}
	return out
}

// needs lists the steps whose outputs a step reads, sorted.
func (s *Step) needs() []string {
	var names []string
	for _, in := range s.Inputs {
		if in.Kind == FromStep {
			names = append(names, in.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

type planner struct {
	World
	project        *Project
	plan           *Plan
	files          map[string]Input            // project files that were hashed
	buffer         []byte                      // that files are read through, one after the other
	helpers        map[string]*Input           // by platform
	roots          map[string]*Tree            // by base and platform
	trees          map[string]packaged         // by source and platform
	packagesServed *Tree                       // to steps that ask for it, once one does
	scripted       map[string]scripted         // by npm block and platform
	means          map[*Script]map[string]bool // the scripts that a block allows and packages have
	problems       diag.Problems
	err            error // plumbing: nothing more can be found out
}

func (pl *planner) unpinned(at diag.Pos, what string) {
	p := &diag.Problem{
		Code: CodeUnpinned, Pos: at, What: what + " is not pinned", Why: "a build takes from outside only what nbuild.lock has, with its digest", Remedy: "run `nbuild pin`",
	}
	if pl.project.source != nil && at.Line > 0 && at.File == pl.project.File {
		p.Snippet = diag.Snippet(pl.project.source.Src, at)
	}
	pl.problems = append(pl.problems, p)
}

func (pl *planner) image(img *Image, platform string) {
	out := PlannedImage{Image: img, Platform: platform, Base: pl.base(img.Base, platform, forImage), Fetched: map[string]snapshot.Artefact{}}
	for _, l := range img.Layers {
		for _, s := range l.From {
			if s.Kind == FromFetch {
				if a, ok := pl.fetched(s.Name); ok {
					out.Fetched[s.Name] = a
				}
			}
		}
	}
	pl.plan.Images = append(pl.plan.Images, out)
}

func (pl *planner) step(ctx context.Context, s *Step, platform string) {
	before := len(pl.problems)
	of := forStep
	if s.Compiler {
		of = forCompiler
	}
	out := PlannedStep{Step: s, Platform: platform, Needs: s.needs(), Base: pl.base(s.Base, platform, of), Helper: pl.helper(platform), Fixed: pl.Fixed}
	if len(pl.problems) == before {
		out.Root = pl.root(ctx, s.Base, out.Base, platform, s.Compiler)
		out.Replica = pl.replica(ctx, s)
	}
	for _, in := range s.Inputs {
		switch in.Kind {
		case FromFiles:
			for _, name := range in.Files {
				out.Inputs = append(out.Inputs, pl.file(name))
			}
		case FromProject:
			out.Inputs = append(out.Inputs, pl.own(ctx, in.Tree == "all")...)
		case FromFetch:
			if a, ok := pl.fetched(in.Name); ok {
				for _, f := range pl.project.Fetches {
					if f.Name == in.Name {
						out.Inputs = append(out.Inputs, Input{Path: path.Base(f.URL), Size: a.Size, SHA256: a.SHA256, Archive: a.SHA256, From: in.String()})
					}
				}
			}
		case FromNpm:
			p := pl.packages(ctx, in, platform)
			if p.tree != nil {
				out.Trees = append(out.Trees, p.tree)
			}
			out.Needs = append(out.Needs, p.needs...)
		}
	}
	slices.Sort(out.Needs)
	out.Needs = slices.Compact(out.Needs)
	if s.Trace {
		out.Recorder = pl.Recorder
	}
	pl.finish(&out, before)
}

// finish adds a step to the plan, with its action where that is known already: where there
// were as many problems before.
func (pl *planner) finish(out *PlannedStep, before int) {
	if pl.err == nil && len(pl.problems) == before && len(out.Needs) == 0 {
		out.Action, pl.err = out.Encode(nil)
	}
	if p := TwoAtOnePath(out.Step, pl.err); p != nil {
		pl.err = nil
		pl.problems = append(pl.problems, p)
	}
	pl.plan.Steps = append(pl.plan.Steps, *out)
}

// TwoAtOnePath explains an error of Encode that says that two inputs have one path; nil
// where it says something else.
func TwoAtOnePath(s *Step, err error) *diag.Problem {
	var twice collision
	if !errors.As(err, &twice) {
		return nil
	}
	return &diag.Problem{
		Code: CodeSource, Pos: s.At, What: fmt.Sprintf("two different files of step %q at one path: %s", s.Name, twice.Error()),
		Why: "which one it reads would be left to chance", Remedy: "remove one of the two from inputs",
	}
}

// packaged is a tree of packages without those whose install scripts run: their folders are
// the outputs of the steps that it needs.
type packaged struct {
	tree  *Tree
	needs []string
}

// packages makes the tree of packages of a source, once.
func (pl *planner) packages(ctx context.Context, s Source, platform string) packaged {
	key := s.String() + " " + platform
	if t, ok := pl.trees[key]; ok {
		return t
	}
	t := pl.modules(ctx, s, platform)
	pl.trees[key] = t
	return t
}

// own lists the project's own files.
func (pl *planner) own(ctx context.Context, all bool) []Input {
	if pl.err != nil {
		return nil
	}
	files, err := pl.Files(ctx, all)
	if ps := diag.All(err); len(ps) > 0 {
		pl.problems = append(pl.problems, ps...)
		return nil
	} else if err != nil {
		pl.err = fmt.Errorf("listing the project's files: %w", err)
		return nil
	}
	inputs := make([]Input, 0, len(files))
	for _, f := range files {
		if f.Link != "" {
			inputs = append(inputs, Input{Path: f.Path, Link: f.Link, From: "the project"})
			continue
		}
		inputs = append(inputs, pl.file(f.Path))
	}
	return inputs
}

// file hashes a file of the project, once.
func (pl *planner) file(name string) Input {
	if in, ok := pl.files[name]; ok || pl.err != nil {
		return in
	}
	in := Input{Path: name, Project: name, From: "the project"}
	f, err := pl.Project.Open(name)
	if err != nil {
		pl.err = fmt.Errorf("reading %s of the project: %w", name, err)
		return in
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		h := newHash()
		if pl.buffer == nil {
			pl.buffer = make([]byte, 64<<10)
		}
		in.Size, err = io.CopyBuffer(h, io.LimitReader(f, bounds.ArchiveFile+1), pl.buffer)
		in.Executable, in.SHA256 = info.Mode()&0o111 != 0, cas.Digest(h.Sum(nil))
	}
	if err != nil || in.Size > bounds.ArchiveFile {
		pl.err = fmt.Errorf("reading %s of the project, %d bytes: %w", name, in.Size, errors.Join(err))
	}
	pl.files[name] = in
	return in
}
