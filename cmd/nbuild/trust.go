package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/operation/keys"
	"github.com/nbuild/nbuild/internal/operation/trust"
)

func (a *app) trustCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "trust", Short: "Check or sign a trust file", Args: cobra.NoArgs,
		Long: `A trust file says who may sign what for which environment. It belongs to who
operates production, stands outside the repositories that it judges, and is
signed by a threshold of root keys.`,
	}
	cmd.AddCommand(a.trustCheckCommand(), a.trustSignCommand())
	return cmd
}

func (a *app) trustCheckCommand() *cobra.Command {
	var o trust.Options
	cmd := &cobra.Command{
		Use: "check FILE", Short: "Read a trust file and say whether it may be trusted (exit 3, 22)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			o.File = args[0]
			check, err := trust.Judge(host, o)
			if err != nil {
				return err
			}
			var b strings.Builder
			fmt.Fprintf(&b, "%s: trust %q, version %d, %s\n", diag.Clean(check.File), diag.Clean(check.Name), check.Version, check.Digest)
			for _, c := range check.Checks {
				fmt.Fprintf(&b, "  %-7s  %-14s  %s\n", c.Result, c.ID, diag.Lines(c.Have, strings.Repeat(" ", 27)))
				if c.Remedy != "" {
					fmt.Fprintf(&b, "  %-7s  %-14s  fix: %s\n", "", "", diag.Lines(c.Remedy, strings.Repeat(" ", 32)))
				}
			}
			if err := a.answer(check, b.String()); err != nil {
				return err
			}
			a.closed(check.Closed)
			if !check.Usable {
				return exitCode(22)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Roots, "root", nil, "a root `fingerprint` that you trust, or threshold=N")
	f.BoolVar(&o.Unsigned, "trust-unsigned", false, "take the trust file as it is")
	f.StringArrayVar(&o.Earlier, "trust-earlier", nil, "an earlier trust `file`, where the root changed since")
	return cmd
}

// closed reports what a trust file leaves nobody for: whoever takes a member out has to
// know what stops then.
func (a *app) closed(sentences []string) {
	for _, s := range sentences {
		if !a.json {
			fmt.Fprintf(a.stderr, "note: %s\n", diag.Clean(s))
		}
	}
}

func (a *app) trustSignCommand() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "sign --key KEY FILE", Short: "Add a root key's signature to a trust file", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			signer, err := keys.Load(host, key, a.password)
			if err != nil {
				return err
			}
			signed, err := trust.Sign(cmd.Context(), host, args[0], signer)
			if err != nil {
				return err
			}
			if !signed.Root && !a.json {
				fmt.Fprintf(a.stderr, "note: this key is no root key of %s. Its signature counts only where it is of a root before this one, which --trust-earlier names.\n", diag.Clean(args[0]))
			}
			a.closed(signed.Closed)
			return a.answer(signed, signed.Signatures+"\n")
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "the root's private `key`")
	return cmd
}
