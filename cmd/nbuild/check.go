package main

import (
	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/operation/check"
)

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check [IMAGE…]", Short: "Start the images in the sandbox and hold them to their checks",
		Long: `Builds the images of build.hcl, or only those named, starts each in the sandbox as a
container would be, and holds it to its check blocks. A build and a release do the same
before an image goes anywhere; this puts it nowhere. What an image prints goes to stderr.

An image that passed is not started again while its files, its settings and the check
are the same. One that does not pass is exit 10, and the message says what it did. An
image for another platform than this machine's can't be started here, and is reported so.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			r, err := check.Run(cmd.Context(), host, args)
			if err != nil {
				return err
			}
			return a.answer(r, r.Text())
		},
	}
}
