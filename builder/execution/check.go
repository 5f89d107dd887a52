package execution

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/pipelines"
)

// CodeUnmet is an image that did not do what one of its checks asks for.
const CodeUnmet diag.Code = "NB1030"

// container is how the sandbox starts an image for a check.
func container(c *pipelines.Container) *sandbox.Container {
	out := &sandbox.Container{
		User: c.User, Group: c.Group, Dir: c.Dir, Recorded: c.Recorded,
		Asked: sandbox.Asked{Alive: c.Check.Alive, Text: c.Check.Text, Timeout: c.Check.Timeout},
	}
	if a := c.Check.HTTP; a != nil {
		out.Asked.HTTP = &sandbox.Question{Local: a.Local, Port: uint16(a.Port), Path: a.Path, Status: a.Status}
	}
	return out
}

// unmet says what an image did in place of what a check asks for.
func unmet(s *pipelines.PlannedStep, r *sandbox.Result, tail, left string) *diag.Problem {
	c := s.Container
	p := &diag.Problem{
		Code: CodeUnmet, Pos: c.Check.At, Snippet: strings.TrimSuffix(tail, "nbuild: "+r.Unmet+"\n"), // which the message has
		What:   fmt.Sprintf("image %q does not pass its check %q on %s: %s", c.Image, c.Check.Name, s.Platform, r.Unmet),
		Why:    "the check asks: " + c.Check.Asks() + "; an image that does not do that goes nowhere",
		Remedy: fmt.Sprintf("%s; what it printed is in %s/log, and `nbuild check %s` starts it again", mend(r.Unmet, tail), left, diag.Word(c.Image)),
	}
	if r.Limit != "" {
		p.What = fmt.Sprintf("check %q of image %q was stopped: it used more %s than it may", c.Check.Name, c.Image, r.Limit)
		if r.Limit == "memory" {
			p.Remedy = fmt.Sprintf("set `memory = \"%dMiB\"` in the check", 2*c.Check.Memory>>20)
		}
	}
	return p
}

// mend is what helps against what an image did.
func mend(unmet, tail string) string {
	switch {
	case strings.Contains(tail, "ERR_NBUILD_GUARD"):
		return "add what the guard refuses to what it may load: write `trace = true` in the check, run `nbuild trace --checks`, and review what that writes to nbuild.trace"
	case strings.Contains(unmet, "a container ends with its command"):
		return "correct what it says, and have the command itself stay: its files are read-only but for /tmp, it has no network, and what it leaves in the background ends with it"
	case strings.Contains(unmet, "of localhost alone"):
		return "have the server listen on 0.0.0.0, as many do where `env = { HOST = \"0.0.0.0\" }` says so, or write `expect_http = \"localhost:…\"` where only its own container asks it"
	case strings.Contains(unmet, "nothing listened"), strings.Contains(unmet, "did not end within"):
		return "correct the port or the command, give it what it waits for in `env`, or more `timeout`"
	case strings.Contains(unmet, "answer"), strings.Contains(unmet, "did not print"):
		return "correct what it answers, or what the check expects of it"
	}
	return "correct what it says: its files are read-only but for /tmp, and it has no network"
}
