package execution

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/pipelines"
)

// Runner runs steps.
type Runner struct {
	Store   *cas.Store
	Lease   *cas.Lease // holds what a run needs
	Project *os.Root   // the project's folder
	Workers int        // steps at once; 0 means GOMAXPROCS
	Events  event.Sink

	// KnownOnly runs nothing: a step whose result the store lacks is CodeUnbuilt.
	KnownOnly bool

	// Remote is other machines that keep results or run steps; nil is none.
	Remote *Remote
	lost   atomic.Bool   // they do not do it, and are not asked again
	here   chan struct{} // a place for each step that runs on this machine

	native map[string]string // steps that make machine code, and a file of it

	// Perturb is what is another than usual; nil is nothing.
	Perturb *Perturbation

	// Sandbox runs a command; nil is sandbox.Run.
	Sandbox func(ctx context.Context, s sandbox.Spec, log io.Writer) (*sandbox.Result, error)
}

// mostWaiting is how many steps run on other machines at once.
const mostWaiting = 64

// Results are what steps came to, by name and platform.
type Results map[Key]*Result

// Key names a step on a platform.
type Key struct{ Step, Platform string }

// Steps runs those steps of a plan that are wanted, and those that they need. Every step
// that fails is reported, in the plan's order; those that need it are left out.
func (r *Runner) Steps(ctx context.Context, plan *pipelines.Plan, wanted []Key) (Results, error) {
	return r.steps(ctx, plan, wanted, nil)
}

// steps is Steps where some results are known.
func (r *Runner) steps(ctx context.Context, plan *pipelines.Plan, wanted []Key, known Results) (Results, error) {
	if r.Events == nil {
		r.Events = event.Discard
	}
	all := Results{}
	for _, k := range wanted {
		if known[k] != nil {
			all[k] = known[k]
		}
	}
	todo := needed(plan, wanted, known)
	if len(todo) == 0 {
		return all, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := r.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	r.here = make(chan struct{}, workers)
	if r.Remote != nil && r.Remote.Execute {
		workers = max(workers, mostWaiting) // which wait for others, and take no processor
	}
	free := make(chan struct{}, workers)
	done := map[Key]chan struct{}{}
	for _, s := range todo {
		done[keyOf(s)] = make(chan struct{})
	}
	results := make([]*Result, len(todo))
	at := map[Key]int{}
	errs := make([]error, len(todo))
	for i, s := range todo {
		at[keyOf(s)] = i
	}
	var work sync.WaitGroup
	for i, s := range todo {
		work.Go(func() {
			defer close(done[keyOf(s)])
			before := Results{}
			for _, n := range s.Needs {
				key := Key{n, s.Platform}
				if before[key] = known[key]; before[key] == nil {
					<-done[key]
					before[key] = results[at[key]]
				}
			}
			outputs, ok := before.outputs(s)
			if !ok {
				return // one of them failed, and says so itself
			}
			select {
			case free <- struct{}{}:
			case <-ctx.Done():
				return
			}
			defer func() { <-free }()
			if results[i], errs[i] = r.step(ctx, s, outputs); errs[i] == nil {
				results[i] = r.standIn(s, results[i])
			}
			if len(diag.All(errs[i])) == 0 && errs[i] != nil {
				cancel(errs[i]) // nothing of it is a step's fault
			}
		})
	}
	work.Wait()
	var problems diag.Problems
	for _, err := range errs {
		ps := diag.All(err)
		if err != nil && len(ps) == 0 {
			return nil, context.Cause(ctx)
		}
		problems = append(problems, ps...)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	for i, s := range todo {
		all[keyOf(s)] = results[i]
	}
	return all, nil
}

func keyOf(s *pipelines.PlannedStep) Key { return Key{s.Step.Name, s.Platform} }

// needed are the wanted steps and those that they need, in the plan's order, without those
// whose result is known and what only they need.
func needed(plan *pipelines.Plan, wanted []Key, known Results) []*pipelines.PlannedStep {
	want := map[Key]bool{}
	for _, k := range wanted {
		want[k] = known[k] == nil
	}
	for i := range slices.Backward(plan.Steps) { // each stands after those that it needs
		s := &plan.Steps[i]
		if want[keyOf(s)] {
			for _, n := range s.Needs {
				key := Key{n, s.Platform}
				want[key] = known[key] == nil
			}
		}
	}
	var all []*pipelines.PlannedStep
	for i := range plan.Steps {
		if s := &plan.Steps[i]; want[keyOf(s)] {
			all = append(all, s)
		}
	}
	return all
}

// step returns the result of a step, by running it where the store has none.
func (r *Runner) step(ctx context.Context, s *pipelines.PlannedStep, outputs []pipelines.Input) (*Result, error) {
	action := s.Action
	if action == nil || len(s.Needs) > 0 {
		var err error
		if action, err = s.Encode(outputs); err != nil {
			if p := pipelines.TwoAtOnePath(s.Step, err); p != nil {
				return nil, p
			}
			return nil, err
		}
	}
	if known, ok := Known(ctx, r.Store, r.Lease, action.Digest()); ok {
		known.Step, known.Platform, known.Needs = s.Step.Name, s.Platform, s.Needs
		if err := known.accept(s, ""); err != nil {
			return nil, err
		}
		if !r.KnownOnly {
			if err := replay(ctx, r.Store, known, r.Events); err != nil {
				return nil, err
			}
			r.Events.Emit(event.Event{Kind: event.StepEnd, Phase: "step", Name: s.Step.Name, Digest: action.Digest().String(), Cached: true})
		}
		return known, nil
	}
	if r.KnownOnly {
		return nil, &diag.Problem{
			Code: CodeUnbuilt, Pos: s.Step.At, What: fmt.Sprintf("what step %q makes for %s is not in the store", s.Step.Name, s.Platform),
			Why: "what an image holds is known once its steps ran", Remedy: "run `nbuild build` first",
		}
	}
	if out, err := r.elsewhere(ctx, s, action); out != nil || err != nil {
		return out, err
	}
	if s.Platform != Platform() {
		return nil, r.foreign(s)
	}
	select {
	case r.here <- struct{}{}:
		defer func() { <-r.here }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	r.Events.Emit(event.Event{Kind: event.StepStart, Phase: "step", Name: s.Step.Name, Digest: action.Digest().String()})
	out, err := r.run(ctx, s, action)
	if err != nil {
		return nil, err
	}
	r.Events.Emit(event.Event{Kind: event.StepEnd, Phase: "step", Name: s.Step.Name, Digest: action.Digest().String(), Duration: out.Used.Wall})
	return out, nil
}

// run runs an action in the sandbox and keeps what comes out.
func (r *Runner) run(ctx context.Context, s *pipelines.PlannedStep, action *pipelines.Action) (*Result, error) {
	if action.Root == nil || s.Helper == nil {
		return nil, fmt.Errorf("step %q was planned without a root file system or a sandbox", s.Step.Name)
	}
	if action.Replica == nil && s.Step.Network == "snapshot" {
		return nil, fmt.Errorf("step %q was planned without the packages that are served to it", s.Step.Name)
	}
	dir, end, err := r.Store.Unfinished("step-")
	if err != nil {
		return nil, err
	}
	defer end()
	spec, err := r.lay(ctx, s, action, dir)
	if err != nil {
		return nil, err
	}
	log, err := newLog(filepath.Join(dir, "log"), r.Events, s.Step.Name)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	run := r.Sandbox
	if run == nil {
		run = sandbox.Run
	}
	ran, err := run(ctx, *spec, log)
	log.flush()
	if err != nil {
		return nil, fmt.Errorf("running step %s: %w", s.Step.Name, err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	t := &taker{store: r.Store}
	if ran.Exit == 0 && ran.Limit == "" && len(ran.Refused) == 0 && len(s.Outputs()) > 0 {
		if t.root, err = os.OpenRoot(filepath.Join(spec.Scratch, "out")); err != nil {
			return nil, fmt.Errorf("taking the outputs of step %s: %w", s.Step.Name, err)
		}
		err = t.take(ctx, s.Outputs())
		t.root.Close()
		if err != nil {
			return nil, err
		}
		ran.Refused = t.refused
	}
	if ran.Exit != 0 || ran.Limit != "" || len(ran.Refused) > 0 {
		left, err := r.leave(dir, action.Digest())
		if err != nil {
			return nil, err
		}
		return nil, failed(s, ran, log.tail(), left)
	}
	out := &Result{
		Step: s.Step.Name, Platform: s.Platform, Needs: s.Needs, Action: action.Digest(), Outputs: t.entries, Held: ran.Held,
		Used: used(ran),
	}
	if out.Log, err = log.keep(ctx, r.Store); err != nil {
		return nil, err
	}
	if err := r.hold(out); err != nil {
		return nil, err
	}
	whole := *out
	if err := out.accept(s, ""); err != nil {
		left, leaveErr := r.leave(dir, action.Digest())
		if leaveErr != nil {
			return nil, leaveErr
		}
		return nil, whole.accept(s, left)
	}
	if err := whole.keep(ctx, r.Store); err != nil {
		return nil, err
	}
	return out, r.share(ctx, s, action, &whole, ran)
}

func used(ran *sandbox.Result) Used {
	return Used{Wall: ran.Wall, User: ran.User, System: ran.System, Peak: ran.Peak}
}

// hold keeps a result from being pruned while the run lasts.
func (r *Runner) hold(out *Result) error {
	if r.Lease == nil {
		return nil
	}
	held := []cas.Digest{out.Log}
	for _, e := range out.Outputs {
		if e.Link == "" {
			held = append(held, e.SHA256)
		}
	}
	return r.Lease.Hold(held...)
}
