package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/operation/bom"
)

func (a *app) sbomCommand() *cobra.Command {
	var o bom.Options
	cmd := &cobra.Command{
		Use: "sbom [IMAGE]", Short: "Print the BOM of an image or of the project (CycloneDX JSON)",
		Long: `Prints the CycloneDX document of an image of build.hcl: every package by install
path, Node, the .debs, with licences, digests and dependencies. It is written from
nbuild.lock; nothing is built and no image is unpacked. Of an IMAGE in a registry
or a layout it prints the BOM that is attached; whose word that is, nbuild verify
says.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if versions := []string{"1.5", "1.6", "1.7"}; o.Version != "" && !slices.Contains(versions, o.Version) {
				return noneOf("--spec-version", o.Version, versions...)
			}
			host, err := a.host()
			if err != nil {
				return err
			}
			var doc []byte
			switch {
			case len(args) == 0:
				doc, err = bom.Run(cmd.Context(), host, o)
			case o.Image != "" || o.All || o.Version != "":
				err = usage("an attached BOM is printed as it is", "leave out --image, --all and --spec-version")
			default:
				doc, err = bom.Attached(cmd.Context(), host, args[0], o.Pretty)
			}
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(doc)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Image, "image", "", "the image block's `name`, where there are several")
	f.BoolVar(&o.All, "all", false, "the whole project, with what development needs")
	f.StringVar(&o.Version, "spec-version", "", "the version of CycloneDX: 1.5, 1.6 or 1.7 (default: what build.hcl says)")
	f.BoolVar(&o.Pretty, "pretty", false, "indent it, for people")
	cmd.AddCommand(&cobra.Command{
		Use: "validate FILE", Short: "Hold a BOM to the schema of its version (exit 3)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			v, err := bom.Validate(host, args[0])
			if err != nil {
				return err
			}
			return a.answer(v, v.File+": valid\n")
		},
	})
	return cmd
}
