package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/operation/release"
)

func (a *app) releaseCommand() *cobra.Command {
	o := release.Options{}
	cmd := &cobra.Command{
		Use: "release --key KEY --trust FILE", Short: "Build, check the gates, push, attest, verify",
		Long: `Builds the images, holds them to the project's gates, pushes them by digest, signs
and attaches provenance, BOM and release, judges what stands there by the trust
file as production would, and only then moves the tag. Prints one line an image:
REF@sha256:…. The exit code is that of the gate that stopped it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			o.Password = a.password
			r, err := release.Run(cmd.Context(), host, o)
			if r == nil {
				return err
			}
			var b strings.Builder
			for _, i := range r.Images {
				if i.Verdict != nil && i.Verdict.Err() != nil && !a.json {
					var verdict strings.Builder
					if err := i.Verdict.WriteText(&verdict); err != nil {
						return err
					}
					fmt.Fprint(a.stderr, a.paint(verdict.String(), a.terminal))
					return shownBefore(i.Verdict.Err())
				}
				b.WriteString(i.Ref + "\n")
			}
			if err != nil {
				return err
			}
			return a.answer(r, b.String())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.To, "to", "", "where the images go: oci:`DIR` or a repository (default: each image's own)")
	f.StringVar(&o.Key, "key", "", "the private `key` that signs")
	f.StringVar(&o.Environment, "environment", "", "the `name` of the environment to release to")
	f.StringVar(&o.Release, "release", "", "the release block whose gates count, where there are several")
	f.StringVar(&o.Baseline, "baseline", "", "compare with `IMAGE` in place of the release block's baseline")
	f.DurationVar(&o.Valid, "valid", 90*24*time.Hour, "how long the release holds")
	trustFlags(f, &o.Trust)
	return cmd
}
