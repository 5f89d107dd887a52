// Package run runs one step of a project in the sandbox, with the steps that it needs,
// and shows what its command prints.
//
// It is what a build does with the step: the action is the same, so a result that one of
// the two has kept serves the other, with its log.
//
// The invariant: nothing of the project is written; what the step leaves is in the store.
package run

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/evidence/steps"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// CodeNoStep is a step that the project does not have.
const CodeNoStep diag.Code = "NB0218"

// Options say what is run.
type Options struct {
	Step     string
	Platform string    // "" is this machine's, or the project's only one
	Log      io.Writer // takes what the step's command prints, as it comes; nil for no one
}

// Report is nbuild.run/v1.
type Report struct {
	Schema   string   `json:"schema"`
	Step     string   `json:"step"`
	Platform string   `json:"platform"`
	Action   string   `json:"action"`
	Cached   bool     `json:"cached"`
	Limits   string   `json:"limits"` // how the sandbox held them
	WallMS   int64    `json:"wall_ms"`
	UserMS   int64    `json:"user_ms"`
	SystemMS int64    `json:"system_ms"`
	Peak     int64    `json:"peak_bytes"`
	Outputs  []Output `json:"outputs"`
	Log      string   `json:"log"`
}

// Output is a file or a link that the step left.
type Output struct {
	Path   string `json:"path"`
	Mode   string `json:"mode"` // "0644", "0755", "" of a link
	Size   int64  `json:"size"`
	Digest string `json:"digest"` // "" of a link
	Link   string `json:"link"`
}

// Run runs a step.
func Run(ctx context.Context, host machine.Host, o Options) (*Report, error) {
	r, err := Begin(ctx, host, o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	machines, end, err := steps.Remote(host)
	if err != nil {
		return nil, err
	}
	defer end()
	r.Runner.Remote = machines
	if o.Log != nil {
		r.Runner.Events = apart{host.Events, o.Step, o.Log}
	}
	result, err := steps.RunFor(ctx, r.Project, r.Lock, r.Runner, r.Key)
	if err != nil {
		return nil, err
	}
	if result == nil {
		return nil, missing(r.Project, o.Step, nil)
	}
	return report(ctx, r.Runner.Store, result)
}

// Begun is a project of which steps are to run, with all that they need in the store.
type Begun struct {
	Project *project.Project
	Lock    *snapshot.Lock
	Runner  *execution.Runner
	Key     execution.Key // the step that was asked for, "" for none, and the platform
}

// Close lets go of the project and of what was held in the store.
func (r *Begun) Close() {
	r.Runner.Lease.Close()
	r.Project.Close()
}

// Begin opens the project and brings what it needs.
func Begin(ctx context.Context, host machine.Host, o Options) (*Begun, error) {
	p, err := project.Open(ctx, host)
	if err != nil {
		return nil, err
	}
	r, err := prepare(ctx, host, p, o)
	if err != nil {
		p.Close()
		return nil, err
	}
	return r, nil
}

func prepare(ctx context.Context, host machine.Host, p *project.Project, o Options) (*Begun, error) {
	key := execution.Key{Step: o.Step, Platform: platform(p, o.Platform)}
	scripts, err := allowed(p, key.Platform)
	if err != nil {
		return nil, err
	}
	if _, ok := p.Step(o.Step); o.Step != "" && !ok && !slices.Contains(scripts, o.Step) {
		return nil, missing(p, o.Step, scripts)
	}
	lock, err := p.ImageLock()
	if err != nil {
		return nil, err
	}
	store, err := host.Store()
	if err != nil {
		return nil, err
	}
	lease, err := store.Lease()
	if err != nil {
		return nil, err
	}
	if err = hold(lease, lock); err == nil {
		err = pin.VendorProject(ctx, host, p, lock)
	}
	if err != nil {
		lease.Close()
		return nil, err
	}
	return &Begun{Project: p, Lock: lock, Key: key, Runner: &execution.Runner{Store: store, Lease: lease, Events: host.Events}}, nil
}

// allowed are the names of the steps that run install scripts.
func allowed(p *project.Project, platform string) ([]string, error) {
	var names []string
	for i := range p.Npm {
		if n := &p.Npm[i]; len(n.Scripts) > 0 {
			tree, err := p.Available(n.Name, platform)
			if err != nil {
				return nil, err
			}
			for _, k := range steps.OfTree(n, tree, platform) {
				names = append(names, k.Step)
			}
		}
	}
	return names, nil
}

func missing(p *project.Project, name string, scripts []string) error {
	names := scripts
	for _, s := range p.Steps {
		names = append(names, s.Name)
	}
	problem := &diag.Problem{Code: CodeNoStep, Pos: diag.Pos{File: p.File}, What: fmt.Sprintf("there is no step %q", name), Remedy: diag.DidYouMean(name, names, "nbuild run %s")}
	if len(names) == 0 {
		problem.Why, problem.Remedy = "the project has no step", "add a step block; `nbuild explain step` shows its attributes"
	}
	return problem
}

// platform is what is run for where nobody says: this machine, or what the project is for.
func platform(p *project.Project, asked string) string {
	here := runtime.GOOS + "/" + runtime.GOARCH
	switch {
	case asked != "":
		return asked
	case slices.Contains(p.Platforms, here) || len(p.Platforms) == 0:
		return here
	}
	return p.Platforms[0]
}

// hold keeps what is pinned from being pruned while the step runs.
func hold(lease *cas.Lease, lock *snapshot.Lock) error {
	var digests []cas.Digest
	for a := range lock.All() {
		digests = append(digests, a.SHA256)
		if index, ok := a.Index(); ok {
			digests = append(digests, index)
		}
	}
	return lease.Hold(digests...)
}

// mostShown is how many bytes of a log stand in a report.
const mostShown = 64 << 20

func report(ctx context.Context, store *cas.Store, r *execution.Result) (*Report, error) {
	log, err := store.Read(ctx, r.Log, mostShown)
	if err != nil {
		return nil, fmt.Errorf("reading the log of step %s: %w", r.Step, err)
	}
	ms := func(d time.Duration) int64 { return d.Milliseconds() }
	out := &Report{
		Schema: "nbuild.run/v1", Step: r.Step, Platform: r.Platform, Action: r.Action.OCI(), Cached: r.Cached, Limits: r.Held,
		WallMS: ms(r.Used.Wall), UserMS: ms(r.Used.User), SystemMS: ms(r.Used.System), Peak: r.Used.Peak, Outputs: []Output{}, Log: string(log),
	}
	for _, e := range r.Outputs {
		one := Output{Path: e.Path, Link: e.Link}
		if e.Link == "" {
			one.Mode, one.Size, one.Digest = fmt.Sprintf("%04o", e.Mode), e.Size, e.SHA256.OCI()
		}
		out.Outputs = append(out.Outputs, one)
	}
	return out, nil
}

// apart parts what one step prints from all other events.
type apart struct {
	event.Sink
	step string
	to   io.Writer
}

// Emit writes the step's lines, and hands on everything else.
func (a apart) Emit(e event.Event) {
	if e.Kind != event.StepLog || e.Name != a.step {
		a.Sink.Emit(e)
		return
	}
	fmt.Fprintln(a.to, e.Text) // what nobody reads must not stop the step
}
