package main

import (
	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/operation/trace"
)

func (a *app) traceCommand() *cobra.Command {
	var o trace.Options
	var record bool
	cmd := &cobra.Command{
		Use: "trace [ENTRY…] [-- COMMAND…]", Short: "The sources that production can load, static, traced and listed",
		Long: `Lists every file that production can load, and why: the code leads to it from an
ENTRY (static), a test run loaded it (traced), or a load block of build.hcl names it
(listed). Without an ENTRY it is what the image's command starts. View engines and
plugins that are named are followed too; docs/frameworks.md says how far.

With --run, the COMMAND after -- runs here, with your rights, as you would run it,
and what the Node processes in it load is recorded. What production's files asked
for goes to nbuild.trace: commit it, and review it as you review code.

With --steps the same is done with the steps of build.hcl that have trace = true: they
run in the sandbox as a build runs them, and only where they did not before. With
--checks the image is started in the sandbox for those of its checks that have
trace = true, without its guard. Both flags together join what was seen.

Where an image takes what steps make, the files that it starts are not on disk: they
are followed in the image, once a build or one of these flags has run the steps.`,
		Example: "  nbuild trace server.js\n  nbuild trace --run -- npm test\n  nbuild trace --steps --checks",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Entries = args
			if dash := cmd.ArgsLenAtDash(); dash >= 0 {
				o.Entries, o.Command = args[:dash], args[dash:]
			}
			if record != (len(o.Command) > 0) {
				return usage("--run and the command that it runs go together", "write it as `nbuild trace --run -- npm test`")
			}
			if record && (o.Steps || o.Checks) {
				return usage("--run writes nbuild.trace, and so do --steps and --checks", "leave one of them out")
			}
			if o.Checks && o.Base != "" {
				return usage("--checks follows the files of the image, and --base a folder", "leave one of them out")
			}
			host, err := a.host()
			if err != nil {
				return err
			}
			o.Output = a.stderr
			r, err := trace.Run(cmd.Context(), host, o)
			if err != nil {
				return err
			}
			return a.answer(r, r.Text(a.verbose))
		},
	}
	f := cmd.Flags()
	f.BoolVar(&record, "run", false, "run the command after -- and write what it loads to nbuild.trace")
	f.BoolVar(&o.Steps, "steps", false, "run the steps that have trace = true and write what they load to nbuild.trace")
	f.BoolVar(&o.Checks, "checks", false, "start the image for its checks that have trace = true and write what it loads to nbuild.trace")
	f.StringVar(&o.Base, "base", "", "show paths relative to this `dir`, and take nothing from outside (default: the project)")
	f.StringVar(&o.Node, "node", "", "resolve as this `version` of Node does (default: the image's)")
	f.StringVar(&o.Image, "image", "", "the image block's `name`, where there are several")
	return cmd
}
