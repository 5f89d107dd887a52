package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/operation/keys"
)

func (a *app) keygenCommand() *cobra.Command {
	var o keys.Options
	cmd := &cobra.Command{
		Use: "keygen NAME", Short: "Make a key pair (encrypted, as cosign reads it)",
		Long: `Writes NAME.key, encrypted under a password, and NAME.pub. The password is asked
on a terminal; elsewhere it is taken from NBUILD_PASSWORD.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			pair, err := keys.Generate(host, args[0], a.newPassword, o)
			if err != nil {
				return err
			}
			return a.answer(pair, fmt.Sprintf("private key  %s\npublic key   %s\nfingerprint  %s\n", pair.Private, pair.Public, pair.Fingerprint))
		},
	}
	cmd.Flags().StringVar(&o.Algorithm, "algorithm", "ecdsa", "the signature scheme: ecdsa or ed25519")
	cmd.Flags().BoolVar(&o.EmptyPassword, "empty-password", false, "allow an empty password: whoever has the file can sign")
	return cmd
}
