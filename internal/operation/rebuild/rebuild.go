// Package rebuild shows whether a project's steps and images come out the same when they are
// made again: with nothing of what was made before, and with everything else than the inputs
// changed that can be.
//
// That an action names all that its command reads does not yet make its result one and the
// same: a command can look at the clock, draw a number, list a folder, ask how many processors
// there are or print an address. So a second nbuild is started, in a store that has nothing but
// what was fetched, and perturbed: as another user, with another number of processors, another
// address space, other process numbers, other places on the disk, another language and place
// of the host, folders that list their entries in another order, and where it is asked for,
// another date. Its outputs and images are held to the first ones byte by byte, and for each
// perturbation the report says whether the sandbox keeps it from a step.
//
// A step that is known not to make the same says so in build.hcl. It runs too, and what differs
// is shown; what stands on it reads what it made first, so that all else is held to its bytes.
//
// The invariant: what is called equal was made twice and compared byte by byte.
package rebuild

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/bytewise"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/build"
	"github.com/nbuild/nbuild/internal/operation/trust"
)

// CodeDiffers is what comes out another way when it is made again.
const CodeDiffers diag.Code = "NB1200"

// Options say what is made again, and how.
type Options struct {
	Reference   string // an image; "" is the project of the host's folder
	Source      string // the folder of a repository that has the image's commit; "" is where its provenance says
	Trust       trust.Options
	Environment string // may be "" where the trust file has one only
	Attest      bool   // sign what came out equal, and attach it to the image
	Key         string // the private key's file
	Password    attest.Password
	Date        time.Time // what steps are told that the date is; zero is the machine's clock
	Program     string    // this very program
	Errors      io.Writer // takes what the second process says beside its answer
}

// Report is nbuild.rebuild/v1.
type Report struct {
	Schema        string         `json:"schema"`
	Of            *Of            `json:"of"` // the image that was made again; nil for the project of a folder
	Equal         bool           `json:"equal"`
	Perturbations []Perturbation `json:"perturbations"`
	Steps         []Step         `json:"steps"`
	Images        []Image        `json:"images"`
}

// Of is an image that was made again from its provenance.
type Of struct {
	Ref      string  `json:"ref"` // REF@sha256:…
	Digest   string  `json:"digest"`
	Again    string  `json:"again"` // the digest that came out
	Source   string  `json:"source"`
	Commit   string  `json:"commit"`
	Verified bool    `json:"verified"` // its provenance, by the trust file
	Attested *string `json:"attested"` // the SHA-256 of the statement that stands beside it now; nil for none
}

// Perturbation is what was another the second time, or was not, and why. How is "varied"
// where steps could see it, "held" where it was another on the host and the sandbox keeps it
// from steps, "same" where it could not be changed.
type Perturbation struct {
	Name string `json:"name"`
	How  string `json:"how"`
	Text string `json:"text"`
}

// Outcome is what came of comparing.
type Outcome string

// The outcomes of a step or an image.
const (
	Equal   Outcome = "equal"
	Differs Outcome = "differs"
	Known   Outcome = "known"   // it differs, and build.hcl says so
	Follows Outcome = "follows" // it had other inputs, since a step before it differs
	Unseen  Outcome = "unseen"  // what it made the first time is not here; the image holds what it was for
)

// Step is a step, compared.
type Step struct {
	Step        string                `json:"step"`
	Platform    string                `json:"platform"`
	Action      string                `json:"action"`
	Outcome     Outcome               `json:"outcome"`
	Reason      string                `json:"reason"` // why it is known not to make the same, "" of others
	Outputs     int                   `json:"outputs"`
	Differences []bytewise.Difference `json:"differences"`
	More        bool                  `json:"more"` // there are others
}

// Image is an image on a platform, compared.
type Image struct {
	Image    string  `json:"image"`
	Platform string  `json:"platform"`
	Outcome  Outcome `json:"outcome"`
	First    string  `json:"first"` // digests of the manifests
	Again    string  `json:"again"`
	Layers   []Layer `json:"layers"` // those that differ
	Config   string  `json:"config"` // what differs in the configuration, "" for nothing
}

// Layer is a layer that differs.
type Layer struct {
	Index       int                   `json:"index"` // from 0
	First       string                `json:"first"` // digests of what is in it, uncompressed
	Again       string                `json:"again"`
	Differences []bytewise.Difference `json:"differences"`
	More        bool                  `json:"more"`
}

// Run builds the project, makes all of it again, and compares. What differs is in the report
// and an error beside it.
func Run(ctx context.Context, host machine.Host, o Options) (*Report, error) {
	if o.Reference != "" {
		return image(ctx, host, o)
	}
	first, err := build.Make(ctx, host, nil)
	if err != nil {
		return nil, err
	}
	defer first.Close()
	second, err := anew(ctx, host, o, first.Store, order{
		Dir: host.Dir, File: host.File, Vars: host.Vars, Given: unreproducible(first), Date: o.Date,
	})
	if err != nil {
		return nil, err
	}
	defer second.end()
	report := &Report{Schema: "nbuild.rebuild/v1", Equal: true, Perturbations: second.perturbations, Steps: []Step{}, Images: []Image{}}
	for _, r := range inOrder(first.Steps) {
		reason := ""
		if s, ok := first.Project.Step(r.Step); ok {
			reason = s.Unreproducible
		}
		s, err := compareSteps(ctx, first.Store, r, second, reason)
		if err != nil {
			return nil, err
		}
		report.Steps = append(report.Steps, *s)
	}
	for i := range first.Images {
		img := &first.Images[i]
		for n, p := range img.Platforms {
			out, err := second.compare(ctx, img.Block.Name, img.Block.Platforms[n], p)
			if err != nil {
				return nil, err
			}
			report.Images = append(report.Images, *out)
		}
	}
	return report, report.judge()
}

// judge says whether all is equal, and what is not.
func (r *Report) judge() error {
	var what []string
	for _, s := range r.Steps {
		if s.Outcome == Differs {
			what = append(what, fmt.Sprintf("step %q", s.Step))
		}
	}
	for _, i := range r.Images {
		if i.Outcome == Differs {
			what = append(what, fmt.Sprintf("image %q", i.Image))
		}
	}
	if len(what) == 0 {
		return nil
	}
	r.Equal = false
	return &diag.Problem{
		Code: CodeDiffers, What: "made again, not all is the same: " + strings.Join(slices.Compact(what), ", "),
		Why:    "nobody can tell a build that was tampered with from one that comes out another way each time",
		Remedy: "take out of the step what it has from the clock, from chance, from an order or from the machine; where that can't be, say why with `unreproducible = \"…\"` in the step",
	}
}

// unreproducible are the results of steps that are known not to make the same again.
func unreproducible(b *build.Built) []*execution.Result {
	var all []*execution.Result
	for _, r := range inOrder(b.Steps) {
		if s, ok := b.Project.Step(r.Step); ok && s.Unreproducible != "" {
			all = append(all, r)
		}
	}
	return all
}

// inOrder sorts results by name and platform.
func inOrder(results execution.Results) []*execution.Result {
	keys := slices.SortedFunc(maps.Keys(results), func(a, b execution.Key) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Platform, b.Platform))
	})
	var all []*execution.Result
	for _, k := range keys {
		if r := results[k]; r.Platform == k.Platform || results[execution.Key{Step: r.Step, Platform: r.Platform}] == nil { // each once, also where it serves another platform
			all = append(all, r)
		}
	}
	return all
}

// again is what was made the second time.
type again struct {
	*made
	store         *cas.Store
	layout        *oci.Layout
	perturbations []Perturbation
	end           func()
}

// anew has a second process build what an order names, in a folder of the store.
func anew(ctx context.Context, host machine.Host, opt Options, store *cas.Store, o order) (*again, error) {
	dir, end, err := store.Unfinished("rebuild-")
	if err != nil {
		return nil, err
	}
	a, err := attempt(ctx, host, opt, store, o, dir, true)
	if errors.Is(err, errDenied) {
		a, err = attempt(ctx, host, opt, store, o, dir, false)
	}
	if err != nil {
		end()
		return nil, err
	}
	a.end = end
	return a, nil
}

func attempt(ctx context.Context, host machine.Host, opt Options, store *cas.Store, o order, dir string, user bool) (*again, error) {
	place := filepath.Join(dir, map[bool]string{true: "another place", false: "yet another place"}[user])
	home := filepath.Join(place, "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, fmt.Errorf("preparing to build anew: %w", err)
	}
	o.Store, o.Behind, o.Layout, o.FirstProcess = filepath.Join(place, "store"), store.Dir(), filepath.Join(place, "layout"), firstProcess
	p := &process{program: opt.Program, environ: elsewhere(host.Environ, home), dir: home, errors: opt.Errors, user: user}
	m, err := p.carryOut(ctx, o, host.Events)
	if user && errors.Is(err, os.ErrPermission) { // it could not even be started
		p.perturbations, p.user = nil, false
		m, err = p.carryOut(ctx, o, host.Events)
	}
	if err != nil {
		return nil, err
	}
	a := &again{made: m, perturbations: p.described(o)}
	if a.store, err = cas.OpenOver(o.Store, o.Behind); err != nil {
		return nil, err
	}
	a.layout, err = oci.OpenLayout(o.Layout)
	return a, err
}

// described lists all perturbations of a process, by name.
func (p *process) described(o order) []Perturbation {
	if p.user {
		p.add("user", "held", "another user of the host, in a user namespace; a step is the user 1000 of its own")
	} else {
		p.add("user", "same", "the same user: another one may not be had here, or may not read the project")
	}
	p.add("folder-order", "varied", "the working folder lists entries in another order; the root file system's were made in the reverse one")
	p.add("process-numbers", "varied", fmt.Sprintf("they count on from %d", o.FirstProcess))
	p.add("paths", "held", "store, scratch and home stand elsewhere; a step works in /build")
	p.add("locale", "held", strings.Join(otherPlace[:2], " ")+" on the host; a step has C.UTF-8")
	p.add("time-zone", "held", otherPlace[2]+" on the host; a step has UTC")
	if o.Date.IsZero() {
		p.add("date", "varied", "the clock went on; --date gives steps another date")
	} else {
		p.add("date", "varied", "steps are told "+o.Date.UTC().Format(time.RFC3339)+" by libfaketime")
	}
	slices.SortFunc(p.perturbations, func(a, b Perturbation) int { return strings.Compare(a.Name, b.Name) })
	return p.perturbations
}
