package main

import (
	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/operation/format"
)

func (a *app) fmtCommand() *cobra.Command {
	var o format.Options
	cmd := &cobra.Command{
		Use: "fmt [FILE…]", Short: "Rewrite build.hcl in the standard form",
		Long: `Rewrites the build file, or the files named (a trust file has the same form), and
prints the names of those that were not in the standard form.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				args = []string{host.File}
			}
			r, err := format.Files(host.Dir, args, o)
			if err != nil && (a.json || r.Diff == "") {
				return err
			}
			text := r.Diff
			if !o.Diff {
				for _, name := range r.Changed {
					text += diag.Clean(name) + "\n"
				}
			}
			if answerErr := a.answer(r, text); answerErr != nil {
				return answerErr
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&o.Check, "check", false, "only say whether they are in it (exit 3)")
	cmd.Flags().BoolVar(&o.Diff, "diff", false, "show what would change, and leave the files")
	return cmd
}
