package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/diag"
	operation "github.com/nbuild/nbuild/internal/operation/run"
)

func (a *app) runCommand() *cobra.Command {
	var o operation.Options
	cmd := &cobra.Command{
		Use: "run STEP", Short: "Run one step in its sandbox and show its log",
		Long: `Runs a step of build.hcl, with the steps that it needs, as a build does: in the
sandbox, with the inputs that it names and nothing else. What its command prints goes
to stdout. What it leaves is in the store, where a build finds it.

A step whose action ran before is not run again: its log is shown once more. A step
that fails (exit 10) leaves its log and what it wrote in the store, and the message says
where; nbuild cache prune removes them.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			o.Step = args[0]
			if !a.json {
				o.Log = clean{a.stdout}
			} else {
				o.Log = io.Discard
			}
			r, err := operation.Run(cmd.Context(), host, o)
			if err != nil {
				return err
			}
			if a.progress != "quiet" && a.progress != "json" && !a.json {
				a.say(ran(r))
			}
			return a.answer(r, "")
		},
	}
	cmd.Flags().StringVar(&o.Platform, "platform", "", "the `platform`, as linux/amd64; this machine's by default")
	return cmd
}

// ran says in a line what a step came to.
func ran(r *operation.Report) string {
	var size int64
	for _, o := range r.Outputs {
		size += o.Size
	}
	how := fmt.Sprintf("ran in %s", (time.Duration(r.WallMS) * time.Millisecond).Round(10*time.Millisecond))
	if r.Cached {
		how = "is as it was"
	}
	return fmt.Sprintf("step %s %s, %s%s", diag.Clean(r.Step), how, diag.Count(len(r.Outputs), "file"), sizeSuffix(size))
}

// clean writes lines of other programs, so that they can't steer the terminal.
type clean struct{ w io.Writer }

// Write writes whole lines.
func (c clean) Write(p []byte) (int, error) {
	_, err := fmt.Fprintln(c.w, diag.Clean(strings.TrimSuffix(string(p), "\n")))
	return len(p), err
}
