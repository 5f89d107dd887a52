package main

import (
	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/operation/doctor"
)

func (a *app) doctorCommand() *cobra.Command {
	var o doctor.Options
	cmd := &cobra.Command{
		Use: "doctor", Short: "Say whether this machine has what nbuild needs",
		Long: `Looks at this machine, a line a finding: OK, weak or missing, each with what mends it. A
sandbox is made, each kind of namespace tried, and how limits are held is seen; the store
and the room on its disk; the registries of npm's configuration, which are asked whether
they are there, and this machine's clock by theirs; Node and npm; and a private key, where
--key names one. No credential is shown, and no password asked.

What is missing is the exit code: 14 where the sandbox can't be made, with the problem that
a step would end with.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			r, err := doctor.Run(cmd.Context(), host, o)
			if err != nil {
				return err
			}
			if err := a.answer(r, r.Text()); err != nil {
				return err
			}
			return shownBefore(r.Err())
		},
	}
	cmd.Flags().StringVar(&o.Key, "key", "", "a private key's `file` to look at")
	return cmd
}
