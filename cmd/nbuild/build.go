package main

import (
	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/operation/build"
)

func (a *app) buildCommand() *cobra.Command {
	var o build.Options
	cmd := &cobra.Command{
		Use: "build [IMAGE…]", Short: "Build the images as an OCI layout",
		Long: `Builds the images of build.hcl, or only those named, and puts them into an OCI
layout, a registry (by digest, tags last) or a docker archive. Each goes with its
BOM, which nobody signed, so that nbuild diff can compare two builds; a docker
archive can't hold one. Prints one line an image: REF@sha256:….

What it warned of before is not reported again: one line counts it, and -v shows all.
Where CI is set, with --progress json and in the answer of --json, all are reported.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			o.Only = args
			o.Again = a.verbose || a.inCI() || a.progress == "json" || a.progress == "quiet"
			r, err := build.Run(cmd.Context(), host, o)
			if err != nil {
				return err
			}
			text := ""
			for _, i := range r.Images {
				text += i.Ref + "\n"
			}
			return a.answer(r, text)
		},
	}
	cmd.Flags().StringVar(&o.To, "to", "oci:out", "where the images go: oci:`DIR`, docker-archive:FILE or a repository")
	return cmd
}
