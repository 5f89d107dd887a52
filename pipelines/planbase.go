package pipelines

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/debian"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// NodePackage names the npm package that holds Node for a platform.
func NodePackage(platform string) string {
	return "node-linux-" + map[string]string{"linux/amd64": "x64", "linux/arm64": "arm64"}[platform]
}

// purpose is what a root filesystem is for.
type purpose int

const (
	forImage    purpose = iota
	forStep             // a shell and the tools of scripts stand beside it
	forCompiler         // and a compiler, Node's headers and npm
)

// base finds the artefacts of a root filesystem: its image; or Node of the version
// asked for and, of Debian, every package that the snapshot has for the platform. What
// steps find beside it is among them for a step alone.
func (pl *planner) base(name, platform string, of purpose) []snapshot.Artefact {
	b, ok := pl.project.Base(name)
	if !ok {
		return nil
	}
	var out []snapshot.Artefact
	if of == forCompiler {
		for a := range pl.Lock.Of(snapshot.KindTool) {
			out = append(out, a)
		}
		if len(out) == 0 {
			pl.unpinned(diag.Pos{File: pl.project.File}, "npm, which runs install scripts and builds addons,")
		}
	}
	if b.Image != "" {
		// By the block's name: nbuild.lock holds no registry's host.
		if a, ok := pl.Lock.Find(snapshot.KindBase, b.Name, "", platform); ok {
			return append(out, a)
		}
		pl.unpinned(b.At, fmt.Sprintf("the image %s of base.%s (%s)", b.Image, b.Name, platform))
		return nil
	}
	for a := range pl.Lock.Of(snapshot.KindDeb) {
		fits := !a.OnlySteps() || of == forCompiler || of == forStep && !a.OnlyCompiler()
		if fits && (a.Platform == platform || a.Platform == "") && (a.Facts["suite"] == b.Suite || a.Facts["suite"] == "") {
			out = append(out, a)
		}
	}
	wanted := append([]string{"libc6"}, b.Packages...)
	if of != forImage {
		wanted = append(wanted, debian.StepPackages...)
	}
	if of == forCompiler {
		wanted = append(wanted, debian.Compilers(b.Compiling)...)
	}
	for _, want := range wanted {
		if !slices.ContainsFunc(out, func(a snapshot.Artefact) bool { return a.Kind == snapshot.KindDeb && a.Name == want }) {
			pl.unpinned(b.At, fmt.Sprintf("the Debian package %s of base.%s (%s, %s)", want, b.Name, b.Suite, platform))
		}
	}
	for a := range pl.Lock.Of(snapshot.KindNode) {
		if a.Name == NodePackage(platform) && (a.Version == b.Node || strings.HasPrefix(a.Version, b.Node+".")) {
			return append(out, a)
		}
	}
	pl.unpinned(b.At, fmt.Sprintf("Node %s of base.%s (%s)", b.Node, b.Name, platform))
	return out
}

func (pl *planner) fetched(name string) (snapshot.Artefact, bool) {
	for a := range pl.Lock.Of(snapshot.KindFetch) {
		if a.Facts["block"] == name || a.Facts["block"] == "" && a.Name == name {
			return a, true
		}
	}
	for _, f := range pl.project.Fetches {
		if f.Name == name {
			pl.unpinned(f.At, "fetch."+name)
		}
	}
	return snapshot.Artefact{}, false
}

// helper is the sandbox's program as an input.
func (pl *planner) helper(platform string) *Input {
	if pl.Helper == nil {
		return nil
	}
	in, ok := pl.helpers[platform]
	if !ok {
		program, err := pl.Helper(platform)
		if err != nil && pl.err == nil {
			pl.err = err
		}
		if program != nil {
			in = &Input{Path: "sandbox", Executable: true, Size: int64(len(program)), SHA256: cas.Sum(program), Content: program}
		}
		pl.helpers[platform] = in
	}
	return in
}

// root makes the root file system of a base, once.
func (pl *planner) root(ctx context.Context, name string, of []snapshot.Artefact, platform string, compiler bool) *Tree {
	b, ok := pl.project.Base(name)
	if !ok || pl.World.Root == nil || pl.err != nil {
		return nil
	}
	key := fmt.Sprintf("%s %s %t", name, platform, compiler)
	if t, ok := pl.roots[key]; ok {
		return t
	}
	t, err := pl.World.Root(ctx, b, of, platform)
	if ps := diag.All(err); len(ps) > 0 {
		pl.problems = append(pl.problems, ps...)
	} else if err != nil {
		pl.err = fmt.Errorf("planning base.%s: %w", name, err)
	}
	pl.roots[key] = t
	return t
}
