// Package checks holds images that were built to their checks: each is started in the
// sandbox as a container would be, and has to do what build.hcl asks of it.
//
// A check is an action, as a step is: the image's files by content, its command,
// environment and user, and what is asked. So an image that did it once is not started
// again, whatever its date, and a machine that has the result of another's start takes it.
//
// An image for another platform can't be started here. That is told, and stands in what
// is said about the image: it is never a check that passed.
//
// The invariant: an [Outcome] that passed was seen to do what was asked, with exactly the
// files that the image has.
package checks

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/builder/steproot"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/pipelines"
)

// CodeUnstarted is an image that can't be started on this machine.
const CodeUnstarted diag.Code = "NB1031"

// Outcome is what came of a check on a platform.
type Outcome struct {
	Image    string
	Check    string
	Platform string
	Action   cas.Digest
	Started  bool // here or, where it is cached, on another machine
	Cached   bool
	Held     string // how limits were held
}

// Run starts images and holds them to their checks. All that are not passed are reported
// at once.
func Run(ctx context.Context, r *execution.Runner, images []builder.Image) ([]Outcome, error) {
	plan := &pipelines.Plan{}
	var wanted []execution.Key
	var all []Outcome
	for i := range images {
		img := &images[i]
		for n, platform := range img.Block.Platforms {
			for c := range img.Block.Checks {
				s, err := planned(ctx, r, img, n, &img.Block.Checks[c], false)
				if err != nil {
					return nil, err
				}
				o := Outcome{Image: img.Block.Name, Check: img.Block.Checks[c].Name, Platform: platform, Action: s.Action.Digest(), Started: true}
				if _, known := execution.Known(ctx, r.Store, r.Lease, o.Action); !known && platform != runtime.GOOS+"/"+runtime.GOARCH && (r.Remote == nil || !r.Remote.Execute) {
					o.Started = false
					unstarted(r.Events, o)
				} else {
					plan.Steps = append(plan.Steps, *s)
					wanted = append(wanted, execution.Key{Step: s.Step.Name, Platform: platform})
				}
				all = append(all, o)
			}
		}
	}
	results, err := r.Steps(ctx, plan, wanted)
	if err != nil {
		return nil, err
	}
	for i := range all {
		o := &all[i]
		if got := results[execution.Key{Step: name(o.Image, o.Check), Platform: o.Platform}]; got != nil {
			o.Cached, o.Held = got.Cached, got.Held
		}
	}
	return all, nil
}

// name is what a check is called in a log.
func name(image, check string) string { return image + "." + check }

func unstarted(to event.Sink, o Outcome) {
	to.Emit(event.Event{
		Kind: event.Problem, Phase: "check", Name: o.Image, Code: string(CodeUnstarted),
		Text: fmt.Sprintf("image %s for %s was not started, and its check %s says nothing about it: this machine runs %s/%s", o.Image, o.Platform, o.Check, runtime.GOOS, runtime.GOARCH),
	})
}

// after is how much longer the sandbox of a check lasts than the check, which ends by
// itself and says what it saw until then.
const after = 10 * time.Second

// planned makes the action of a check, or of its recording.
func planned(ctx context.Context, r *execution.Runner, img *builder.Image, n int, check *pipelines.Check, recorded bool) (*pipelines.PlannedStep, error) {
	block, platform := img.Block, img.Block.Platforms[n]
	config, err := img.Platforms[n].ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("checking image %s: %w", block.Name, err)
	}
	user, group, err := who(config.Config.User)
	if err != nil {
		return nil, fmt.Errorf("checking image %s: %w", block.Name, err)
	}
	c := &pipelines.Container{Image: block.Name, Check: check, User: user, Group: group, Dir: config.Config.WorkingDir, Env: environment(config.Config.Env, check.Env), Recorded: recorded}
	if c.Dir == "" {
		c.Dir = "/"
	}
	hold := func(...cas.Digest) error { return nil }
	if r.Lease != nil {
		hold = r.Lease.Hold
	}
	root, err := steproot.Image(ctx, r.Store, img.Platforms[n], steproot.Seen{User: user, Group: group, Dir: c.Dir}, sandbox.ContainerSkeleton(recorded), hold)
	if err != nil {
		return nil, fmt.Errorf("checking image %s: %w", block.Name, err)
	}
	program, err := sandbox.Helper(platform)
	if err != nil {
		return nil, err
	}
	s := &pipelines.PlannedStep{
		Step: &pipelines.Step{
			Name: name(block.Name, check.Name), Run: command(block, check, config.Config), Timeout: check.Timeout + after, Memory: check.Memory, Network: "none", Trace: recorded, At: check.At,
		},
		Platform: platform, Root: root, Container: c,
		Helper: &pipelines.Input{Path: "sandbox", Executable: true, Size: int64(len(program)), SHA256: cas.Sum(program), Content: program},
	}
	if recorded {
		s.Recorder = execution.ImageRecorder()
	}
	s.Action, err = s.Encode(nil)
	return s, err
}

// command is what a check starts: with a guard, behind the guard's own flags.
func command(block *pipelines.Image, check *pipelines.Check, config v1.Config) []string {
	switch mode := guard.Mode(block.Guard); {
	case len(check.Run) == 0:
		return slices.Concat(config.Entrypoint, config.Cmd)
	case mode == "" || mode == guard.Off:
		return check.Run
	}
	return slices.Concat(config.Entrypoint, check.Run[1:])
}

// searchPath is where container engines look for a program where an image does not say.
const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// environment is the image's, with the check's own laid over it.
func environment(image []string, own map[string]string) []string {
	var all []string
	path := false
	for _, kv := range image {
		key, _, _ := strings.Cut(kv, "=")
		if _, over := own[key]; !over {
			all = append(all, kv)
		}
		path = path || key == "PATH"
	}
	var names []string
	for key := range own {
		names = append(names, key)
		path = path || key == "PATH"
	}
	slices.Sort(names)
	for _, key := range names {
		all = append(all, key+"="+own[key])
	}
	if !path {
		all = append(all, searchPath)
	}
	return all
}

// who reads the user of an image, which build.hcl has as numbers.
func who(user string) (uid, gid uint32, err error) {
	u, g, both := strings.Cut(user, ":")
	if !both {
		g = "0"
	}
	id, err := strconv.ParseUint(u, 10, 32)
	if err != nil {
		return 0, 0, fmt.Errorf("%q is no user by number", user)
	}
	of, err := strconv.ParseUint(g, 10, 32)
	if err != nil {
		return 0, 0, fmt.Errorf("%q is no group by number", user)
	}
	return uint32(id), uint32(of), nil
}

// Summary says for a statement what came of an image's checks: all passed, in which case
// it names them, or why that can't be said.
func Summary(all []Outcome, image string) (passed bool, detail string) {
	var names, unstarted []string
	for _, o := range all {
		switch {
		case o.Image != image:
		case !o.Started:
			unstarted = append(unstarted, o.Platform)
		default:
			names = append(names, fmt.Sprintf("%s (%s)", o.Check, o.Platform))
		}
	}
	slices.Sort(unstarted)
	unstarted = slices.Compact(unstarted)
	switch {
	case len(names)+len(unstarted) == 0:
		return false, "the image has no check: it was not started"
	case len(names) == 0:
		return false, "not started: " + strings.Join(unstarted, ", ")
	case len(unstarted) > 0:
		return false, strings.Join(names, ", ") + "; not started: " + strings.Join(unstarted, ", ")
	}
	return true, strings.Join(names, ", ")
}
