package builder

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/builder/launch"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// members joins what a layer of build.hcl names.
func (b *build) members(ctx context.Context, l *pipelines.Layer, on pipelines.Machine) ([]image.Member, error) {
	at := strings.TrimPrefix(path.Clean("/"+l.To), "/")
	var members []image.Member
	var problems diag.Problems
	for _, s := range l.From {
		more, err := b.source(ctx, l, s, at, on)
		if ps := diag.All(err); len(ps) > 0 {
			problems = append(problems, ps...)
			continue
		}
		if err != nil {
			return nil, err
		}
		members = append(members, more...)
	}
	return members, problems.Err()
}

func (b *build) source(ctx context.Context, l *pipelines.Layer, s pipelines.Source, at string, on pipelines.Machine) ([]image.Member, error) {
	switch s.Kind {
	case pipelines.FromProject:
		entries, err := b.projectEntries(ctx)
		if err != nil {
			return nil, err
		}
		return []image.Member{image.Tree(b.Root, entries, at, "the project's files", "project")}, nil
	case pipelines.FromFiles:
		entries, err := named(ctx, b.Root, s.Files)
		if err != nil {
			return nil, err
		}
		return []image.Member{image.Tree(b.Root, entries, at, s.String(), "project")}, nil
	case pipelines.FromNpm:
		return b.modules(ctx, l, s, at, on)
	case pipelines.FromFetch:
		a, ok := b.Lock.Find(snapshot.KindFetch, s.Name, "", "")
		if !ok {
			return nil, &diag.Problem{
				Code: CodeNoFetch, Pos: l.At, What: fmt.Sprintf("fetch %q is not pinned", s.Name),
				Why: "every byte that enters an image is in nbuild.lock", Remedy: "run `nbuild pin`",
			}
		}
		if strings.HasSuffix(l.To, "/") || len(l.From) > 1 { // else it is the file's own path
			at = path.Join(at, b.fileName(s.Name))
		}
		return []image.Member{image.Blob(b.Store, a, at, 0o644, s.String())}, nil
	}
	ran := b.Steps[execution.Key{Step: s.Name, Platform: on.Platform}]
	if s.Kind != pipelines.FromStep || ran == nil {
		return nil, fmt.Errorf("layer %q takes %s, which was not made", l.Name, s)
	}
	taken := s.Take(ran.Outputs)
	if len(taken) == 0 {
		return nil, &diag.Problem{
			Code: execution.CodeOutputs, Pos: l.At, What: fmt.Sprintf("step %q left nothing in %s, which layer %q takes", s.Name, s.Output, l.Name),
			Why: "the layer would be empty", Remedy: fmt.Sprintf("correct its path: `nbuild run %s --json` lists what the step left", diag.Word(s.Name)),
		}
	}
	return []image.Member{image.Stored(b.Store, taken, at, s.String())}, nil
}

// NoPackage is the problem of a source at pos that takes a package which production's tree
// does not have at its top.
func NoPackage(s pipelines.Source, pos diag.Pos) error {
	return &diag.Problem{
		Code: CodeNoPackage, Pos: pos, What: "there is no " + s.Package + " at the top of the tree of npm." + s.Name, Why: "the layer would be empty: it is taken of what production has",
		Remedy: "name a package that package.json asks for in dependencies; with what only development asks for, it is npm." + s.Name + ".all",
	}
}

// fileName is how a fetched file is called in a folder: as its URL ends.
func (b *build) fileName(fetch string) string {
	for _, f := range b.Project.Fetches {
		if f.Name == fetch {
			return path.Base(f.URL)
		}
	}
	return fetch
}

// modules returns the members of a tree of packages, or of one package and what it
// needs.
func (b *build) modules(ctx context.Context, l *pipelines.Layer, s pipelines.Source, at string, on pipelines.Machine) ([]image.Member, error) {
	tree, err := b.Tree(s.Name, on, s.Tree == "all")
	if err != nil {
		return nil, err
	}
	if s.Tree == "package" {
		var ok bool
		if tree, ok = tree.Part(s.Package); !ok {
			return nil, NoPackage(s, l.At)
		}
	}
	built, placed := map[string][]snapshot.Entry{}, launch.Placed{Tree: tree, At: at, Built: map[string]launch.Built{}}
	for install, r := range b.Steps.Built(s.Name, on.Platform) {
		if _, has := tree.Find(install); has {
			built[install] = r.Files()
			placed.Built[install] = launch.Built{Files: built[install], Left: r.Scripts.Left}
		}
	}
	for i := range b.Project.Npm {
		if block := &b.Project.Npm[i]; block.Name == s.Name {
			placed.Block = block
			b.placed = append(b.placed, placed)
		}
	}
	return image.Modules(ctx, b.Store, b.Lock, tree, built, at, "npm."+s.Name)
}
