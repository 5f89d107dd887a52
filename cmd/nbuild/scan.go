package main

import (
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/operation/scan"
)

// scanMemory is where the collector of garbage begins to work harder, in bytes: the
// trees of the largest files, one a processor, fit below it.
const scanMemory = 240 << 20

// scanGrowth is by how many percent memory may grow between two collections, below
// scanMemory: what is kept of a file is little and what it takes is much, so that
// collecting at each doubling is work for nothing.
const scanGrowth = 400

func (a *app) scanCommand() *cobra.Command {
	var o scan.Options
	var format string
	cmd := &cobra.Command{
		Use: "scan [PATH]", Short: "The dynamism inventory of a project, a package, a folder or a file",
		Long: `Reports where code can come to life: eval and its kin, computed requires, child
processes, native addons, install scripts and the rest, by package, with file, line
and source line. Without a PATH it is the project: what nbuild.lock pins, and the
project's own files. A PATH is a folder as it stands (with its node_modules), a
file, a tarball, or pkg:npm/NAME@VERSION of the snapshot. What was found in a
package is kept in the store: a second scan of the same bytes parses nothing.

At most twelve lines say first what was found: the worst first, the project's own
files before packages, and tests of packages last. In SARIF the level is error,
warning or note by the kind: nbuild explain KIND says what each means.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, kind := range o.Kinds {
				if !slices.Contains(scan.Kinds(), kind) {
					return noneOf("--kind", kind, scan.Kinds()...)
				}
			}
			if formats := []string{"text", "json", "sarif"}; !slices.Contains(formats, format) {
				return noneOf("--format", format, formats...)
			}
			if a.json && !cmd.Flags().Changed("format") {
				format = "json"
			}
			if a.env("GOMEMLIMIT") == "" {
				debug.SetMemoryLimit(scanMemory)
			}
			if a.env("GOGC") == "" {
				debug.SetGCPercent(scanGrowth)
			}
			host, err := a.host()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				o.Path = args[0]
			}
			r, err := scan.Run(cmd.Context(), host, o)
			if err != nil {
				return err
			}
			doc := []byte(a.paint(r.Text(), a.answers))
			switch format {
			case "json":
				doc, err = r.JSON()
			case "sarif":
				doc, err = r.SARIF()
			}
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(doc)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&format, "format", "text", "text, json, or sarif for code hosts and editors (SARIF 2.1.0)")
	f.StringSliceVar(&o.Kinds, "kind", nil, "report only these `kinds`")
	f.BoolVar(&o.Production, "production", false, "leave out what only development needs")
	return cmd
}
