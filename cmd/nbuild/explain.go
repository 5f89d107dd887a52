package main

import (
	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/operation/explain"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain WORD", Short: "Say what a problem code, a rule, a kind of finding, a block or a standard pipeline means",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			page, err := explain.Explain(args[0])
			if err != nil {
				return err
			}
			return a.answer(page, page.Text)
		},
	}
}
