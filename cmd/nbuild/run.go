package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
	operation "github.com/nbuild/nbuild/internal/operation/run"
)

func (a *app) runCommand() *cobra.Command {
	var o operation.Options
	shell := false
	cmd := &cobra.Command{
		Use: "run STEP", Short: "Run one step in its sandbox and show its log",
		Long: `Runs a step of build.hcl, with the steps that it needs, as a build does: in the
sandbox, with the inputs that it names and nothing else. What its command prints goes
to stdout. What it leaves is in the store, where a build finds it.

A step whose action ran before is not run again: its log is shown once more. A step
that fails (exit 10) leaves its log and what it wrote in the store, and the message says
where; nbuild cache prune removes them.

With --shell a shell runs in the sandbox in place of the step's command, with all that the
step reads, its environment and its limits but that of time; where the step failed, its
working folder is as it was left. What is written there is thrown away. The shell reads
stdin and has no terminal, which a command in a sandbox could act on: there is no job
control, and Ctrl-C ends it. A shell that ends with another code than 0 is exit 10.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := a.host()
			if err != nil {
				return err
			}
			o.Step = args[0]
			if shell {
				return a.shell(cmd, host, o)
			}
			if !a.json {
				o.Log = clean{a.stdout}
			} else {
				o.Log = io.Discard
			}
			r, err := operation.Run(cmd.Context(), host, o)
			if err != nil {
				return err
			}
			if a.progress != "quiet" && a.progress != "json" && !a.json {
				a.say(ran(r))
			}
			return a.answer(r, "")
		},
	}
	cmd.Flags().StringVar(&o.Platform, "platform", "", "the `platform`, as linux/amd64; this machine's by default")
	cmd.Flags().BoolVar(&shell, "shell", false, "run a shell in place of the step's command")
	return cmd
}

// shell runs a shell in the sandbox of a step.
func (a *app) shell(cmd *cobra.Command, host machine.Host, o operation.Options) error {
	if a.json {
		return usage("a shell has no JSON to print", "leave --json or --shell out")
	}
	exit, err := operation.Look(cmd.Context(), host, o, operation.Shell{
		In: a.stdin, Out: &plain{w: a.stdout}, Prompts: isTerminal(a.stdin),
		Begin: func(kept bool) {
			a.done()
			if kept {
				a.say(fmt.Sprintf("step %s failed before: its working folder is as it was left", diag.Clean(o.Step)))
			}
		},
	})
	if err == nil && exit != 0 {
		a.say(fmt.Sprintf("the shell ended with %d", exit))
		err = exitCode(codeFailed)
	}
	return err
}

// codeFailed is the exit code of what a step's command did not do.
const codeFailed = 10

// plain writes what a program prints as it comes, without what could steer the terminal.
type plain struct {
	w    io.Writer
	rest []byte // the beginning of a character
}

// Write implements io.Writer.
func (p *plain) Write(b []byte) (int, error) {
	text := append(p.rest, b...)
	whole := len(text)
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		if utf8.RuneStart(text[len(text)-back]) {
			if !utf8.FullRune(text[len(text)-back:]) {
				whole = len(text) - back
			}
			break
		}
	}
	out := bytes.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
			return -1
		}
		return r
	}, text[:whole])
	p.rest = append([]byte(nil), text[whole:]...)
	_, err := p.w.Write(out)
	return len(b), err
}

// ran says in a line what a step came to.
func ran(r *operation.Report) string {
	var size int64
	for _, o := range r.Outputs {
		size += o.Size
	}
	how := fmt.Sprintf("ran in %s", (time.Duration(r.WallMS) * time.Millisecond).Round(10*time.Millisecond))
	if r.Cached {
		how = "is as it was"
	}
	return fmt.Sprintf("step %s %s, %s%s", diag.Clean(r.Step), how, diag.Count(len(r.Outputs), "file"), sizeSuffix(size))
}

// clean writes lines of other programs, so that they can't steer the terminal.
type clean struct{ w io.Writer }

// Write writes whole lines.
func (c clean) Write(p []byte) (int, error) {
	_, err := fmt.Fprintln(c.w, diag.Clean(strings.TrimSuffix(string(p), "\n")))
	return len(p), err
}

// isTerminal reports whether somebody types what is read.
func isTerminal(in any) bool {
	f, ok := in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
