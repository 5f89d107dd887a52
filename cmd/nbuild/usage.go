package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/nbuild/nbuild/internal/diag"
)

// codeUsage is a command line that can't be read.
const codeUsage diag.Code = "NB0200"

// usage makes the problem of a command line that can't be read.
func usage(what, remedy string) error {
	return &diag.Problem{Code: codeUsage, What: what, Remedy: remedy}
}

// noneOf makes the problem of a flag's value that is none of those it takes.
func noneOf(flag, value string, allowed ...string) error {
	return usage(fmt.Sprintf("%s does not know %q", flag, value), diag.DidYouMean(value, allowed, flag+" %s"))
}

// holdsOthers marks a command that does nothing itself.
const holdsOthers = "holds others"

// usageOfHolders prints usage as given does, but does not show a command that only
// holds others as one to be called alone.
func usageOfHolders(given func(*cobra.Command) error) func(*cobra.Command) error {
	return func(cmd *cobra.Command) error {
		if cmd.Annotations[holdsOthers] != "" {
			run := cmd.RunE
			cmd.RunE = nil
			defer func() { cmd.RunE = run }()
		}
		return given(cmd)
	}
}

// everyMistakeIsUsage makes a wrong number of arguments, and the name of a command
// that is not there, a usage problem of cmd and of every command below it. A command
// that only holds others shows its help where it is called alone.
func everyMistakeIsUsage(cmd *cobra.Command) {
	check := cmd.Args
	if !cmd.Runnable() {
		check = cobra.NoArgs
		cmd.Annotations = map[string]string{holdsOthers: "true"}
		cmd.RunE = func(cmd *cobra.Command, args []string) error { return cmd.Help() }
	}
	if check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if check(cmd, args) == nil {
				return nil
			}
			return argumentProblem(cmd, args)
		}
	}
	for _, c := range cmd.Commands() {
		everyMistakeIsUsage(c)
	}
}

// argumentProblem says what is wrong with a command's arguments.
func argumentProblem(cmd *cobra.Command, args []string) error {
	if names := commandNames(cmd); len(names) > 0 && len(args) > 0 {
		if near := diag.Nearest(args[0], names); near != "" || !cmd.HasParent() || strings.Fields(cmd.Use)[0] == cmd.Use {
			return unknownCommand(cmd, args[0])
		}
	}
	takes := "takes no argument"
	if form := argumentsOf(cmd); form != "" {
		takes = "takes " + form
	}
	given := "none was given"
	if len(args) > 0 {
		given = fmt.Sprintf("%d were given", len(args))
	}
	if len(args) == 1 {
		given = fmt.Sprintf("%q was given", args[0])
	}
	return usage(fmt.Sprintf("`%s` %s, and %s", cmd.CommandPath(), takes, given), fmt.Sprintf("see `%s --help`", cmd.CommandPath()))
}

// argumentsOf are the arguments in a command's usage line, without its flags.
func argumentsOf(cmd *cobra.Command) string {
	words := strings.Fields(cmd.Use)[1:]
	for i := 0; i+1 < len(words); i++ {
		if strings.HasPrefix(words[i], "-") && words[i] != "--" {
			words = append(words[:i], words[i+2:]...)
			i--
		}
	}
	return strings.Join(words, " ")
}

// unknownCommand is the problem of a word that is not a command below cmd.
func unknownCommand(cmd *cobra.Command, word string) error {
	remedy := fmt.Sprintf("see `%s --help`", cmd.CommandPath())
	if near := diag.Nearest(word, commandNames(cmd)); near != "" {
		remedy = fmt.Sprintf("did you mean `%s %s`? Else see `%s --help`", cmd.CommandPath(), near, cmd.CommandPath())
	}
	return usage(fmt.Sprintf("unknown command %q for %q", word, cmd.CommandPath()), remedy)
}

func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// flagProblem makes a usage problem of what the flag parser says, with the nearest
// flag where one is unknown.
func flagProblem(cmd *cobra.Command, err error) error {
	remedy := fmt.Sprintf("see `%s --help`", cmd.CommandPath())
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, f.Name)
			}
		})
		if near := diag.Nearest(unknown.GetSpecifiedName(), names); near != "" {
			remedy = fmt.Sprintf("did you mean --%s? Else see `%s --help`", near, cmd.CommandPath())
		}
	}
	return usage(err.Error(), remedy)
}

// helpCommand is cobra's `help`, which fails where there is no such command.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND…]", Short: "Say how a command is used",
		Long: "Prints what a command does and the flags that it takes, as `nbuild COMMAND --help` does.",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if about == nil {
				about = cmd.Root()
			}
			if err != nil || len(rest) > 0 && about.HasSubCommands() {
				if len(rest) == 0 {
					rest = args
				}
				return unknownCommand(about, rest[0])
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			about, _, err := cmd.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, name := range commandNames(about) {
				if strings.HasPrefix(name, prefix) {
					names = append(names, name)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}
