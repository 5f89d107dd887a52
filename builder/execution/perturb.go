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
	"time"

	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/pipelines"
)

// CodeNoFaketime is a date that steps are to have and no library to give it to them.
const CodeNoFaketime diag.Code = "NB1199"

// Perturbation is what is another in a run that shows whether steps make the same again. An
// action does not say any of it, so no output may depend on it.
type Perturbation struct {
	// Entries has folders list what is in them in another order.
	Entries bool
	// FirstProcess is the number that processes count on from; 0 leaves it.
	FirstProcess int
	// Date is what programs are told that the time is, by the library libfaketime of the
	// step's base; the zero time is the machine's own.
	Date time.Time
	// Given are results of steps that are known not to make the same again. They run like
	// all others, and what stands on them reads these, so that it can be compared.
	Given Results
}

// standIn returns what others read of a step that came to something: the result that they are
// given in its place, where there is one.
func (r *Runner) standIn(s *pipelines.PlannedStep, made *Result) *Result {
	if r.Perturb == nil {
		return made
	}
	g := r.Perturb.Given[keyOf(s)]
	if g == nil || g.Action != made.Action {
		return made
	}
	out := *g
	out.Rerun = made
	return &out
}

// perturb makes an order of the sandbox what the perturbation says.
func (r *Runner) perturb(ctx context.Context, spec *sandbox.Spec, s *pipelines.PlannedStep, action *pipelines.Action, dir string) error {
	p := r.Perturb
	if p == nil {
		return nil
	}
	spec.FirstProcess = p.FirstProcess
	if p.Entries {
		first := filepath.Join(dir, "first")
		if err := part(spec.Work[0], first); err != nil {
			return fmt.Errorf("laying out step %s: %w", s.Step.Name, err)
		}
		spec.Work = []string{first, spec.Work[0]}
		for _, t := range action.Trees {
			first, rest, err := r.parted(ctx, t)
			if err != nil {
				return err
			}
			if !slices.Contains(spec.Work, first) {
				spec.Work = append(spec.Work, first, rest)
			}
		}
	}
	if p.Date.IsZero() {
		return nil
	}
	library, err := faketime(ctx, s, action)
	if err != nil {
		return err
	}
	// Clocks that count from the start of the machine stay: timers are set by them.
	spec.Env = append(spec.Env, "LD_PRELOAD="+library, "FAKETIME=@"+p.Date.UTC().Format("2006-01-02 15:04:05"), "FAKETIME_DONT_FAKE_MONOTONIC=1")
	return nil
}

// parted lays out a tree in two folders, one of which lies over the other.
func (r *Runner) parted(ctx context.Context, t *pipelines.Tree) (first, rest string, err error) {
	key := cas.Sum([]byte("parted " + t.Root.Digest.String()))
	if r.Lease != nil {
		if err := r.Lease.Hold(key); err != nil {
			return "", "", err
		}
	}
	at, err := r.Store.Tree(ctx, key, func(dir string) error {
		inputs, err := t.List(ctx)
		if err != nil {
			return err
		}
		rest := filepath.Join(dir, "rest")
		if err := os.Mkdir(rest, 0o755); err != nil {
			return err
		}
		w := &writer{store: r.Store, project: r.Project, dir: rest}
		if err := w.write(ctx, inputs); err != nil {
			return err
		}
		return part(rest, filepath.Join(dir, "first"))
	})
	if err != nil {
		return "", "", fmt.Errorf("laying out %s: %w", t.From, err)
	}
	return filepath.Join(at, "first"), filepath.Join(at, "rest"), nil
}

// part moves one entry of each folder into another folder, in its place there. An overlay
// lists what its lowest folder has first, so that this entry, which was listed before others,
// comes behind them, whatever order the file system itself has.
func part(from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	entries, err := f.ReadDir(-1) // as the file system lists them
	f.Close()
	if err != nil {
		return err
	}
	if err := errors.Join(os.Mkdir(to, 0o755), os.Chmod(to, 0o755)); err != nil {
		return err
	}
	moved := -1
	if len(entries) > 1 {
		moved = max(0, slices.IndexFunc(entries[:len(entries)-1], func(e fs.DirEntry) bool { return !e.IsDir() }))
		name := entries[moved].Name()
		if err := os.Rename(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	for i, e := range entries {
		if e.IsDir() && i != moved {
			if err := part(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
				return err
			}
		}
	}
	return errors.Join(settle(to), settle(from))
}

// faketime finds the library that gives a step another date.
func faketime(ctx context.Context, s *pipelines.PlannedStep, action *pipelines.Action) (string, error) {
	files, err := action.Root.List(ctx)
	if err != nil {
		return "", fmt.Errorf("listing the root of step %s: %w", s.Step.Name, err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Path, "/libfaketime.so.1") {
			return "/" + f.Path, nil
		}
	}
	return "", &diag.Problem{
		Code: CodeNoFaketime, Pos: s.Step.At, What: fmt.Sprintf("step %q can't be given another date: its base has no libfaketime", s.Step.Name),
		Why:    "programs are told the date by that library, which is pinned like all that a step reads",
		Remedy: "add \"libfaketime\" to `packages` of the step's base and run `nbuild pin`, or leave --date away: the clock of the machine is another in any case",
	}
}
