package pipelines

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/sri"
	"github.com/nbuild/nbuild/internal/snapshot"
)

func newHash() hash.Hash { return sha256.New() }

// modules makes the tree of packages that a source names. What is not pinned is a
// problem, and then there is no tree.
func (pl *planner) modules(ctx context.Context, s Source, platform string) packaged {
	block, ok := pl.project.Tree(s.Name)
	if !ok || pl.err != nil {
		return packaged{}
	}
	if pl.World.Tree == nil || pl.World.Index == nil {
		pl.err = fmt.Errorf("planning %s: no lockfile and file indexes at hand", s)
		return packaged{}
	}
	planned, err := pl.World.Tree(ctx, block, s, platform)
	if err != nil {
		pl.err = fmt.Errorf("planning %s: %w", s, err)
		return packaged{}
	}
	if planned == nil {
		pl.unpinned(block.At, fmt.Sprintf("the package %s, which %s does not have,", s.Package, block.Lockfile))
		return packaged{}
	}
	var out packaged
	without := map[string]bool{}
	for path, step := range pl.scripted[block.Name+" "+platform].steps {
		if _, has := planned.Find(path); has {
			without[path] = true
			out.needs = append(out.needs, step)
		}
	}
	out.tree = pl.treeOf(ctx, planned, s.String(), without)
	return out
}

// treeOf makes the tree of planned packages, but for the folders of some of them.
func (pl *planner) treeOf(ctx context.Context, planned *locked.Tree, from string, without map[string]bool) *Tree {
	before := len(pl.problems)
	m := modules{tree: planned, index: pl.Index, links: "the commands of " + from, without: without}
	for i := range planned.Packages {
		p := &planned.Packages[i]
		if p.Bundler != "" || p.Link != "" { // in another's tarball, or a folder of the project
			continue
		}
		a, doc, ok := pl.ofPackage(p)
		if !ok {
			pl.unpinned(p.Pos, fmt.Sprintf("%s@%s, with the integrity of the lockfile,", p.Name, p.Version))
			continue
		}
		m.parts = append(m.parts, part{p.Path, a, doc})
	}
	if len(pl.problems) > before {
		return nil
	}
	tree, err := NewTree(ctx, pl.Keep, from, m.key(), m.list)
	if err != nil {
		pl.err = fmt.Errorf("planning %s: %w", from, err)
	}
	return tree
}

// ofPackage finds the artefact of a package of a tree, with its file index; the last result
// is false where it is not pinned as the lockfile has it.
func (pl *planner) ofPackage(p *locked.Package) (snapshot.Artefact, cas.Digest, bool) {
	a, ok := pl.Lock.Find(snapshot.KindNPM, p.Name, p.Version, "")
	if !ok {
		a, ok = pl.Lock.Find(snapshot.KindGit, p.Name, p.Version, "")
	}
	doc, indexed := a.Index()
	return a, doc, ok && indexed && sri.Confirms(a.Integrity, p.Integrity)
}

// modules is a tree of packages as its files are found: each where it is installed, from
// the artefact that nbuild.lock has for it.
type modules struct {
	tree  *locked.Tree
	parts []part
	index func(context.Context, cas.Digest) (*snapshot.Index, error)
	links string // who makes the links, for people

	without map[string]bool // packages, by path, whose own files are not in it
}

type part struct {
	at       string
	artefact snapshot.Artefact
	index    cas.Digest
}

// key is the digest of all that decides what files there are.
func (m *modules) key() cas.Digest {
	var b strings.Builder
	b.WriteString("npm 1\n")
	for _, p := range m.parts {
		fmt.Fprintf(&b, "%q %s %s\n", p.at, p.artefact.SHA256, p.index)
	}
	for i := range m.tree.Packages { // what BinLinks reads
		if p := &m.tree.Packages[i]; len(p.Bins) > 0 {
			fmt.Fprintf(&b, "bin %q %q\n", p.Path, p.Bundler)
			for _, command := range sorted(p.Bins) {
				fmt.Fprintf(&b, "%q %q\n", command, p.Bins[command])
			}
		}
	}
	fmt.Fprintf(&b, "%t\n", m.tree.Options.NoBinLinks)
	for i := range m.tree.Packages { // whose manifests are read: what they say, the index decides
		if p := &m.tree.Packages[i]; p.HasBins {
			fmt.Fprintf(&b, "bins of %q %q\n", p.Path, p.Bundler)
		}
	}
	for _, f := range m.tree.BinFolders {
		fmt.Fprintf(&b, "bins in %q %q\n", f.Path, f.Packages)
	}
	for _, l := range m.tree.Links {
		fmt.Fprintf(&b, "link %q %q\n", l.Path, l.Target)
	}
	for _, path := range sorted(m.without) {
		fmt.Fprintf(&b, "without %q\n", path)
	}
	return cas.Sum([]byte(b.String()))
}

// list lists the files from the file indexes alone: no tarball is read for a plan.
func (m *modules) list(ctx context.Context) ([]Input, error) {
	var out []Input
	have := map[string][]string{} // files by install path
	indexes := map[string]*snapshot.Index{}
	places := map[string]int{} // where a file is in out, and its entry
	entries := map[string]snapshot.Entry{}
	for _, p := range m.parts {
		index, err := m.index(ctx, p.index)
		if err != nil {
			return nil, fmt.Errorf("reading file index of %s: %w", p.artefact.ID(), err)
		}
		indexes[p.at] = index
		for _, e := range index.Entries {
			have[p.at] = append(have[p.at], e.Path)
			if m.left(p.at, e.Path) {
				continue
			}
			places[join(p.at, e.Path)], entries[join(p.at, e.Path)] = len(out), e
			out = append(out, Input{
				Path: join(p.at, e.Path), Executable: e.Executable(), Size: e.Size, SHA256: e.SHA256, Link: e.Link,
				Archive: p.artefact.SHA256, Kind: p.artefact.Kind, Index: p.index, Member: e.Path, From: p.artefact.ID(),
			})
		}
	}
	tree, err := m.tree.WithBins(func(p *locked.Package) (map[string]string, error) {
		return indexes[cmp.Or(p.Bundler, p.Path)].Bins(p.Path, p.Bundler), nil
	})
	if err != nil {
		return nil, err
	}
	links := tree.BinLinks(func(p *locked.Package, file string) bool { return has(have, p, file) })
	for file := range locked.Commands(links) { // each changes its own place
		if i, ok := places[file]; ok {
			e := entries[file].AsCommand()
			out[i].Executable, out[i].Size, out[i].SHA256 = true, e.Size, e.SHA256
		}
	}
	for _, l := range links {
		out = append(out, Input{Path: l.Path, Link: l.Target, From: m.links})
	}
	for _, l := range m.tree.Links {
		out = append(out, Input{Path: l.Path, Link: l.Target, From: m.links})
	}
	return out, nil
}

// left reports whether a file of a package's tarball stands in the folder of one whose own
// files are not in the tree: in the package's, or in that of one that it bundles.
func (m *modules) left(at, file string) bool {
	if m.without[at] {
		return true
	}
	if len(m.without) == 0 {
		return false
	}
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		if m.without[join(at, dir)] {
			return true
		}
	}
	return false
}

// has reports whether a package has a file, or a folder with files, of that name.
func has(have map[string][]string, p *locked.Package, file string) bool {
	if p.Link != "" {
		return true // a folder of the project, which no plan looks into
	}
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
		return snapshot.ReadIndex(ctx, store, d)
	}
}
