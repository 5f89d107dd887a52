package execution

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// Platform is this machine's.
func Platform() string { return runtime.GOOS + "/" + runtime.GOARCH }

// Joined runs steps as Steps does, and for another platform than this machine's takes what a
// step made for this one, as long as no machine code is in it: what a compiler of TypeScript
// or a bundler leaves runs on every machine. Such a result has the platform that it was made
// on, and its action. A step that leaves machine code runs for each platform by itself, and so
// does every step where the plan has none for this machine.
func (r *Runner) Joined(ctx context.Context, plan *pipelines.Plan, wanted []Key) (Results, error) {
	var own, foreign []Key
	for _, k := range wanted {
		here := Key{k.Step, Platform()}
		planned := slices.ContainsFunc(plan.Steps, func(s pipelines.PlannedStep) bool {
			return keyOf(&s) == here && (s.Scripts == nil || k == here)
		})
		if k != here {
			foreign = append(foreign, k)
		}
		if planned && !slices.Contains(own, here) {
			own = append(own, here)
		}
	}
	made, err := r.Steps(ctx, plan, own)
	if err != nil || len(foreign) == 0 {
		return made, err
	}
	known := Results{}
	for i := range plan.Steps {
		s := &plan.Steps[i]
		result := made[Key{s.Step.Name, Platform()}]
		if s.Platform == Platform() || result == nil || s.Scripts != nil {
			continue // install scripts look what platform they are for
		}
		code, err := machineCode(ctx, r.Store, result.Outputs)
		if err != nil {
			return nil, fmt.Errorf("looking at what step %s left: %w", s.Step.Name, err)
		}
		if code == "" {
			known[keyOf(s)] = result
		} else if r.native == nil {
			r.native = map[string]string{s.Step.Name: code}
		} else {
			r.native[s.Step.Name] = code
		}
	}
	all, err := r.steps(ctx, plan, foreign, known)
	if err != nil {
		return nil, err
	}
	for k, result := range made {
		all[k] = result
	}
	return all, nil
}

// foreign says that a step can't run here.
func (r *Runner) foreign(s *pipelines.PlannedStep) *diag.Problem {
	p := &diag.Problem{
		Code: CodeForeign, Pos: s.Step.At, What: fmt.Sprintf("step %q is for %s, and this machine runs %s", s.Step.Name, s.Platform, Platform()),
		Why:    "a step runs on the platform that its outputs are for, and the store has no result of it",
		Remedy: fmt.Sprintf("name this machine's platform as well, so that outputs without machine code are taken for both: platforms = [%q, %q] in the project block; else build on a machine of that platform", Platform(), s.Platform),
	}
	if code := r.native[s.Step.Name]; code != "" {
		p.Why = fmt.Sprintf("what it makes is machine code, %s for one, so that what it made for %s serves no other platform", code, Platform())
		p.Remedy = fmt.Sprintf("build on a machine of that platform, or build for this one: platforms = [%q] in the project block", Platform())
	}
	return p
}

// Beginnings of files that are machine code, or hold some: programs, libraries, addons and
// objects of ELF, and archives of objects.
var machineCodes = [][]byte{[]byte("\x7fELF"), []byte("!<arch>\n"), []byte("!<thin>\n")}

// machineCode returns the first of several files that is machine code, "" where none is.
func machineCode(ctx context.Context, store *cas.Store, files []snapshot.Entry) (string, error) {
	for _, f := range files {
		if f.Link != "" {
			continue
		}
		head, err := beginning(ctx, store, f.SHA256)
		if err != nil {
			return "", err
		}
		for _, magic := range machineCodes {
			if bytes.HasPrefix(head, magic) {
				return f.Path, nil
			}
		}
	}
	return "", nil
}

func beginning(ctx context.Context, store *cas.Store, d cas.Digest) ([]byte, error) {
	blob, err := store.Open(ctx, d)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	head := make([]byte, 8)
	n, err := io.ReadFull(blob, head)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head[:n], err
}
