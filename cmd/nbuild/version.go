package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versionReport is nbuild.version/v1.
type versionReport struct {
	Schema  string `json:"schema"`
	Version string `json:"version"`
	Go      string `json:"go"`
	Commit  string `json:"commit"`
	Dirty   bool   `json:"dirty"`
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			r := readVersion()
			return a.answer(r, r.text())
		},
	}
}

// versionFlag gives the root a --version that prints what `version` does. Cobra's own
// would bring text/template, and with it every method of every type that is linked.
func (a *app) versionFlag() {
	asked := a.root.Flags().Bool("version", false, "print the version")
	alone := a.root.RunE
	a.root.RunE = func(cmd *cobra.Command, args []string) error {
		if *asked {
			r := readVersion()
			return a.answer(r, r.text())
		}
		return alone(cmd, args)
	}
}

func readVersion() versionReport {
	r := versionReport{Schema: "nbuild.version/v1", Version: version}
	if info, ok := debug.ReadBuildInfo(); ok {
		r.Go = info.GoVersion
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				r.Commit = s.Value
			case "vcs.modified":
				r.Dirty = s.Value == "true"
			}
		}
	}
	return r
}

func (r versionReport) text() string {
	text := "nbuild " + r.Version
	if r.Commit != "" {
		text += " " + r.Commit
	}
	return fmt.Sprintf("%s (%s)\n", text, r.Go)
}
