package trace

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/recorder"
	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/operation/run"
)

// stepsCommand is what nbuild.trace says was run, where steps were.
var stepsCommand = []string{"nbuild", "trace", "--steps"}

// observeSteps runs the steps that are traced, and gives what was seen in all of them as
// if their working folder were the project's.
func (t *tracer) observeSteps(ctx context.Context) (*recorder.Record, error) {
	traced, err := run.Trace(ctx, t.host)
	if err != nil {
		return nil, err
	}
	all := &recorder.Record{}
	for _, s := range traced {
		r := s.Record
		if r.Processes == 0 {
			return nil, &diag.Problem{
				Code: CodeNothing, What: fmt.Sprintf("no Node was seen in step %q", s.Step),
				Why: "the recorder comes to Node through NODE_OPTIONS, which something may have taken away", Remedy: "have the step run Node, as in: run = [\"node\", \"--test\"], or take `trace` out of it",
			}
		}
		relocate(r, t.folder)
		all.Add(r)
	}
	return all, nil
}

// relocate has paths below the working folder of a sandbox stand below another folder.
func relocate(r *recorder.Record, folder string) {
	move := func(p *string) {
		if rest, ok := strings.CutPrefix(*p, sandbox.WorkDir+"/"); ok {
			*p = folder + "/" + rest
		}
	}
	for i := range r.Loads {
		move(&r.Loads[i].File)
	}
	for i := range r.Edges {
		move(&r.Edges[i].From)
		move(&r.Edges[i].To)
	}
	for i := range r.Codes {
		move(&r.Codes[i].From)
	}
	for i := range r.Binaries {
		move(&r.Binaries[i].From)
	}
	for i := range r.Changed {
		move(&r.Changed[i])
	}
}

// command is what was recorded.
func (t *tracer) command() []string {
	if t.options.Steps {
		return slices.Clone(stepsCommand)
	}
	return t.options.Command
}
