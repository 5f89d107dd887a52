package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/operation/pin"
)

func (a *app) pinCommand() *cobra.Command {
	var o pin.Options
	cmd := &cobra.Command{
		Use: "pin", Short: "Resolve everything outside and write nbuild.lock",
		Long: `Downloads what the lockfile names, Node, the .debs of bases, base images and
fetched files, and writes what they are into nbuild.lock. What is pinned stays as
it is; --update NAME pins a package, "node", "debian", a base, a fetched file or
"all" anew. Commit nbuild.lock.

What only development needs and can't be pinned (a folder, a git repository) is left
out and listed; whatever needs it is refused by name.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			r, err := pin.Run(cmd.Context(), host, o)
			if err != nil {
				return err
			}
			text := ""
			for _, c := range []struct {
				sign  string
				names []string
			}{{"+", r.Added}, {"~", r.Changed}, {"-", r.Removed}} {
				for _, n := range c.names {
					text += c.sign + " " + diag.Clean(n) + "\n"
				}
			}
			for _, l := range r.Left {
				text += leftOut(l)
			}
			return a.answer(r, text+r.NotNamed()+fmt.Sprintf("%s: %s, %s\n", r.File, diag.Count(r.Artefacts, "artefact"), r.Digest))
		},
	}
	cmd.Flags().StringArrayVar(&o.Update, "update", nil, "pin `NAME` anew")
	cmd.Flags().BoolVar(&o.Check, "check", false, "only say whether nbuild.lock is current (exit 11)")
	return cmd
}

// leftOut reports a package that is not pinned.
func leftOut(l pin.Left) string {
	id := l.Name
	if l.Version != "" {
		id += "@" + l.Version
	}
	return fmt.Sprintf("left out: %s, which only development needs: %s (%s)\n", diag.Clean(id), diag.Clean(l.Problem.What), l.Problem.Code)
}

func (a *app) vendorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "vendor", Short: "Bring every pinned artefact into the store",
		Long: `Fetches what nbuild.lock names and the store lacks, and holds each to upstream's
integrity and to the SHA-256 in nbuild.lock. Afterwards a build needs no network.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			r, err := pin.Vendor(cmd.Context(), host)
			if err != nil {
				return err
			}
			return a.answer(r, fmt.Sprintf("%s%s in the store\n", diag.Count(r.Artefacts, "artefact"), sizeSuffix(r.Bytes)))
		},
	}
}
