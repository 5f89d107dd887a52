package pipelines

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/lazyregexp"
)

const (
	defaultDisk      = 16 << 30
	defaultProcesses = 4096
	mostProcesses    = 1 << 22 // the largest pid_max of Linux on 64 bits
)

// Limited is the step with the defaults in the place of limits that are 0.
func (s *Step) Limited() *Step {
	with := *s
	with.Disk, with.Processes = cmp.Or(s.Disk, defaultDisk), cmp.Or(s.Processes, defaultProcesses)
	return &with
}

// steps reads the step blocks.
func (e *evaluator) steps() {
	for _, b := range e.body.Of("step") {
		s := Step{
			Name: b.Labels[0], Timeout: 10 * time.Minute, Memory: 2 << 30, Disk: defaultDisk, Processes: defaultProcesses, Network: "none", Env: map[string]string{}, At: e.position(b), rng: b.Range,
		}
		if s.Use = e.String(b, "use"); s.Use != "" {
			e.use(b, &s)
		}
		s.Base = e.baseOf(b)
		if b.Has("inputs") {
			s.Inputs = e.sources(b, "inputs", FromFiles, FromProject, FromNpm, FromStep, FromFetch)
		}
		if b.Has("run") {
			s.Run = e.argv(b, "run")
		} else if s.Use == "" {
			e.Problem(b.Range, hclfile.CodeMissing, fmt.Sprintf("step %q runs nothing", s.Name), "", `add a line: run = ["node", "script.js"], or use = "npm/test"`)
		}
		for k, v := range e.env(b, "env") {
			s.Env[k] = v
		}
		if b.Has("outputs") {
			s.Outputs = e.outputs(b)
		}
		s.Timeout = e.timeout(b, s.Timeout)
		s.Memory = e.size(b, "memory", s.Memory)
		s.Disk = e.size(b, "disk", s.Disk)
		if n := e.Int(b, "processes", int64(s.Processes), 1); n <= mostProcesses {
			s.Processes = int(n)
		} else {
			e.Problem(b.At("processes"), CodeForm, fmt.Sprintf("a step has at most %d processes", mostProcesses), "Linux numbers no more of them", "write processes = 4096")
		}
		if n := e.String(b, "network"); n != "" {
			s.Network = n
		}
		s.Trace = e.Bool(b, "trace", s.Trace)
		s.Compiler = e.Bool(b, "compiler", s.Compiler)
		if s.Unreproducible = strings.TrimSpace(e.String(b, "unreproducible")); b.Has("unreproducible") && s.Unreproducible == "" {
			e.Problem(b.At("unreproducible"), CodeForm, "the reason is empty", "whoever rebuilds the image has to know why", `write unreproducible = "…" with a sentence`)
		}
		e.project.Steps = append(e.project.Steps, s)
	}
}

// timeout reads when something is stopped.
func (e *evaluator) timeout(b *hclfile.Body, otherwise time.Duration) time.Duration {
	d := e.duration(b, "timeout", otherwise)
	if d == 0 || d > 24*time.Hour {
		e.Problem(b.At("timeout"), CodeForm, "a timeout is more than 0 and at most 24h", "", `write timeout = "10m"`)
	}
	return d
}

// use takes what a standard pipeline says; the step's own attributes come after.
func (e *evaluator) use(b *hclfile.Body, s *Step) {
	std, ok := Standard(s.Use)
	if !ok {
		names := StandardNames()
		remedy := "use one of " + strings.Join(names, ", ")
		if near := diag.Nearest(s.Use, names); near != "" {
			remedy = fmt.Sprintf("did you mean %q?", near)
		}
		e.Problem(b.At("use"), CodeStandard, fmt.Sprintf("there is no standard pipeline %q", s.Use), "", remedy)
		return
	}
	s.Run, s.Outputs, s.Compiler = std.Run, std.Outputs, std.Compiler
	for _, in := range std.Inputs {
		if in.Kind == FromNpm {
			in.Name = e.project.Npm[0].Name
		}
		s.Inputs = append(s.Inputs, in)
	}
	for k, v := range std.Env {
		s.Env[k] = v
	}
	if std.Timeout > 0 {
		s.Timeout = std.Timeout
	}
	if std.Memory > 0 {
		s.Memory = std.Memory
	}
}

// outputs reads what a step leaves behind: sorted, and none inside of another, as
// the Remote Execution API wants them.
func (e *evaluator) outputs(b *hclfile.Body) []string {
	outs := e.Strings(b, "outputs")
	slices.Sort(outs)
	for i, o := range outs {
		if o == TraceFolder || strings.HasPrefix(o, TraceFolder+"/") {
			e.Problem(b.At("outputs"), CodeForm, fmt.Sprintf("the output %q is nbuild's own", o), "what a step loads is recorded there", "give it another name")
		}
		if !inside(o) || o == "." {
			e.Problem(b.At("outputs"), CodeForm, fmt.Sprintf("the output %q is not inside the working folder", o), "", `write it as outputs = ["dist"]`)
		}
		for _, other := range outs[:i] {
			if o == other || strings.HasPrefix(o, other+"/") {
				e.Problem(b.At("outputs"), CodeForm, fmt.Sprintf("the output %q is inside of %q", o, other), "", "keep the outer one")
			}
		}
	}
	return outs
}

// images reads the image blocks.
func (e *evaluator) images() {
	for _, b := range e.body.Of("image") {
		e.project.Images = append(e.project.Images, e.image(b))
	}
}

var (
	userForm   = lazyregexp.New(`^[0-9]{1,10}(:[0-9]{1,10})?$`)
	exposeForm = lazyregexp.New(`^[0-9]{1,5}/(tcp|udp|sctp)$`)
	signalForm = lazyregexp.New(`^SIG[A-Z0-9]{2,10}$`)
	tagForm    = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	repository = lazyregexp.New(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$`)
)

func (e *evaluator) image(b *hclfile.Body) Image {
	img := Image{
		Name: b.Labels[0], Base: e.baseOf(b), User: "65532:65532", Workdir: "/app", Guard: "off", Platforms: e.project.Platforms,
		Repository: e.String(b, "repository"), Tags: e.Strings(b, "tags"), Entrypoint: e.argv(b, "entrypoint"), Cmd: e.argv(b, "cmd"),
		Env: e.env(b, "env"), Labels: e.Map(b, "labels"), Expose: e.Strings(b, "expose"), StopSignal: e.String(b, "stop_signal"), At: e.position(b),
	}
	if img.Repository != "" && !repository().MatchString(img.Repository) {
		e.Problem(b.At("repository"), CodeForm, fmt.Sprintf("%q is no repository", img.Repository), "a tag does not belong here", `write it as repository = "registry.example.com/shop/storefront"`)
	}
	for _, check := range []struct {
		name   string
		values []string
		form   func() *regexp.Regexp
		sample string
	}{
		{"tags", img.Tags, tagForm, `tags = ["stable"]`}, {"expose", img.Expose, exposeForm, `expose = ["8080/tcp"]`},
		{"user", e.Strings(b, "user"), userForm, `user = "65532:65532"`}, {"stop_signal", e.Strings(b, "stop_signal"), signalForm, `stop_signal = "SIGTERM"`},
	} {
		for _, v := range check.values {
			if !check.form().MatchString(v) {
				e.Problem(b.At(check.name), CodeForm, fmt.Sprintf("%s can't be %q", check.name, v), "", "write it as "+check.sample)
			}
		}
	}
	if u := e.String(b, "user"); u != "" {
		img.User = u
	}
	if w := e.String(b, "workdir"); w != "" {
		img.Workdir = e.absolute(b, "workdir", w)
	}
	if g := e.String(b, "guard"); g != "" {
		img.Guard = g
	}
	img.Guarding = e.guarding(b, img.Guard)
	if ps := e.platforms(b); ps != nil {
		img.Platforms = ps
	}
	if !b.Has("cmd") && !b.Has("entrypoint") {
		e.Problem(b.Range, hclfile.CodeMissing, fmt.Sprintf("image %q starts nothing", img.Name), "", `add a line: cmd = ["node", "server.js"]`)
	}
	e.checks(b, &img)
	for _, s := range e.sources(b, "after", FromStep) {
		img.After = append(img.After, s.Name)
	}
	for _, l := range b.Of("layer") {
		img.Layers = append(img.Layers, e.layer(l, &img))
	}
	if len(img.Layers) == 0 {
		img.Implied = true
		img.Layers = []Layer{
			{Name: "modules", From: []Source{{Kind: FromNpm, Name: e.project.Npm[0].Name, Tree: "production"}}, To: img.Workdir, At: img.At},
			{Name: "app", From: []Source{{Kind: FromProject, Tree: "production"}}, To: img.Workdir, At: img.At},
		}
	}
	return img
}

func (e *evaluator) layer(b *hclfile.Body, img *Image) Layer {
	l := Layer{Name: b.Labels[0], From: e.sources(b, "from", FromFiles, FromProject, FromNpm, FromStep, FromFetch), To: img.Workdir, At: e.position(b)}
	if to := e.String(b, "to"); to != "" {
		l.To = e.absolute(b, "to", to)
	}
	for _, s := range l.From {
		if s.Kind == FromProject && s.Tree == "all" {
			e.Problem(b.At("from"), CodeSource, fmt.Sprintf("layer %q takes all files of the project", l.Name), "tests, settings of tools and what else production does not need are among them",
				"use project.production, or name files: files(\"src/**\")")
		}
		if step, ok := e.project.Step(s.Name); ok && s.Kind == FromStep && len(step.Outputs) == 0 {
			e.Problem(b.At("from"), CodeForm, fmt.Sprintf("layer %q takes what step %q leaves, and it leaves nothing", l.Name, s.Name),
				"without outputs a step only passes or fails", fmt.Sprintf("write outputs = [\"dist\"] in the step, or name it in the image's `after`: after = [step.%s]", s.Name))
		}
	}
	if len(l.From) == 1 && l.From[0].Kind == FromFetch && (!b.Has("to") || strings.HasSuffix(l.To, "/")) {
		for _, f := range e.project.Fetches {
			if f.Name == l.From[0].Name {
				l.To = path.Join(l.To, path.Base(f.URL))
			}
		}
	}
	if l.To != "/" {
		l.To = strings.TrimSuffix(l.To, "/")
	}
	return l
}

// outputsNamed holds each reference to one output of a step to what the step leaves.
func (e *evaluator) outputsNamed() {
	check := func(b *hclfile.Body, attr string, all []Source) {
		for _, s := range all {
			step, ok := e.project.Step(s.Name)
			if !ok || s.Kind != FromStep || s.Output == "" || len(step.Outputs) == 0 {
				continue
			}
			if !slices.ContainsFunc(step.Outputs, func(o string) bool { return s.Output == o || strings.HasPrefix(s.Output, o+"/") }) {
				e.Problem(b.At(attr), CodeSource, fmt.Sprintf("step %q leaves no %q", s.Name, s.Output), "its outputs are "+strings.Join(step.Outputs, ", "),
					fmt.Sprintf("write step.%s.output[%q], or add %q to its outputs", s.Name, step.Outputs[0], s.Output))
			}
		}
	}
	for i, b := range e.body.Of("step") {
		check(b, "inputs", e.project.Steps[i].Inputs)
	}
	for i, b := range e.body.Of("image") {
		for j, l := range b.Of("layer") {
			check(l, "from", e.project.Images[i].Layers[j].From)
		}
	}
}

// order finds steps that wait for each other.
func (e *evaluator) order() {
	const open, closed = 1, 2
	state := map[string]int{}
	var trail []string
	var visit func(name string)
	visit = func(name string) {
		s, ok := e.project.Step(name)
		if !ok || state[name] == closed {
			return
		}
		if state[name] == open {
			e.cycle(s.rng, "step.", append(slices.Clone(trail[slices.Index(trail, name):]), name))
			return
		}
		state[name], trail = open, append(trail, name)
		for _, in := range s.Inputs {
			if in.Kind == FromStep {
				visit(in.Name)
			}
		}
		state[name], trail = closed, trail[:len(trail)-1]
	}
	for _, s := range e.project.Steps {
		visit(s.Name)
	}
}
