package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// outside is an address of the loopback that is not the usual one: a server that listens
// where its container is reached from answers here as well, and one that listens on
// 127.0.0.1 alone does not.
const outside = "127.0.0.2"

// localFor is how long a server may be seen to answer on the usual address alone before
// that is taken for an answer.
const localFor = 3 * time.Second

// runImage starts the command of an image and holds it to what is asked of it. What was
// asked, and how it ended, is the last line of the log.
func runImage(o *innerOrder) ending {
	asked := o.Container.Asked
	deadline := time.Now().Add(asked.Timeout)
	output, seen := os.Stdout, (*listener)(nil)
	if asked.Text != "" && asked.HTTP == nil {
		var err error
		if seen, err = listen(asked.Text); err != nil {
			return ending{Failed: "the command's output", Cause: err.Error()}
		}
		output = seen.in
	}
	o.Env = atHome(o.Env, int(o.Container.User))
	cmd, failed := start(o, output)
	if failed != nil {
		failed.Unmet = "its command can't be started"
		return *failed
	}
	ended := make(chan ending, 1)
	go func() { ended <- wait(cmd) }()

	var e ending
	switch {
	case asked.HTTP != nil:
		e = question(asked, deadline, ended)
	case asked.Alive > 0:
		e = alive(asked.Alive, ended)
	default:
		e = finished(asked.Timeout, ended)
	}
	if e.Unmet == "" && e.Failed == "" && seen != nil && !seen.heard(deadline) {
		e.Exit, e.Unmet = max(e.Exit, 1), fmt.Sprintf("it did not print %q", asked.Text)
	}
	if e.Failed == "" {
		said := e.Unmet
		if said == "" {
			said = "it did what was asked"
		}
		fmt.Fprintln(os.Stderr, "nbuild: "+said)
	}
	return e
}

// early is the end of a command that was to run on.
func early(e ending, before string) ending {
	if e.Failed != "" {
		return e
	}
	e.Unmet = fmt.Sprintf("it %s before %s, and a container ends with its command", how(e.Exit), before)
	e.Exit = max(e.Exit, 1)
	return e
}

func how(exit int) string {
	if exit > 128 {
		return fmt.Sprintf("was killed by signal %d", exit-128)
	}
	return fmt.Sprintf("ended with %d", exit)
}

// alive lets the command run for a time.
func alive(long time.Duration, ended <-chan ending) ending {
	select {
	case e := <-ended:
		return early(e, fmt.Sprintf("it had run for %s", long))
	case <-time.After(long):
		return ending{Processes: tasks()}
	}
}

// finished waits for a command that has to end with 0.
func finished(within time.Duration, ended <-chan ending) ending {
	select {
	case e := <-ended:
		if e.Exit != 0 && e.Failed == "" {
			e.Unmet = "it " + how(e.Exit)
		}
		return e
	case <-time.After(within):
		return ending{Exit: 1, Unmet: fmt.Sprintf("it did not end within %s", within), Processes: tasks()}
	}
}

// question asks until there is an answer of less than 500, which a server gives that is
// still starting.
func question(asked protocol.Asked, deadline time.Time, ended <-chan ending) ending {
	q := asked.HTTP
	last := fmt.Sprintf("nothing listened on port %d", q.Port)
	var local time.Time // since when it answers where nobody outside of its container asks
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		a := ask(q, asked.Text, deadline)
		switch {
		case a.final && a.unmet == "":
			fmt.Fprintf(os.Stderr, "nbuild: GET %s: %d\n", a.url, a.status)
			return ending{Processes: tasks()}
		case a.final:
			return ending{Exit: 1, Unmet: a.unmet, Processes: tasks()}
		case a.unmet != "":
			last = a.unmet
		}
		switch {
		case a.local && local.IsZero():
			local = time.Now()
		case a.local && time.Since(local) > localFor:
			return ending{Exit: 1, Unmet: fmt.Sprintf("it listens on port %d of localhost alone, and nothing outside of its container reaches that", q.Port), Processes: tasks()}
		case !a.local:
			local = time.Time{}
		}
		select {
		case e := <-ended:
			return early(e, fmt.Sprintf("it answered on port %d", q.Port))
		case <-time.After(min(pause, max(time.Until(deadline), 0))):
		}
		if !time.Now().Before(deadline) {
			return ending{Exit: 1, Unmet: fmt.Sprintf("within %s %s", asked.Timeout, last), Processes: tasks()}
		}
	}
}

// listener looks for a text in what a command prints, and hands everything on.
type listener struct {
	in    *os.File // given to the command
	out   *os.File
	found chan bool // true once the text came, false at the end without it
}

func listen(text string) (*listener, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	l := &listener{in: w, out: r, found: make(chan bool, 1)}
	go func() {
		var tail []byte
		there := false
		buf := make([]byte, 32<<10)
		for {
			n, err := r.Read(buf)
			_, _ = os.Stdout.Write(buf[:n])
			if !there {
				tail = append(tail, buf[:n]...)
				if there = bytes.Contains(tail, []byte(text)); there {
					l.found <- true
				}
				if keep := len(text) - 1; len(tail) > keep {
					tail = append(tail[:0], tail[len(tail)-keep:]...)
				}
			}
			if err != nil {
				if !there {
					l.found <- false
				}
				return
			}
		}
	}()
	return l, nil
}

// heard reports whether the text was printed. What the command has started may hold the
// pipe open, so that it ends by itself only where nothing runs any more.
func (l *listener) heard(deadline time.Time) bool {
	l.in.Close()
	select {
	case yes := <-l.found:
		return yes
	default:
	}
	_ = l.out.SetReadDeadline(time.Now().Add(min(500*time.Millisecond, max(time.Until(deadline), 100*time.Millisecond))))
	return <-l.found
}

// maxPasswd is how much of /etc/passwd is read.
const maxPasswd = 1 << 20

// atHome sets HOME where an environment has none, as container engines do: to what the
// image's /etc/passwd says of its user, else to the root.
func atHome(env []string, user int) []string {
	for _, kv := range env {
		if strings.HasPrefix(kv, "HOME=") {
			return env
		}
	}
	return append(env, "HOME="+homeOf(user))
}

func homeOf(user int) string {
	f, err := os.Open("/etc/passwd")
	if err != nil {
		return "/"
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPasswd))
	if err != nil && !errors.Is(err, io.EOF) {
		return "/"
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) >= 6 && fields[2] == fmt.Sprint(user) && strings.HasPrefix(fields[5], "/") {
			return fields[5]
		}
	}
	return "/"
}
