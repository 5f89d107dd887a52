package execution

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// Elsewhere is what other machines do for a run. The package builder/remote is one.
//
// What it returns without an error is whole and in the store: outputs, each by the digest
// that it is named with, and the log.
type Elsewhere interface {
	// Known returns what is kept there of an action, nil where nothing is.
	Known(ctx context.Context, j *Job) (*Outcome, error)
	// Run runs an action there.
	Run(ctx context.Context, j *Job) (*Outcome, error)
	// Share keeps there what an action that ran here came to.
	Share(ctx context.Context, j *Job, o *Outcome) error
}

// ErrLost reports other machines that are out of reach or do not answer, so that the same
// may well be done here. What they refuse, or answer wrongly, is another matter.
var ErrLost = errors.New("the machines of --remote do not do it")

// Remote is other machines, and what they are there for.
type Remote struct {
	Machines Elsewhere
	Execute  bool // steps run there, and not here
	Share    bool // what ran here is kept there
	Fallback bool // what they do not do is done here
}

// Outcome is what an action came to.
type Outcome struct {
	Ran     *sandbox.Result
	Outputs []snapshot.Entry // sorted by path
	Log     cas.Digest
	Cached  bool // it ran before
}

// Where a result is from.
const (
	Here   = ""       // this machine ran the step
	Ran    = "remote" // another one did, for this run or an earlier one
	Shared = "cache"  // it was taken from a cache that others write to
)

// elsewhere has other machines find or make the result of a step. It is nil where they
// have none and the step is to run here.
func (r *Runner) elsewhere(ctx context.Context, s *pipelines.PlannedStep, action *pipelines.Action) (*Result, error) {
	if r.Remote == nil || r.Perturb != nil || r.lost.Load() || len(action.Weaker) > 0 {
		return nil, nil
	}
	job := r.job(s, action)
	defer job.end()
	got, err := r.Remote.Machines.Known(ctx, job)
	if err == nil && got == nil && r.Remote.Execute {
		r.Events.Emit(event.Event{Kind: event.StepStart, Phase: "step", Name: s.Step.Name, Digest: action.Digest().String()})
		got, err = r.Remote.Machines.Run(ctx, job)
	}
	if err != nil {
		return nil, r.forgive(ctx, err)
	}
	if got == nil {
		return nil, nil
	}
	out := &Result{
		Step: s.Step.Name, Platform: s.Platform, Needs: s.Needs, Action: action.Digest(), Cached: got.Cached, Outputs: got.Outputs, Log: got.Log,
		Held: got.Ran.Held, Used: used(got.Ran), Where: Shared,
	}
	if r.Remote.Execute {
		out.Where = Ran
	}
	if err := r.hold(out); err != nil {
		return nil, err
	}
	if got.Ran.Exit != 0 || got.Ran.Limit != "" || len(got.Ran.Refused) > 0 {
		return nil, r.failedThere(ctx, s, out, got.Ran)
	}
	whole := *out
	if err := out.accept(s, ""); err != nil {
		return nil, err
	}
	if err := replay(ctx, r.Store, out, r.Events); err != nil {
		return nil, err
	}
	r.Events.Emit(event.Event{Kind: event.StepEnd, Phase: "step", Name: s.Step.Name, Digest: action.Digest().String(), Cached: got.Cached, Duration: got.Ran.Wall})
	return out, whole.keep(ctx, r.Store)
}

// forgive drops an error of other machines that do not do what they are asked for, where
// that is allowed, and asks them for nothing more.
func (r *Runner) forgive(ctx context.Context, err error) error {
	if !r.Remote.Fallback || !errors.Is(err, ErrLost) || ctx.Err() != nil {
		return err
	}
	if !r.lost.Swap(true) {
		r.Events.Emit(event.Event{Kind: event.Problem, Phase: "step", Text: "steps run on this machine from here on: " + err.Error()})
	}
	return nil
}

// failedThere keeps the log of what failed on another machine, and says so.
func (r *Runner) failedThere(ctx context.Context, s *pipelines.PlannedStep, out *Result, ran *sandbox.Result) error {
	dir, end, err := r.Store.Unfinished("step-")
	if err != nil {
		return err
	}
	defer end()
	log, err := newLog(filepath.Join(dir, "log"), r.Events, s.Step.Name)
	if err != nil {
		return err
	}
	defer log.Close()
	blob, err := r.Store.Open(ctx, out.Log)
	if err != nil {
		return err
	}
	defer blob.Close()
	if _, err := io.Copy(log, blob); err != nil {
		return fmt.Errorf("reading the log of step %s: %w", s.Step.Name, err)
	}
	log.flush()
	left, err := r.leave(dir, out.Action)
	if err != nil {
		return err
	}
	return failed(s, ran, log.tail(), left)
}

// share gives what ran here to other machines.
func (r *Runner) share(ctx context.Context, s *pipelines.PlannedStep, action *pipelines.Action, out *Result, ran *sandbox.Result) error {
	if r.Remote == nil || r.Perturb != nil || !r.Remote.Share || r.lost.Load() || len(action.Weaker) > 0 {
		return nil
	}
	job := r.job(s, action)
	defer job.end()
	if err := r.Remote.Machines.Share(ctx, job, &Outcome{Ran: ran, Outputs: out.Outputs, Log: out.Log}); err != nil {
		return r.forgive(ctx, err)
	}
	return nil
}

// Job is an action with all that it reads.
type Job struct {
	Step   *pipelines.PlannedStep
	Action *pipelines.Action
	Store  *cas.Store

	runner *Runner
	mu     sync.Mutex // of what follows
	blobs  []Piece
	at     map[cas.Digest]source
	own    string // where its own inputs are laid out, once they are
	close  func()
}

// Piece is a message or a file of an action, by its digest.
type Piece struct {
	Digest cas.Digest
	Size   int64
}

// source is where the bytes of a piece are.
type source struct {
	message []byte
	tree    *pipelines.Tree
	path    string // in the tree, or among the action's own inputs
}

func (r *Runner) job(s *pipelines.PlannedStep, a *pipelines.Action) *Job {
	return &Job{Step: s, Action: a, Store: r.Store, runner: r, close: func() {}}
}

func (j *Job) end() { j.close() }

// Pieces lists all that a machine must have to run the action, each once: its messages
// and the files that it reads. Nothing is unpacked for it.
func (j *Job) Pieces() ([]Piece, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.pieces()
}

func (j *Job) pieces() ([]Piece, error) {
	if j.at != nil {
		return j.blobs, nil
	}
	j.at = map[cas.Digest]source{}
	add := func(d cas.Digest, size int64, from source) {
		if _, there := j.at[d]; !there {
			j.at[d] = from
			j.blobs = append(j.blobs, Piece{d, size})
		}
	}
	trees := j.Action.Trees
	if j.Action.Root != nil {
		trees = append([]*pipelines.Tree{j.Action.Root}, trees...)
	}
	if j.Action.Replica != nil {
		trees = append(slices.Clone(trees), j.Action.Replica)
	}
	messages := append([]pipelines.Blob{j.Action.Action, j.Action.Command}, j.Action.Directories...)
	for _, t := range trees {
		folders, err := t.Directories()
		if err != nil {
			return nil, err
		}
		messages = append(messages, folders...)
	}
	for _, m := range messages {
		add(m.Digest, int64(len(m.Bytes)), source{message: m.Bytes})
	}
	for _, in := range j.Action.Inputs {
		switch {
		case in.Link != "" || in.Folder:
		case in.Content != nil:
			add(in.SHA256, in.Size, source{message: in.Content})
		default:
			add(in.SHA256, in.Size, source{path: in.Path})
		}
	}
	for _, t := range trees {
		err := t.Walk(func(in pipelines.Input) {
			if in.Link == "" {
				add(in.SHA256, in.Size, source{tree: t, path: in.Path})
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return j.blobs, nil
}

// Open opens a piece. What stands in archives is laid out first, as a step that runs here
// would have it, so that it is unpacked once. Whoever reads the bytes holds them to their
// digest.
func (j *Job) Open(ctx context.Context, d cas.Digest) (io.ReadCloser, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.pieces(); err != nil {
		return nil, err
	}
	from, ok := j.at[d]
	switch {
	case !ok:
		return nil, fmt.Errorf("sha256:%s is no part of the action", d)
	case from.path == "":
		return io.NopCloser(bytes.NewReader(from.message)), nil
	case from.tree != nil:
		dir, err := j.runner.tree(ctx, from.tree)
		if err != nil {
			return nil, err
		}
		return os.Open(filepath.Join(dir, filepath.FromSlash(from.path)))
	}
	if j.own == "" {
		dir, end, err := j.runner.Store.Unfinished("input-")
		if err != nil {
			return nil, err
		}
		if err := j.runner.layOwn(ctx, j.Step, j.Action, dir); err != nil {
			end()
			return nil, err
		}
		j.own, j.close = filepath.Join(dir, "input"), end
	}
	return os.Open(filepath.Join(j.own, filepath.FromSlash(from.path[len(pipelines.WorkFolder)+1:])))
}
