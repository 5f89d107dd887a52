package checks

import (
	"context"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/recorder"
	"github.com/nbuild/nbuild/pipelines"
)

// Recorded is what an image loaded that was started for a check.
type Recorded struct {
	Check  pipelines.Check
	Record *recorder.Record // paths are those of the image
}

// Record starts an image for those of its checks that are traced, with a recorder in every
// Node that runs, and holds it to them. The image is one without the guard: what the guard
// refuses is what is to be found out, and it would refuse the recorder as well. Each
// recording is an action of its own, so it is not made again while nothing changed.
func Record(ctx context.Context, r *execution.Runner, img *builder.Image) ([]Recorded, error) {
	plan := &pipelines.Plan{}
	var keys []execution.Key
	var all []Recorded
	for i := range img.Block.Checks {
		check := &img.Block.Checks[i]
		if !check.Trace {
			continue
		}
		s, err := planned(ctx, r, img, 0, check, true)
		if err != nil {
			return nil, err
		}
		plan.Steps = append(plan.Steps, *s)
		keys = append(keys, execution.Key{Step: s.Step.Name, Platform: s.Platform})
		all = append(all, Recorded{Check: *check})
	}
	results, err := r.Steps(ctx, plan, keys)
	if err != nil {
		return nil, err
	}
	for i, k := range keys {
		if all[i].Record, err = results[k].Record(ctx, r.Store); err != nil {
			return nil, err
		}
	}
	return all, nil
}
