package run

import (
	"context"
	"io"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/evidence/steps"
	"github.com/nbuild/nbuild/internal/machine"
)

// Shell is what a shell in a step's sandbox reads and writes.
type Shell struct {
	In      io.Reader
	Out     io.Writer
	Prompts bool            // somebody types
	Begin   func(kept bool) // called once all is laid out; kept says that a failed step left its folder
}

// Look runs a shell in the sandbox of a step, in place of its command, and returns how it
// ended. Nothing of it is kept.
func Look(ctx context.Context, host machine.Host, o Options, s Shell) (int, error) {
	r, err := Begin(ctx, host, o)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	made, err := steps.Plan(ctx, r.Project, r.Lock, r.Runner.Store, []execution.Key{r.Key})
	if err != nil {
		return 0, err
	}
	r.Runner.Project = r.Project.Root
	return r.Runner.Shell(ctx, made, r.Key, execution.Terminal(s))
}
