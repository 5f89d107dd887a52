package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/oversight"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// Result is nbuild.plan/v1.
type Result struct {
	Schema   string     `json:"schema"`
	Project  string     `json:"project"`
	Snapshot string     `json:"snapshot"` // the digest of nbuild.lock
	Steps    []Step     `json:"steps"`
	Images   []Image    `json:"images"`
	Files    []string   `json:"files"`    // the project's default files, where an image takes them
	Excluded []Excluded `json:"excluded"` // what is not among them

	Integrity []snapshot.Unnamed `json:"integrity"` // what the lockfile does not name by itself, and what does
}

// Step is a step on a platform. Action is "" where its digest is not known yet.
type Step struct {
	Name     string   `json:"name"`
	Platform string   `json:"platform"`
	Run      []string `json:"run"`
	Needs    []string `json:"needs"`
	Inputs   int      `json:"inputs"`
	Action   string   `json:"action"`
	Cached   bool     `json:"cached"`
	Why      string   `json:"why"`
	Package  string   `json:"package"` // whose install scripts it runs, a purl; "" of a step of build.hcl
	Reason   string   `json:"reason"`  // why its script block allows them; "" of a step of build.hcl
	Scripts  []Script `json:"scripts"` // install scripts of that package
}

// Script is an install script, and whether it runs.
type Script struct {
	Event string `json:"event"`
	Text  string `json:"text"`
	Runs  bool   `json:"runs"`
}

// Image is an image on a platform.
type Image struct {
	Name     string   `json:"name"`
	Platform string   `json:"platform"`
	Base     []string `json:"base"`
	Layers   []Layer  `json:"layers"`
	After    []string `json:"after"`
	Checks   []Check  `json:"checks"`
}

// Check is what an image has to do once it is started, before it goes anywhere.
type Check struct {
	Name string `json:"name"`
	Asks string `json:"asks"`
}

// Layer is a layer and what is in it.
type Layer struct {
	Name string   `json:"name"`
	To   string   `json:"to"`
	From []string `json:"from"`
}

// Excluded is a file or folder of the project that stays out, and why.
type Excluded struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Text renders the plan for a person.
func (r *Result) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "project %s, snapshot %.19s\n", r.Project, r.Snapshot)
	for _, s := range r.Steps {
		action := "unknown yet"
		if s.Action != "" {
			action = s.Action
		}
		state := "to run"
		switch {
		case s.Cached:
			state = "cached"
		case s.Platform != execution.Platform() && r.here(s.Name):
			state = "served by " + execution.Platform() + ", unless it makes machine code"
		}
		fmt.Fprintf(&b, "\nstep %s (%s): %s\n  action  %s\n  why     %s\n  run     %s\n  inputs  %d\n", s.Name, s.Platform, state, action, s.Why, diag.Clean(strings.Join(s.Run, " ")), s.Inputs)
		if s.Reason != "" {
			fmt.Fprintf(&b, "  reason  %s\n", diag.Clean(s.Reason))
		}
		for _, l := range s.Scripts {
			if l.Runs {
				fmt.Fprintf(&b, "  runs    %s: %s\n", l.Event, diag.Clean(l.Text))
			} else {
				fmt.Fprintf(&b, "  not run %s, which no block allows: %s\n", l.Event, diag.Clean(l.Text))
			}
		}
	}
	for _, i := range r.Images {
		fmt.Fprintf(&b, "\nimage %s (%s)\n", i.Name, i.Platform)
		if len(i.After) > 0 {
			fmt.Fprintf(&b, "  after   %s\n", strings.Join(i.After, ", "))
		}
		for _, a := range i.Base {
			fmt.Fprintf(&b, "  base    %s\n", diag.Clean(a))
		}
		for _, l := range i.Layers {
			fmt.Fprintf(&b, "  layer   %s at %s: %s\n", diag.Clean(l.Name), diag.Clean(l.To), diag.Clean(strings.Join(l.From, ", ")))
		}
		for _, c := range i.Checks {
			fmt.Fprintf(&b, "  check   %s: %s\n", diag.Clean(c.Name), diag.Clean(c.Asks))
		}
	}
	if len(r.Integrity) > 0 {
		fmt.Fprintf(&b, "\nnot named by the lockfile: %d\n", len(r.Integrity))
		for _, u := range r.Integrity {
			fmt.Fprintf(&b, "  %s (%s)\n", diag.Clean(u.Artefact), u.Basis)
		}
	}
	if len(r.Files)+len(r.Excluded) > 0 {
		fmt.Fprintf(&b, "\nthe project's files: %d\n", len(r.Files))
		for _, f := range r.Files {
			fmt.Fprintf(&b, "  %s\n", diag.Clean(f))
		}
		fmt.Fprintf(&b, "left out: %d\n", len(r.Excluded))
		for _, e := range r.Excluded {
			fmt.Fprintf(&b, "  %s (%s)\n", diag.Clean(e.Path), diag.Clean(e.Reason))
		}
	}
	return b.String()
}

// here reports whether a step is planned for this machine's platform.
func (r *Result) here(step string) bool {
	return slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Name == step && s.Platform == execution.Platform() })
}

// Validity is nbuild.validate/v1: what a valid build file holds.
type Validity struct {
	Schema  string   `json:"schema"`
	File    string   `json:"file"`
	Project string   `json:"project"`
	Steps   []string `json:"steps"`
	Images  []string `json:"images"`
	// Allowed are the install scripts that script blocks allow.
	Allowed []Allowed `json:"allowed"`
}

// Allowed is a script block: install scripts of a package that run in the sandbox.
type Allowed struct {
	Npm     string   `json:"npm"`     // the npm block's name
	Package string   `json:"package"` // a name, or NAME@VERSION
	Allow   []string `json:"allow"`   // in npm's order
	Reason  string   `json:"reason"`
}

// Validate checks the host's build file and nothing else.
func Validate(h machine.Host) (*Validity, error) {
	p, err := pipelines.Open(h.Dir, h.File, pipelines.Options{Vars: h.Vars})
	if err != nil {
		return nil, err
	}
	_, err = oversight.Policy(p)
	problems := append(diag.All(err), diag.All(oversight.Gates(p))...)
	if err := diag.Problems(problems).Err(); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	v := &Validity{Schema: "nbuild.validate/v1", File: p.File, Project: p.Name, Steps: []string{}, Images: []string{}, Allowed: []Allowed{}}
	for _, n := range p.Npm {
		for _, s := range n.Scripts {
			v.Allowed = append(v.Allowed, Allowed{n.Name, s.Package, s.Allow, s.Reason})
		}
	}
	for _, s := range p.Steps {
		v.Steps = append(v.Steps, s.Name)
	}
	for _, i := range p.Images {
		v.Images = append(v.Images, i.Name)
	}
	return v, nil
}

// Text says so in a line, with one for each package whose install scripts are to run.
func (v *Validity) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is valid: project %s, steps: %d, images: %d\n", v.File, v.Project, len(v.Steps), len(v.Images))
	for _, s := range v.Allowed {
		fmt.Fprintf(&b, "runs %s of %s in the sandbox, by npm.%s: %s\n", strings.Join(s.Allow, ", "), diag.Clean(s.Package), s.Npm, diag.Clean(s.Reason))
	}
	return b.String()
}
