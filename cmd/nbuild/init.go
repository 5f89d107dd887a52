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
		Long: `Writes the shortest build file that builds what the project starts: what its start
scripts come to in node, else a Procfile's or a Dockerfile's command, else the server
of a framework, else a package's command that a start script runs, else main,
server.js, index.js or app.js; with a step for what its build scripts make, a check of
the image where its port and a route are known, and a block for each package with an
install script, which is a comment until you allow it. What could not be known stands
in a list at the end of the file, and on standard error. A file that is there is never
written over.`,
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
			for _, u := range r.Unknown {
				a.say("not known: " + diag.Clean(u))
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
