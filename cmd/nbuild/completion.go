package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/operation/diff"
	"github.com/nbuild/nbuild/internal/operation/explain"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/operation/plan"
	"github.com/nbuild/nbuild/internal/operation/scan"
)

// completer is what cobra asks for the words that may stand next.
type completer = func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective)

// complete teaches the shells what the commands take: their own words, and the names
// that the build file and the lockfiles here give. What can't be read completes to
// nothing: a shell has no place for a problem.
func (a *app) complete() {
	fixed := func(words ...string) completer {
		return a.words(func(machine.Host) ([]string, error) { return words, nil })
	}
	named := func(pick func(plan.Names) []string) completer {
		return a.words(func(h machine.Host) ([]string, error) {
			names, err := plan.Named(h)
			return pick(names), err
		})
	}
	images := named(func(n plan.Names) []string { return n.Images })

	for flag, values := range map[string]completer{
		"--color":             fixed("auto", "always", "never"),
		"--progress":          fixed("auto", "tty", "plain", "quiet", "json"),
		"diff --deny":         fixed(diff.Classes()...),
		"diff --review":       fixed(diff.Classes()...),
		"diff --platform":     fixed(platforms...),
		"install --npm":       named(func(n plan.Names) []string { return n.Npm }),
		"install --omit":      fixed("dev", "optional", "peer"),
		"keygen --algorithm":  fixed("ecdsa", "ed25519"),
		"pin --update":        a.words(pin.Names),
		"run --platform":      fixed(platforms...),
		"release --release":   named(func(n plan.Names) []string { return n.Releases }),
		"sbom --image":        images,
		"sbom --spec-version": fixed("1.5", "1.6", "1.7"),
		"scan --format":       fixed("text", "json", "sarif"),
		"scan --kind":         fixed(scan.Kinds()...),
		"trace --image":       images,
		"trace --node":        fixed("20", "22", "24", "26"),
	} {
		cmd, name := a.root, strings.TrimPrefix(flag, "--")
		if command, rest, found := strings.Cut(flag, " --"); found {
			cmd, _, _ = a.root.Find([]string{command})
			name = rest
		}
		if err := cmd.RegisterFlagCompletionFunc(name, values); err != nil {
			panic(err) // the table above names a flag that is not there
		}
	}
	for command, words := range map[string]completer{
		"build":   images,
		"check":   images,
		"run":     named(func(n plan.Names) []string { return n.Steps }),
		"explain": a.words(func(machine.Host) ([]string, error) { return explain.Words() }),
	} {
		cmd, _, _ := a.root.Find([]string{command})
		cmd.ValidArgsFunction = words
	}
}

// words makes a completer of a list: those that begin as what is typed does, in any case
// of letters, and no names of files. After a comma the next of a list begins.
func (a *app) words(list func(machine.Host) ([]string, error)) completer {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		const none = cobra.ShellCompDirectiveNoFileComp
		if a.prepare() != nil {
			return nil, none
		}
		host, err := a.host()
		if err != nil {
			return nil, none
		}
		all, err := list(host)
		if err != nil {
			return nil, none
		}
		before := typed[:strings.LastIndexByte(typed, ',')+1]
		prefix := strings.ToLower(strings.TrimPrefix(typed, before))
		var fit []string
		for _, word := range all {
			if strings.HasPrefix(strings.ToLower(word), prefix) {
				fit = append(fit, before+word)
			}
		}
		return fit, none
	}
}
