package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// exitTable is the contract of exit codes, as docs/cli.md has it.
const exitTable = `## Exit codes

| code | meaning |
|---|---|
| 0 | success |
| 1 | unexpected: a bug, or input/output |
| 2 | usage |
| 3 | build.hcl, trust.hcl, nbuild.lock or a lockfile is invalid |
| 10 | a step failed, or steps can't be run |
| 11 | an input is unpinned, missing, or not what its digest says |
| 12 | a rebuild differs |
| 13 | denied by a dynamism, licence or dependency rule |
| 14 | the sandbox can't be had here |
| 20 | rejected by the trust policy |
| 21 | nothing is signed for this digest |
| 22 | could not decide (registry, log or trust root out of reach): treat as rejected |
| 30 | a release gate or ` + "`diff --exit-code`" + ` found changes that it denies |
| 31 | a release gate needs an approval |
| 129, 130, 143 | hung up, interrupted, terminated |

The code of a problem carries its exit code: NB1104 ends with 11. ` + "`nbuild explain CODE`" + ` prints what it means.
`

// TestReferenceIsCurrent holds docs/cli.md to the commands as they are.
func TestReferenceIsCurrent(t *testing.T) {
	a := newApp(surroundings{now: time.Now})
	var b strings.Builder
	b.WriteString("# The command line\n\nMade from the commands themselves: `go test ./cmd/nbuild -update` writes this page.\n\n")
	b.WriteString("stdout is the answer, everything else goes to stderr. With `--json` the answer is one JSON object with a `schema` field, and so is a problem.\n\n")
	b.WriteString("Where an image is named, `oci:DIR[:TAG]` is an OCI layout, `docker-archive:FILE` what docker load takes, and anything else a registry reference.\n\n")
	b.WriteString("`nbuild completion bash` (or zsh, fish, powershell) writes what a shell needs to complete commands, flags, the names in build.hcl, codes, kinds and classes; `nbuild man DIR` writes the manual pages.\n\n")
	b.WriteString("Every command takes:\n\n")
	flags(&b, a.root.PersistentFlags())
	b.WriteString("\nThe store stands in NBUILD_STORE, else in nbuild in the user's cache folder. SOURCE_DATE_EPOCH sets the one date of an image.\n\n")
	for _, g := range a.root.Groups() {
		for _, c := range a.root.Commands() {
			if c.GroupID == g.ID && c.Name() != "help" && c.Name() != "completion" {
				command(&b, c, 2)
			}
		}
	}
	b.WriteString(exitTable)
	const page = "../../docs/cli.md"
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("docs/cli.md is not current; run go test ./cmd/nbuild -update (-page +commands):\n%s", diff)
	}
}

func command(b *strings.Builder, c *cobra.Command, level int) {
	fmt.Fprintf(b, "%s nbuild %s\n\n", strings.Repeat("#", level), strings.TrimPrefix(c.CommandPath(), "nbuild "))
	if c.Runnable() && c.Annotations[holdsOthers] == "" {
		fmt.Fprintf(b, "```\n%s\n```\n\n", c.UseLine())
	}
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	b.WriteString(text + "\n\n")
	if c.LocalNonPersistentFlags().HasAvailableFlags() {
		flags(b, c.LocalNonPersistentFlags())
		b.WriteString("\n")
	}
	for _, sub := range c.Commands() {
		command(b, sub, level+1)
	}
}

// flags writes a table of flags, the help flag aside.
func flags(b *strings.Builder, set *pflag.FlagSet) {
	b.WriteString("| flag | meaning |\n|---|---|\n")
	set.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		name, usage := pflag.UnquoteUsage(f)
		flag := "--" + f.Name
		if f.Shorthand != "" {
			flag = "-" + f.Shorthand + ", " + flag
		}
		if name != "" {
			flag += " " + name
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" {
			usage += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", flag, usage)
	})
}

// TestNoCommandHasMoreThanTenFlags keeps help pages readable.
func TestNoCommandHasMoreThanTenFlags(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		n := 0
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) { n++ })
		if c.Name() != "nbuild" && n > 11 { // the help flag is one
			t.Errorf("%s has %d flags of its own", c.CommandPath(), n-1)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newApp(surroundings{now: time.Now}).root)
}
