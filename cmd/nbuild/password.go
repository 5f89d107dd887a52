package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"
)

// passwordVariables hold the password of a private key, the first that is set. Whoever
// signs needs it, and nobody else does: a project's .npmrc names variables that are
// sent to a registry, and programs that are run see the environment.
var passwordVariables = []string{"NBUILD_PASSWORD", "COSIGN_PASSWORD"}

// secretVariables are what no program that is run, and no setting that is sent anywhere, sees.
var secretVariables = append([]string{"NBUILD_REMOTE_TOKEN"}, passwordVariables...)

// withoutSecrets is an environment without them.
func withoutSecrets(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(secretVariables, name)
	})
}

// password asks for the password of a private key: NBUILD_PASSWORD, cosign's own
// COSIGN_PASSWORD, else the terminal. Nothing is asked where stdin is none.
func (a *app) password() ([]byte, error) {
	for _, name := range passwordVariables {
		if slices.ContainsFunc(a.environ, func(kv string) bool { return strings.HasPrefix(kv, name+"=") }) {
			return []byte(a.env(name)), nil
		}
	}
	return a.ask("password of the key: ")
}

// newPassword asks for the password of a new key, twice on a terminal.
func (a *app) newPassword() ([]byte, error) {
	if f, ok := a.stdin.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return a.password()
	}
	first, err := a.ask("new password: ")
	if err != nil {
		return nil, err
	}
	second, err := a.ask("the same again: ")
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first, second) {
		return nil, errors.New("the two passwords differ")
	}
	return first, nil
}

func (a *app) ask(prompt string) ([]byte, error) {
	f, ok := a.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, errors.New("no password: set NBUILD_PASSWORD, or run it on a terminal")
	}
	fmt.Fprint(a.stderr, prompt)
	defer fmt.Fprintln(a.stderr)
	return term.ReadPassword(int(f.Fd()))
}
