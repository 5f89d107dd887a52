package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/operation/man"
)

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages into a folder",
		Long: `Writes a page for each command, nbuild.1, nbuild-build.1 and so on, into DIR, which is
made where it is missing. man finds them where DIR is ~/.local/share/man/man1, or
another folder of its path.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			pages, err := man.Write(host, args[0])
			if err != nil {
				return err
			}
			return a.answer(pages, fmt.Sprintf("%s in %s\n", diag.Count(len(pages.Files), "page"), pages.Dir))
		},
	}
}
