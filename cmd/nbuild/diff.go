package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/lazyregexp"
	"github.com/nbuild/nbuild/internal/operation/diff"
)

// platformForm is how the OCI image index names a platform: system, architecture and,
// for some, a variant. What an image is for only the image can say.
var platformForm = lazyregexp.New(`^[a-z0-9]+/[a-z0-9]+(/[a-z0-9]+)?$`)

// platforms are those that nbuild builds for.
var platforms = []string{"linux/amd64", "linux/arm64"}

func (a *app) diffCommand() *cobra.Command {
	var o diff.Options
	cmd := &cobra.Command{
		Use: "diff A B", Short: "Compare two images, layouts, BOMs or lockfiles",
		Long: `Reports what changed from A to B by package and install path, the worst first: the
same version with other bytes, another registry, new scripts and machine code,
then versions and licences. Of two images it also reports what production may load
now, by the list that an image with a guard carries, and what became of the guard.
The order of things in either never counts.

At most twelve lines say first what changed: the worst first, the project's own code
before packages, and what is only in tests of packages last.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, f := range []struct {
				name    string
				classes []string
			}{{"--deny", o.Deny}, {"--review", o.Review}} {
				for _, class := range f.classes {
					if !slices.Contains(diff.Classes(), class) {
						return noneOf(f.name, class, diff.Classes()...)
					}
				}
			}
			if !platformForm().MatchString(o.Platform) {
				return noneOf("--platform", o.Platform, platforms...)
			}
			host, err := a.host()
			if err != nil {
				return err
			}
			o.A, o.B = args[0], args[1]
			r, err := diff.Run(cmd.Context(), host, o)
			if err != nil {
				return err
			}
			answer := []byte(a.paint(r.Diff.Text(), a.answers))
			if a.json {
				if answer, err = r.JSON(); err != nil {
					return err
				}
			}
			if _, err := a.stdout.Write(answer); err != nil {
				return err
			}
			if stopped := r.Stopped.Err(); stopped == nil || !a.json {
				return stopped
			}
			return shownBefore(r.Stopped.Err())
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.ExitCode, "exit-code", false, "exit 30 where something changed that is denied: by default what is critical or high")
	f.StringSliceVar(&o.Deny, "deny", nil, "`classes` of change that are denied (exit 30)")
	f.StringSliceVar(&o.Review, "review", nil, "`classes` of change that need an approval (exit 31)")
	f.StringVar(&o.Platform, "platform", "linux/amd64", "the `platform` of images that are for several")
	return cmd
}
