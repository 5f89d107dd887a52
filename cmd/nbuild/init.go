package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/operation/initialise"
)

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use: "init", Short: "Write build.hcl for the package.json here",
		Long: `Writes the shortest build file that builds what package.json starts: its start
script where that is plain node, else main, else server.js or index.js. A file that
is there is never written over.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			r, err := initialise.Write(host.Dir, host.File)
			if err != nil {
				return err
			}
			text := ""
			if r.Workspace != "" {
				text = fmt.Sprintf("this is a member of the workspace in %s; a lockfile of its own makes it an image by itself\n", diag.Clean(r.Workspace))
			}
			if r.Missing != "" {
				text += fmt.Sprintf("%s is not there yet: make it before you build, and name its folder in a layer if git ignores it\n", diag.Clean(r.Missing))
			}
			return a.answer(r, text+fmt.Sprintf("wrote %s: the image runs `%s`, by %s\nnext: %s\n", r.File, diag.Clean(strings.Join(r.Cmd, " ")), r.From, strings.Join(r.Next, " && ")))
		},
	}
}
