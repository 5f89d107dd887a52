package trace

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/recorder"
	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/diag"
)

// traced are the steps that are to be recorded, for the platform of what is made.
func (m *made) traced() []execution.Key {
	var keys []execution.Key
	for _, s := range m.Project.Steps {
		if s.Trace {
			keys = append(keys, execution.Key{Step: s.Name, Platform: m.platform})
		}
	}
	return keys
}

// observeSteps gives what was seen in all steps that are traced, as if their working folder
// were the project's. What an image takes of a step's outputs stands where the image has it.
func (t *tracer) observeSteps(ctx context.Context) (*recorder.Record, error) {
	all := &recorder.Record{}
	for _, k := range t.made.traced() {
		r, err := t.made.results[k].Record(ctx, t.made.Runner.Store)
		if err != nil {
			return nil, err
		}
		if r.Processes == 0 {
			return nil, &diag.Problem{
				Code: CodeNothing, What: fmt.Sprintf("no Node was seen in step %q", k.Step),
				Why: "the recorder comes to Node through NODE_OPTIONS, which something may have taken away", Remedy: "have the step run Node, as in: run = [\"node\", \"--test\"], or take `trace` out of it",
			}
		}
		relocate(r, sandbox.WorkDir, t.root, t.made.stands)
		all.Add(r)
	}
	return all, nil
}

// relocate has paths below one folder stand below another, but for those that stands has a
// place of their own for, by their path in the first.
func relocate(r *recorder.Record, from, to string, stands map[string]string) {
	to = strings.TrimSuffix(to, "/")
	move := func(p *string) {
		rest, ok := strings.CutPrefix(*p, from+"/")
		switch own := stands[rest]; {
		case !ok:
		case own != "":
			*p = own
		default:
			*p = to + "/" + rest
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

// command is what was recorded, as nbuild.trace has it.
func (t *tracer) command() []string {
	if len(t.options.Command) > 0 {
		return slices.Clone(t.options.Command)
	}
	said := []string{"nbuild", "trace"}
	if t.options.Steps {
		said = append(said, "--steps")
	}
	if t.options.Checks {
		said = append(said, "--checks")
	}
	return said
}
