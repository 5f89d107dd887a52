package main

import (
	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/operation/plan"
)

func (a *app) planCommand() *cobra.Command {
	return &cobra.Command{
		Use: "plan", Short: "Show the actions, their digests, what is cached and why not",
		Long: `Shows what a build would do, without doing it: each step's action with its digest,
whether its result is known and why not; each image with where its layers come
from; the project's own files, and what is left out of them and why.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			r, err := plan.Make(cmd.Context(), host)
			if err != nil {
				return err
			}
			return a.answer(r, r.Text())
		},
	}
}

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "validate", Short: "Check build.hcl without building",
		Long: `Reads and evaluates build.hcl, and reports everything that is wrong with it at once
(exit 3). Of a valid one it shows the install scripts that script blocks allow, and
why. Nothing else is read: whether what it names is pinned, and by which action each
install script runs, ` + "`nbuild plan`" + ` says.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			v, err := plan.Validate(host)
			if err != nil {
				return err
			}
			return a.answer(v, v.Text())
		},
	}
}
