// Command nbuild takes a Node.js project from its lockfile to a signed image that
// production accepts, and says what runs there.
//
// This package is the edge: the only one that reads the clock, the environment,
// the working directory and the terminal. It turns flags into the Options of an
// operation and prints what comes back; it decides nothing. One file holds one
// command.
//
// The invariant: stdout is the answer and nothing else, so that it can be piped;
// progress, problems and advice go to stderr.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/nbuild/nbuild/internal/machine"
)

// surroundings is what a run takes from its process: tests hand in their own.
type surroundings struct {
	args           []string
	environ        []string
	dir            string // absolute
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       bool       // stderr is one
	answers        bool       // stdout is one, where answers go
	width          func() int // columns of stderr's terminal, nil or 0 for not known
	now            func() time.Time
	patience       machine.Patience // with servers; only tests have another than the project's
	debian         machine.Debian   // only tests have another than this machine's
}

func main() {
	collect()
	dir, err := os.Getwd()
	if err != nil {
		os.Stderr.WriteString("error: " + err.Error() + "\n")
		os.Exit(1)
	}
	environ := os.Environ()
	for _, name := range secretVariables {
		os.Unsetenv(name) // no helper program that is run inherits it
	}
	os.Exit(run(surroundings{
		args: os.Args[1:], environ: environ, dir: dir,
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		terminal: term.IsTerminal(int(os.Stderr.Fd())), answers: term.IsTerminal(int(os.Stdout.Fd())), width: columns, now: time.Now,
	}))
}

// columns are those of the terminal that progress is drawn on; it may be resized.
func columns() int {
	n, _, err := term.GetSize(int(os.Stderr.Fd()))
	if err != nil {
		return 0
	}
	return n
}

// run executes one command line and returns its exit code.
func run(s surroundings) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // else nohup started it
		signal.Notify(signals, syscall.SIGHUP)
	}
	defer signal.Stop(signals)
	go func() {
		if sig, ok := <-signals; ok {
			cancel(stopped{sig})
			signal.Stop(signals) // a second signal ends the process at once
		}
	}()
	a := newApp(s)
	err := a.execute(ctx)
	var by stopped
	if err != nil && errors.As(context.Cause(ctx), &by) {
		a.say("nbuild: stopped by " + by.signal.String() + "; what was finished is kept, run the command again to go on")
		switch by.signal {
		case os.Interrupt:
			return 130
		case syscall.SIGHUP:
			return 129
		}
		return 143
	}
	return a.finish(err)
}

// stopped is the cause of a context that a signal ended.
type stopped struct{ signal os.Signal }

func (s stopped) Error() string { return "stopped by " + s.signal.String() }
