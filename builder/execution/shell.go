package execution

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/pipelines"
)

// CodeNoShell is a step whose root file system has no shell to look around with.
const CodeNoShell diag.Code = "NB1032"

// Terminal is what a shell reads and writes.
type Terminal struct {
	In      io.Reader
	Out     io.Writer
	Prompts bool            // somebody types
	Begin   func(kept bool) // called once all is laid out; kept says that a failed step left its folder
}

// Shell runs a shell in the sandbox of a step in place of its command, after the steps
// that it needs, and returns how it ended: with all that the step reads, its environment and its limits but that of
// time. Where the step failed and what it left is there, the shell finds that in the
// working folder. What it writes is thrown away, and no result is kept.
func (r *Runner) Shell(ctx context.Context, plan *pipelines.Plan, key Key, t Terminal) (exit int, err error) {
	at := slices.IndexFunc(plan.Steps, func(s pipelines.PlannedStep) bool { return keyOf(&s) == key })
	if at < 0 {
		return 0, fmt.Errorf("no step %s was planned for %s", key.Step, key.Platform)
	}
	s := &plan.Steps[at]
	if s.Platform != Platform() {
		return 0, r.foreign(s)
	}
	var needs []Key
	for _, n := range s.Needs {
		needs = append(needs, Key{n, s.Platform})
	}
	results, err := r.Steps(ctx, plan, needs)
	if err != nil {
		return 0, err
	}
	action := s.Action
	if len(s.Needs) > 0 {
		outputs, ok := results.outputs(s)
		if !ok {
			return 0, fmt.Errorf("step %s: a step that it needs has no result", s.Step.Name)
		}
		if action, err = s.Encode(outputs); err != nil {
			if p := pipelines.TwoAtOnePath(s.Step, err); p != nil {
				return 0, p
			}
			return 0, err
		}
	}
	dir, end, err := r.Store.Unfinished("shell-")
	if err != nil {
		return 0, err
	}
	defer end()
	spec, err := r.lay(ctx, s, action, dir)
	if err != nil {
		return 0, err
	}
	left := r.left(action.Digest())
	if left != "" {
		spec.Work = slices.Insert(spec.Work, 0, left)
	}
	spec.Run, spec.Outputs, spec.Limits.Time = []string{"sh"}, nil, 0
	if t.Prompts {
		spec.Run = append(spec.Run, "-i")
	}
	if t.Begin != nil {
		t.Begin(left != "")
	}
	ran, err := sandbox.Interact(ctx, *spec, t.In, t.Out)
	switch {
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case err != nil:
		return 0, fmt.Errorf("running a shell for step %s: %w", s.Step.Name, err)
	case ran.Limit != "":
		return 0, &diag.Problem{
			Code: CodeLimit, Pos: s.Step.At, What: fmt.Sprintf("the shell of step %q was stopped: it used more %s than the step may", s.Step.Name, ran.Limit),
			Why: exceeded(s.Step, ran.Limit), Remedy: remedy(s.Step, ran.Limit),
		}
	case ran.Exit == noProgram && !r.hasShell(ctx, action):
		return 0, &diag.Problem{
			Code: CodeNoShell, Pos: s.Step.At, What: fmt.Sprintf("there is no shell in base.%s, which step %q runs in", s.Step.Base, s.Step.Name),
			Why: "a sandbox holds what the base brings and nothing of this machine", Remedy: "name a base with a shell in the step: one of Debian packages has it beside it in every step",
		}
	}
	return ran.Exit, nil
}

// noProgram is how the sandbox ends where a program is not there, as a shell does.
const noProgram = 127

// hasShell reports whether a root file system has a shell by its usual name.
func (r *Runner) hasShell(ctx context.Context, action *pipelines.Action) bool {
	files, err := action.Root.List(ctx)
	return err == nil && slices.ContainsFunc(files, func(in pipelines.Input) bool { return in.Path == "bin/sh" || in.Path == "usr/bin/sh" })
}

// left is the folder that a step left which failed, "" where there is none.
func (r *Runner) left(action cas.Digest) string {
	at := filepath.Join(r.Store.FailedDir(failedName(action)), "work")
	if info, err := os.Lstat(at); err != nil || !info.IsDir() {
		return ""
	}
	return at
}

// failedName is what the folder of a failed action is called.
func failedName(action cas.Digest) string { return action.String()[:16] }
