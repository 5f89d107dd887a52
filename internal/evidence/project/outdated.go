package project

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/debian"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// ImageLock is Lock for whoever makes images of it: what bases and fetch blocks ask for in
// build.hcl is still what they were pinned for.
func (p *Project) ImageLock() (*snapshot.Lock, error) {
	lock, err := p.Lock()
	if err != nil {
		return nil, err
	}
	if err := p.Outdated(lock).Err(); err != nil {
		return nil, err
	}
	return lock, nil
}

// Outdated reports what was pinned for another text of build.hcl than today's: another
// image, another version of Node, other Debian packages, another URL. The old bytes would go into
// an image whose build.hcl names others.
func (p *Project) Outdated(lock *snapshot.Lock) diag.Problems {
	var problems diag.Problems
	stale := func(at diag.Pos, what, was string) {
		problems = append(problems, &diag.Problem{
			Code: pipelines.CodeUnpinned, Pos: at, What: what + " is not pinned", Why: "nbuild.lock has " + was + ", which build.hcl asked for before",
			Remedy: "run `nbuild pin`",
		})
	}
	for _, b := range p.Bases {
		if !p.Uses(b.Name) {
			continue
		}
		for _, platform := range p.Platforms {
			if b.Image != "" {
				if a, ok := lock.Find(snapshot.KindBase, b.Name, "", platform); ok && !a.Answers(b.Image) {
					stale(b.At, fmt.Sprintf("the image %s of base.%s (%s)", b.Image, b.Name, platform), "another image")
				}
				continue
			}
			for a := range lock.Of(snapshot.KindNode) {
				if a.Platform == platform && a.Version != b.Node && !strings.HasPrefix(a.Version, b.Node+".") {
					stale(b.At, fmt.Sprintf("Node %s of base.%s (%s)", b.Node, b.Name, platform), "Node "+a.Version)
				}
			}
		}
		if b.Image != "" {
			continue
		}
		for a := range lock.Of(snapshot.KindDebIndex) {
			switch {
			case a.Name != b.Suite:
				stale(b.At, fmt.Sprintf("the suite %s of base.%s", b.Suite, b.Name), "packages of "+a.Name)
			case !a.Answers(p.Debs()):
				stale(b.At, fmt.Sprintf("the list of Debian packages of base.%s", b.Name), "the packages of another list")
			}
		}
	}
	for _, f := range p.Fetches {
		if a, ok := lock.Find(snapshot.KindFetch, f.Name, "", ""); ok && !a.Answers(f.URL) {
			stale(f.At, fmt.Sprintf("the URL of fetch.%s", f.Name), "the file of another URL")
		}
	}
	return problems
}

// Debs are the Debian packages that bases name and that steps find beside them, sorted: the text that those are pinned for,
// whichever images are asked for. What a name brings with it is not in it.
func (p *Project) Debs() string {
	var names []string
	for _, b := range p.Bases {
		if b.Image == "" {
			names = append(names, b.Packages...)
		}
	}
	if p.StepsOnDebian() {
		for _, name := range debian.StepPackages {
			names = append(names, "+"+name)
		}
	}
	if p.CompilesOnDebian() {
		for _, name := range debian.Compilers(p.Compiling()) {
			names = append(names, "++"+name)
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

// Compiling are the Debian packages that bases name for what compiles, sorted.
func (p *Project) Compiling() []string {
	var names []string
	for _, b := range p.Bases {
		names = append(names, b.Compiling...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Compiles reports whether a step has the compiler, or a package's install scripts run.
func (p *Project) Compiles() bool { return len(p.compiling()) > 0 }

// CompilesOnDebian reports whether one of those stands on a base of Debian packages.
func (p *Project) CompilesOnDebian() bool {
	return slices.ContainsFunc(p.compiling(), func(base string) bool {
		b, ok := p.Base(base)
		return ok && b.Image == ""
	})
}

// compiling are the bases of what has the compiler.
func (p *Project) compiling() []string {
	var bases []string
	for _, s := range p.Steps {
		if s.Compiler {
			bases = append(bases, s.Base)
		}
	}
	for _, n := range p.Npm {
		for _, s := range n.Scripts {
			bases = append(bases, s.Base)
		}
	}
	return bases
}

// StepsOnDebian reports whether a step stands on a base of Debian packages.
func (p *Project) StepsOnDebian() bool {
	return p.CompilesOnDebian() || slices.ContainsFunc(p.Steps, func(s pipelines.Step) bool {
		b, ok := p.Base(s.Base)
		return ok && b.Image == ""
	})
}

// Uses reports whether an image, a step or an install script stands on a base.
func (p *Project) Uses(base string) bool {
	for _, i := range p.Images {
		if i.Base == base {
			return true
		}
	}
	for _, s := range p.Steps {
		if s.Base == base {
			return true
		}
	}
	return slices.Contains(p.compiling(), base)
}
