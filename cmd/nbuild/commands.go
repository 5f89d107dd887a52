package main

import "github.com/spf13/cobra"

// commands hangs every command on the root, in the groups of the contract.
func (a *app) commands() {
	groups := []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{"start", "Start", []*cobra.Command{a.initCommand(), a.explainCommand()}},
		{"build", "Build", []*cobra.Command{
			a.fmtCommand(), a.validateCommand(), a.pinCommand(), a.vendorCommand(), steps(a.installCommand()), a.planCommand(), steps(a.runCommand()), steps(a.buildCommand()), steps(a.checkCommand()), a.rebuildCommand(), a.registryCommand(), a.cacheCommand(),
		}},
		{"evidence", "Evidence", []*cobra.Command{a.sbomCommand(), a.scanCommand(), a.traceCommand(), a.diffCommand()}},
		{"release", "Release", []*cobra.Command{steps(a.releaseCommand()), a.keygenCommand()}},
		{"trust", "Trust", []*cobra.Command{a.verifyCommand(), a.trustCommand()}},
		{"other", "Other", []*cobra.Command{a.doctorCommand(), a.versionCommand(), a.manCommand()}},
	}
	cobra.EnableCommandSorting = false // they stand in the order of their use
	for _, g := range groups {
		a.root.AddGroup(&cobra.Group{ID: g.id, Title: g.title + ":"})
		for _, c := range g.commands {
			c.GroupID = g.id
			a.root.AddCommand(c)
		}
	}
	a.root.AddCommand(a.anewCommand())
	a.root.SetHelpCommandGroupID("other")
	a.root.SetCompletionCommandGroupID("other")
}
