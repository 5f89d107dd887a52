package trace

import (
	"context"
	"fmt"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/builder/recorder"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/checks"
	"github.com/nbuild/nbuild/pipelines"
)

// observeChecks starts the image for its checks that are traced, and gives what was seen in
// all of them. It is the image without its guard: see checks.Record.
func (t *tracer) observeChecks(ctx context.Context) (*recorder.Record, error) {
	m := t.made
	block := *m.block
	block.Guard = string(guard.Off)
	in := m.input
	unguarded := *in.Project
	unguarded.Images = []pipelines.Image{block}
	in.Project = &unguarded
	images, err := builder.Images(ctx, in)
	if err != nil {
		return nil, err
	}
	seen, err := checks.Record(ctx, m.Runner, &images[0])
	if err != nil {
		return nil, err
	}
	all := &recorder.Record{}
	for _, s := range seen {
		if s.Record.Processes == 0 {
			return nil, &diag.Problem{
				Code: CodeNothing, Pos: s.Check.At, What: fmt.Sprintf("no Node was seen in check %q of image %q", s.Check.Name, block.Name),
				Why: "the recorder comes to Node through NODE_OPTIONS, which something may have taken away", Remedy: "have the check start Node, or take `trace` out of it",
			}
		}
		all.Add(s.Record)
	}
	return all, nil
}

// traceable reports an image of which no check is traced.
func traceable(i *pipelines.Image) error {
	if i == nil {
		return &diag.Problem{
			Code: CodeNoTrace, What: "the project has no image", Why: "--checks starts one and records what it loads",
			Remedy: "add an image with a check; `nbuild explain image` shows one",
		}
	}
	for _, c := range i.Checks {
		if c.Trace {
			return nil
		}
	}
	return &diag.Problem{
		Code: CodeNoTrace, Pos: i.At, What: fmt.Sprintf("no check of image %q is traced", i.Name),
		Why: "what an image loads is recorded in checks that say so", Remedy: "write trace = true in a check block of the image; `nbuild explain image` shows one",
	}
}
