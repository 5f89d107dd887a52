package execution

import (
	"fmt"
	"strings"
	"time"

	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/pipelines"
)

// The problems of running steps.
const (
	CodeFailed  diag.Code = "NB1020" // the command of a step did not end well
	CodeLimit   diag.Code = "NB1021" // a step used more than it may
	CodeOutputs diag.Code = "NB1022" // what a step was to leave is not there, or can't be kept
	CodeForeign diag.Code = "NB1023" // a step is for a platform that this machine can't run
	CodeChanged diag.Code = "NB1025" // a file changed between planning and running
	CodeBeyond  diag.Code = "NB1027" // install scripts did what is not theirs to do
	CodeUnbuilt diag.Code = "NB1026" // what a step makes is not there, and nothing is to be run now
)

// failed says how a step ended badly, and where it can be looked at.
func failed(s *pipelines.PlannedStep, r *sandbox.Result, tail, left string) *diag.Problem {
	p := &diag.Problem{Pos: s.Step.At, Why: "nothing that it made is kept, and what needs it is not built"}
	if s.Container != nil {
		return unmet(s, r, tail, left)
	}
	look := fmt.Sprintf("its log is %s/log, and what it wrote is in %s/work; `nbuild run %s` runs it again, with --shell a shell in its place", left, left, diag.Word(s.Step.Name))
	switch {
	case s.Scripts != nil && r.Limit == "" && r.Exit == wroteOutside:
		p = beyond(s, "writes outside of its package", left)
	case s.Scripts != nil && r.Limit == "" && r.Exit != 0:
		p = scriptsFailed(s, r, look)
	case r.Limit != "":
		p.Code = CodeLimit
		p.What = fmt.Sprintf("step %q was stopped: it used more %s than it may", s.Step.Name, r.Limit)
		p.Why = exceeded(s.Step.Limited(), r.Limit)
		p.Remedy = remedy(s.Step.Limited(), r.Limit) + "; " + look
		if s.Scripts != nil { // whose block has two of the limits
			p.What = fmt.Sprintf("an install script of %s@%s was stopped: it used more %s than it may", s.Scripts.Package.Name, s.Scripts.Package.Version, r.Limit)
			switch p.Why = strings.Replace(p.Why, "of the step", "of its script block", 1); r.Limit {
			case "memory", "time":
				p.Remedy = strings.Replace(p.Remedy, "in the step", "in its script block", 1)
			default:
				p.Why = strings.Replace(p.Why, " of its script block", " of an install script", 1)
				p.Remedy = "write an `unbuilt` block in place of the script block where production does without; " + look
			}
		}
	case r.Exit != 0:
		p.Code = CodeFailed
		p.What = fmt.Sprintf("step %q failed: %s ended with %d", s.Step.Name, strings.Join(s.Step.Run, " "), r.Exit)
		if r.Exit > 128 {
			p.What = fmt.Sprintf("step %q failed: %s was killed by signal %d", s.Step.Name, strings.Join(s.Step.Run, " "), r.Exit-128)
		}
		p.Remedy = "correct what it says; " + look
	default:
		p.Code = CodeOutputs
		p.What = fmt.Sprintf("step %q does not leave what it should: %s", s.Step.Name, strings.Join(r.Refused, "; "))
		p.Why = "an output is a file, a folder or a link that stays inside, under the name that build.hcl gives it"
		p.Remedy = "correct `outputs` of the step, or what the command writes; " + look
	}
	p.Snippet = tail
	return p
}

func exceeded(s *pipelines.Step, limit string) string {
	switch limit {
	case "memory":
		return fmt.Sprintf("`memory` of the step is %d MiB", s.Memory>>20)
	case "time":
		return fmt.Sprintf("`timeout` of the step is %s", s.Timeout)
	case "disk":
		return fmt.Sprintf("`disk` of the step is %d MiB", s.Disk>>20)
	}
	return fmt.Sprintf("`processes` of the step is %d, and threads count", s.Processes)
}

func remedy(s *pipelines.Step, limit string) string {
	switch limit {
	case "memory":
		return fmt.Sprintf("set `memory = \"%dMiB\"` in the step", 2*s.Memory>>20)
	case "time":
		return fmt.Sprintf("set `timeout = %q` in the step", (2 * s.Timeout).Round(time.Second))
	case "disk":
		return fmt.Sprintf("set `disk = \"%dMiB\"` in the step, or have it write less", 2*s.Disk>>20)
	}
	return fmt.Sprintf("set `processes = %d` in the step, or have it start fewer at once", 2*s.Processes)
}
