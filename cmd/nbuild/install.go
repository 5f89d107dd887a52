package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/operation/install"
)

func (a *app) installCommand() *cobra.Command {
	var o install.Options
	cmd := &cobra.Command{
		Use: "install", Short: "Lay out node_modules here from the snapshot, as npm ci would",
		Long: `Lays out node_modules beside the lockfile, equal to what npm ci --ignore-scripts
leaves, from the artefacts in nbuild.lock. No script of any package runs, and the
old tree stays until the new one is whole.

npm's settings count as they do for npm ci, in npm's order: the flags here, then
npm_config_ variables, then .npmrc of the project, of the user and of the machine.
Followed are omit, include, production, only, also, dev, optional, NODE_ENV,
bin-links, legacy-peer-deps, engine-strict, os, cpu and libc. A setting that asks for
another tree than nbuild makes (install-strategy and its like) is refused by its
name. No setting changes an image.

An optional package whose engines refuse the Node or the npm of this machine is left
out, as npm leaves it out. A machine that devEngines of package.json does not take is
refused, as npm ci refuses it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			kinds := []string{"dev", "optional", "peer"}
			for i, kind := range slices.Concat(o.Omit, o.Include) {
				if flag := "--omit"; !slices.Contains(kinds, kind) {
					if i >= len(o.Omit) {
						flag = "--include"
					}
					return noneOf(flag, kind, kinds...)
				}
			}
			host, err := a.host()
			if err != nil {
				return err
			}
			r, err := install.Run(cmd.Context(), host, o)
			if r == nil {
				return err
			}
			var b strings.Builder
			for _, d := range r.Differences {
				fmt.Fprintf(&b, "%s: %s\n", diag.Clean(d.Path), d.What)
			}
			if err == nil {
				fmt.Fprintf(&b, "%s, %s%s\n", diag.Count(r.Packages, "package"), diag.Count(r.Files, "file"), sizeSuffix(r.Bytes))
			}
			if answerErr := a.answer(r, b.String()); answerErr != nil {
				return answerErr
			}
			if err != nil && a.json {
				return shownBefore(err)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&o.Npm, "npm", "", "the npm block's `name`, where there are several")
	cmd.Flags().StringSliceVar(&o.Omit, "omit", nil, "leave out `kinds` of dependency: dev, optional, peer")
	cmd.Flags().StringSliceVar(&o.Include, "include", nil, "leave out none of these `kinds`, whatever npm's settings say")
	cmd.Flags().BoolVar(&o.Check, "check", false, "only compare what is there (exit 11)")
	return cmd
}
