package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/nbuild/nbuild/internal/operation/trust"
	"github.com/nbuild/nbuild/internal/operation/verify"
)

// trustFlags are the flags that name a trust file and what vouches for it.
func trustFlags(f *pflag.FlagSet, o *trust.Options) {
	f.StringVar(&o.File, "trust", "", "the trust `file` to judge by")
	f.StringArrayVar(&o.Roots, "root", nil, "a root `fingerprint` that you trust, or threshold=N")
	f.BoolVar(&o.Unsigned, "trust-unsigned", false, "take the trust file as it is; the verdict says so")
	f.StringArrayVar(&o.Earlier, "trust-earlier", nil, "an earlier trust `file`, where the root changed since")
}

func (a *app) verifyCommand() *cobra.Command {
	var o verify.Options
	cmd := &cobra.Command{
		Use: "verify --trust FILE IMAGE", Short: "Say whether production would accept an image, and why",
		Long: `Resolves IMAGE to a digest and judges it by what is signed about it and by the
trust file, which comes from who operates production. Every check is listed with
what it needs, what there is and how to mend it. Exit 0 accepts; 20 rejects; 21
means that nothing is signed; 22 that no decision could be reached, which is a
rejection.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			o.Reference = args[0]
			if o.Timeout <= 0 {
				return usage("--timeout takes a time over 0", "write one such as `--timeout 90s` or 5m")
			}
			verdict, err := verify.Run(cmd.Context(), host, o)
			if err != nil {
				return err
			}
			if a.json {
				err = verdict.WriteJSON(a.stdout)
			} else {
				var b strings.Builder
				if err = verdict.WriteText(&b); err == nil {
					err = a.answer(nil, b.String())
				}
			}
			if err != nil {
				return err
			}
			return shownBefore(verdict.Err())
		},
	}
	f := cmd.Flags()
	trustFlags(f, &o.Trust)
	f.StringVar(&o.Environment, "environment", "", "the `name` of the environment to judge for")
	f.StringVar(&o.StateDir, "state", "", "a `dir` that remembers the newest accepted release")
	f.DurationVar(&o.Timeout, "timeout", 5*time.Minute, "how long a verdict may take")
	return cmd
}
