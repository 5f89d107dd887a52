// Package oversight holds a project to its own rules: what its images would hold,
// package by package and file by file, against the dynamism block of build.hcl.
//
// It gathers the inventory of exactly that: the trees that the layers take, on every
// platform, the project's own files, and what its steps make of them. What no image holds is not judged, because
// it can't run in production; the tools of development have a place of their own, the
// sandbox.
//
// The invariant: what is judged depends on the project, its lockfile and
// nbuild.lock, and exceptions end by the date of the build, so that one commit gives
// one answer on every machine and on every day.
package oversight

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/inventory"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/worktree"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom/dynamism"
	"github.com/nbuild/nbuild/sbom/dynamism/rule"
	"github.com/nbuild/nbuild/sbom/gate"
)

// Subject is what is judged.
type Subject struct {
	Project *project.Project // whose images are judged
	Lock    *snapshot.Lock
	Files   *worktree.Tree    // the project's default files
	Steps   execution.Results // what its images' steps have made
	Date    time.Time         // of the build
}

// Judgement is what the project's rules say about its images together.
type Judgement struct {
	*rule.Result
	Set    string // the set of rules
	Denies bool   // there is something that the rules would stop
	file   string
}

// Problems returns what is denied.
func (j *Judgement) Problems() diag.Problems { return j.Result.Problems(j.file) }

// Judge gathers the inventory of the project's images and judges it. The store must
// have what nbuild.lock pins.
func Judge(ctx context.Context, host machine.Host, s Subject) (*Judgement, error) {
	p := s.Project
	policy, err := Policy(p.Project)
	if err != nil {
		return nil, err
	}
	store, err := host.Store()
	if err != nil {
		return nil, err
	}
	c := inventory.New(store, inventory.Options{Calls: true})
	g := gatherer{subject: s, collector: c, seen: map[string]bool{}}
	for i := range p.Images {
		if err := g.image(ctx, &p.Images[i]); err != nil {
			return nil, err
		}
	}
	if err := g.own(ctx); err != nil {
		return nil, err
	}
	if err := g.built(ctx); err != nil {
		return nil, err
	}
	g.found.Sort()
	return &Judgement{Result: rule.Judge(&g.found, policy, s.Date), Set: p.Dynamism.Rules, Denies: policy.Denies(), file: p.File}, nil
}

// Report emits what the rules only report.
func (j *Judgement) Report(events event.Sink) {
	for _, line := range j.Warnings() {
		events.Emit(event.Event{Kind: event.Problem, Phase: "rules", Text: line})
	}
}

// Policy makes the policy of a project's dynamism block. What is wrong with it is a
// fault of the build file.
func Policy(p *pipelines.Project) (*rule.Policy, error) {
	policy, err := rule.New(p.Dynamism.Block)
	var problems diag.Problems
	if errors.As(err, &problems) {
		for _, problem := range problems {
			if problem.Pos.File == "" {
				problem.Pos.File = p.File
			}
		}
	}
	return policy, err
}

// gatherer is one run.
type gatherer struct {
	subject   Subject
	collector *inventory.Collector
	found     dynamism.Inventory
	seen      map[string]bool  // by path and purl
	files     []string         // of the project, that some image holds
	outputs   []snapshot.Entry // of steps, that some image holds
}

// image gathers what the layers of an image take.
func (g *gatherer) image(ctx context.Context, block *pipelines.Image) error {
	for _, l := range block.Layers {
		for _, s := range l.From {
			switch s.Kind {
			case pipelines.FromProject:
				for _, f := range g.subject.Files.Files {
					if f.Link == "" {
						g.files = append(g.files, f.Path)
					}
				}
			case pipelines.FromFiles:
				g.files = append(g.files, s.Files...)
			case pipelines.FromStep:
				for _, platform := range block.Platforms {
					if r := g.subject.Steps[execution.Key{Step: s.Name, Platform: platform}]; r != nil {
						for _, e := range r.Outputs {
							if s.Names(e.Path) && !slices.Contains(g.outputs, e) {
								g.outputs = append(g.outputs, e)
							}
						}
					}
				}
			case pipelines.FromNpm:
				for _, platform := range block.Platforms {
					if err := g.tree(ctx, s, g.subject.Project.Machine(block.Base, platform, g.subject.Lock), l.At); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// tree gathers the packages of one tree. Where the project has several lockfiles
// they are distinguished by the names of their blocks.
func (g *gatherer) tree(ctx context.Context, s pipelines.Source, on pipelines.Machine, pos diag.Pos) error {
	var tree *locked.Tree
	tree, err := g.subject.Project.Tree(s.Name, on, s.Tree == "all")
	if err != nil {
		return err
	}
	if s.Tree == "package" {
		var ok bool
		if tree, ok = tree.Part(s.Package); !ok {
			return builder.NoPackage(s, pos)
		}
	}
	packages, err := g.collector.Tree(ctx, tree, g.subject.Lock)
	if err != nil {
		return err
	}
	made := g.subject.Steps.Built(s.Name, on.Platform)
	for _, p := range packages {
		if r := made[p.Path]; r != nil {
			found, err := g.collector.Built(ctx, r.Made())
			if err != nil {
				return err
			}
			p.Join(found)
		}
		if len(g.subject.Project.Npm) > 1 {
			p.Path = path.Join(s.Name, p.Path)
		}
		if key := p.Path + "\n" + p.Purl; !g.seen[key] {
			g.seen[key] = true
			g.found.Packages = append(g.found.Packages, p)
		}
	}
	return nil
}

// own gathers the project's files.
func (g *gatherer) own(ctx context.Context) error {
	if len(g.files) == 0 {
		return nil
	}
	p, err := g.collector.Own(ctx, g.subject.Project.Root, g.files)
	if err != nil {
		return err
	}
	g.found.Packages = append(g.found.Packages, p)
	return nil
}

// built gathers what steps have made, as files of the project: nobody else answers for them.
func (g *gatherer) built(ctx context.Context) error {
	slices.SortFunc(g.outputs, func(a, b snapshot.Entry) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), bytes.Compare(a.SHA256[:], b.SHA256[:]))
	})
	g.outputs = slices.CompactFunc(g.outputs, func(a, b snapshot.Entry) bool { return a.Path == b.Path && a.SHA256 == b.SHA256 })
	for len(g.outputs) > 0 { // a path may have another content on each platform
		var one, rest []snapshot.Entry
		for i, e := range g.outputs {
			if i > 0 && e.Path == g.outputs[i-1].Path {
				rest = append(rest, e)
			} else {
				one = append(one, e)
			}
		}
		p, err := g.collector.Built(ctx, one)
		if err != nil {
			return err
		}
		own := slices.IndexFunc(g.found.Packages, func(p dynamism.Package) bool { return p.Path == "" && p.Purl == "" })
		if own < 0 {
			g.found.Packages = append(g.found.Packages, p)
		} else {
			g.found.Packages[own].Join(p)
		}
		g.outputs = rest
	}
	return nil
}

// Gates holds the licences that a build file denies to those there are: a gate that names
// nothing would let everything through. Its classes of change are held to the language.
func Gates(p *pipelines.Project) error {
	return gate.CheckLicences(p.Sbom.DenyLicense, p.Sbom.Denied)
}
