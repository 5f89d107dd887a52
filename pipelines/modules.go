package pipelines

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/sri"
	"github.com/nbuild/nbuild/internal/snapshot"
)

func newHash() hash.Hash { return sha256.New() }

// modules lists the files of an npm tree, from the file indexes alone: no tarball
// is read for a plan.
func (pl *planner) modules(ctx context.Context, s Source, platform string) []Input {
	block, ok := pl.project.Tree(s.Name)
	if !ok || pl.err != nil {
		return nil
	}
	if pl.World.Tree == nil || pl.World.Index == nil {
		pl.err = fmt.Errorf("planning %s: no lockfile and file indexes at hand", s)
		return nil
	}
	tree, err := pl.World.Tree(ctx, block, s, platform)
	if err != nil {
		pl.err = fmt.Errorf("planning %s: %w", s, err)
		return nil
	}
	if tree == nil {
		pl.unpinned(block.At, fmt.Sprintf("the package %s, which %s does not have,", s.Package, block.Lockfile))
		return nil
	}
	var out []Input
	have := map[string][]string{} // files by install path
	places := map[string]int{}    // where a file is in out, and its entry
	entries := map[string]snapshot.Entry{}
	for i := range tree.Packages {
		p := &tree.Packages[i]
		if p.Bundler != "" {
			continue
		}
		a, ok := pl.Lock.Find(snapshot.KindNPM, p.Name, p.Version, "")
		if !ok {
			a, ok = pl.Lock.Find(snapshot.KindGit, p.Name, p.Version, "")
		}
		doc, indexed := a.Index()
		if !ok || !indexed || !sri.Confirms(a.Integrity, p.Integrity) {
			pl.unpinned(p.Pos, fmt.Sprintf("%s@%s, with the integrity of the lockfile,", p.Name, p.Version))
			continue
		}
		index, err := pl.Index(ctx, doc)
		if err != nil {
			pl.err = fmt.Errorf("reading file index of %s: %w", a.ID(), err)
			return nil
		}
		for _, e := range index.Entries {
			have[p.Path] = append(have[p.Path], e.Path)
			places[join(p.Path, e.Path)], entries[join(p.Path, e.Path)] = len(out), e
			out = append(out, Input{
				Path: join(p.Path, e.Path), Executable: e.Executable(), Size: e.Size, SHA256: e.SHA256, Link: e.Link,
				Archive: a.SHA256, Member: e.Path, From: a.ID(),
			})
		}
	}
	links := tree.BinLinks(func(p *npm.Package, file string) bool { return has(have, p, file) })
	for file := range npm.Commands(links) { // each changes its own place
		if i, ok := places[file]; ok {
			e := entries[file].AsCommand()
			out[i].Executable, out[i].Size, out[i].SHA256 = true, e.Size, e.SHA256
		}
	}
	for _, l := range links {
		out = append(out, Input{Path: l.Path, Link: l.Target, From: "the commands of " + s.String()})
	}
	return out
}

// has reports whether a package has a file, or a folder with files, of that name.
func has(have map[string][]string, p *npm.Package, file string) bool {
	owner := p.Path
	if p.Bundler != "" {
		owner, file = p.Bundler, join(strings.TrimPrefix(p.Path, p.Bundler+"/"), file)
	}
	file = join(file)
	return slices.ContainsFunc(have[owner], func(n string) bool { return n == file || strings.HasPrefix(n, file+"/") })
}

// ReadIndex makes World.Index of a store.
func ReadIndex(store *cas.Store) func(context.Context, cas.Digest) (*snapshot.Index, error) {
	return func(ctx context.Context, d cas.Digest) (*snapshot.Index, error) {
		src, err := store.Read(ctx, d, bounds.FileIndex)
		if err != nil {
			return nil, fmt.Errorf("reading file index: %w", err)
		}
		return snapshot.DecodeIndex(src)
	}
}
