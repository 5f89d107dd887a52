package execution

import (
	"context"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/pipelines"
)

// Seen is what is known of a step before anything runs.
type Seen struct {
	Action cas.Digest // zero where it reads outputs that are not there yet
	Result *Result    // nil where the action has not run
}

// Look finds out what is known of each step of a plan, in its order. A step that reads
// outputs of others has an action once the store has those.
func Look(ctx context.Context, store *cas.Store, plan *pipelines.Plan) ([]Seen, error) {
	all := make([]Seen, len(plan.Steps))
	known := Results{}
	for i := range plan.Steps {
		s := &plan.Steps[i]
		action := s.Action
		if len(s.Needs) > 0 {
			outputs, ok := known.outputs(s)
			if !ok {
				continue
			}
			var err error
			if action, err = s.Encode(outputs); err != nil {
				if p := pipelines.TwoAtOnePath(s.Step, err); p != nil {
					return nil, p
				}
				return nil, err
			}
		}
		if action == nil {
			continue
		}
		all[i].Action = action.Digest()
		if r, ok := Known(ctx, store, nil, action.Digest()); ok {
			r.Step, r.Platform, r.Needs = s.Step.Name, s.Platform, s.Needs
			if err := r.accept(s, ""); err != nil {
				return nil, err
			}
			all[i].Result, known[keyOf(s)] = r, r
		}
	}
	return all, nil
}

// outputs are those of the steps that one needs, where all of them are there.
func (r Results) outputs(s *pipelines.PlannedStep) ([]pipelines.Input, bool) {
	var all []pipelines.Input
	for _, in := range s.Step.Inputs {
		if in.Kind != pipelines.FromStep {
			continue
		}
		before := r[Key{in.Name, s.Platform}]
		if before == nil {
			return nil, false
		}
		all = append(all, before.inputs(in)...)
	}
	for _, n := range s.Needs {
		before := r[Key{n, s.Platform}]
		if before == nil {
			return nil, false
		}
		if before.Scripts != nil { // whose packages are among its own
			all = append(all, before.inputs(pipelines.Source{})...)
		}
	}
	return all, true
}
