package run

import (
	"context"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/recorder"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/steps"
	"github.com/nbuild/nbuild/internal/machine"
)

// CodeNoTrace is a project none of whose steps is traced.
const CodeNoTrace diag.Code = "NB0220"

// Traced is a step that is traced, and what its command loaded. Paths are those of the
// sandbox.
type Traced struct {
	Step   string
	Record *recorder.Record
}

// Trace runs the steps that are traced, with those that they need, and reads what was
// recorded in them.
func Trace(ctx context.Context, host machine.Host) ([]Traced, error) {
	r, err := begin(ctx, host, Options{})
	if err != nil {
		return nil, err
	}
	defer r.close()
	var keys []execution.Key
	for _, s := range r.project.Steps {
		if s.Trace {
			keys = append(keys, execution.Key{Step: s.Name, Platform: r.key.Platform})
		}
	}
	if len(keys) == 0 {
		return nil, &diag.Problem{
			Code: CodeNoTrace, Pos: diag.Pos{File: r.project.File}, What: "no step of the project is traced",
			Why: "what loads is recorded in steps that say so", Remedy: "write trace = true in the step that runs the tests, or record a command with `nbuild trace --run -- npm test`",
		}
	}
	results, err := steps.Run(ctx, r.project, r.lock, r.runner, keys)
	if err != nil {
		return nil, err
	}
	var all []Traced
	for _, k := range keys {
		record, err := results[k].Record(ctx, r.runner.Store)
		if err != nil {
			return nil, err
		}
		all = append(all, Traced{k.Step, record})
	}
	return all, nil
}
