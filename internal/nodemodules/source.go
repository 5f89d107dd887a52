package nodemodules

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/sri"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// source is a package that has a tarball of its own: where it goes and what is in
// it.
type source struct {
	*locked.Package
	artefact snapshot.Artefact
	index    cas.Digest
	bundled  []*locked.Package // what its tarball brings besides
	marked   map[string]bool   // files of the tree that are executable without being linked
	nested   []string          // folders below it, relative, that other tarballs fill

	built  []snapshot.Entry // what its folder holds in place of what its tarball has, by path; nil where it has its tarball's
	absent []string         // folders of its tarball, relative, of packages that are built

	entries   []snapshot.Entry                     // as they are laid out, while it is written
	commands  []bool                               // which of entries are commands, while it is written
	manifests *snapshot.Index                      // what its manifests say, while commands are looked for; without its files
	members   []int                                // where entries stand in the tarball's index, while it is written
	contents  *tarball.Contents                    // while it is written
	paths     []string                             // of its files, sorted
	read      func(snapshot.Entry) ([]byte, error) // one that was built, while it is written
	bytes     int64
}

// find looks up every package of the tree in nbuild.lock. It reads no blob.
func find(o Options) ([]*source, error) {
	var sources []*source
	var ps diag.Problems
	at, marked := map[string]*source{}, o.Tree.Marked()
	for i := range o.Tree.Packages {
		p := &o.Tree.Packages[i]
		if p.Link != "" {
			continue // one of the tree's links, and the project has its files
		}
		if p.Bundler != "" {
			owner := at[p.Bundler]
			if owner == nil {
				continue
			}
			owner.bundled = append(owner.bundled, p)
			if files := o.Built[p.Path]; files != nil { // as if it had a tarball of its own
				owner.absent = append(owner.absent, p.Path[len(owner.Path)+1:])
				sources = append(sources, &source{Package: p, marked: marked, artefact: owner.artefact, index: owner.index, built: files})
			}
			continue
		}
		s := &source{Package: p, marked: marked}
		at[p.Path] = s
		a, problem := pinned(o.Lock, p)
		if problem != nil {
			ps = append(ps, problem)
			continue
		}
		s.artefact = a
		s.index, _ = a.Index()
		s.built = o.Built[p.Path]
		sources = append(sources, s)
		for up := parent(p.Path); up != ""; up = parent(up) {
			if owner := at[up]; owner != nil {
				owner.nested = append(owner.nested, p.Path[len(up)+1:])
			}
		}
	}
	return sources, ps.Err()
}

// parent returns the package in whose node_modules a path stands, "" for the
// project's.
func parent(path string) string {
	if i := strings.LastIndex(path, "/node_modules/"); i >= 0 {
		return path[:i]
	}
	return ""
}

func pinned(lock *snapshot.Lock, p *locked.Package) (snapshot.Artefact, *diag.Problem) {
	a, ok := lock.Find(snapshot.KindNPM, p.Name, p.Version, "")
	if !ok {
		return a, &diag.Problem{
			Code: CodeUnpinned, Pos: p.Pos, What: p.Name + "@" + p.Version + " is not in nbuild.lock",
			Why: "only what is pinned is installed", Remedy: "run `nbuild pin`",
		}
	}
	if _, ok := a.Index(); !ok {
		return a, &diag.Problem{
			Code: CodeUnpinned, Pos: p.Pos, What: a.ID() + " has no file index in nbuild.lock",
			Why: "what it unpacks to is not known", Remedy: "run `nbuild pin`",
		}
	}
	if sri.Confirms(a.Integrity, p.Integrity) {
		return a, nil
	}
	return a, &diag.Problem{
		Code: CodeIntegrity, Pos: p.Pos, What: a.ID() + " has the integrity " + p.Integrity + " in the lockfile and " + a.Integrity + " in nbuild.lock",
		Why:    "one of the two files was changed without the other, and a published version never changes",
		Remedy: "compare both with `npm view " + diag.Word(p.Name) + "@" + diag.Word(p.Version) + " dist.integrity`; once the lockfile is right, run `nbuild pin --update " + diag.Word(p.Name) + "`",
	}
}

// readIndex reads what the package unpacks to, makes commands of the files that links
// lead to, and checks it against the tree.
func (s *source) readIndex(ctx context.Context, store *cas.Store, commands map[string]bool) (*snapshot.Index, error) {
	index, err := snapshot.ReadIndex(ctx, store, s.index)
	if err != nil {
		return nil, broken(s.Package, s.artefact, err)
	}
	if index.Version != 2 {
		return nil, broken(s.Package, s.artefact, fmt.Errorf("its file index has version %d, not 2", index.Version))
	}
	s.entries, s.commands, s.paths, s.members, s.bytes = nil, nil, nil, nil, 0
	if s.built != nil {
		for _, e := range s.built {
			s.add(e, false, -1)
		}
		return index, nil
	}
	for i, e := range index.Entries {
		if slices.ContainsFunc(s.absent, func(dir string) bool { return strings.HasPrefix(e.Path, dir+"/") }) {
			continue
		}
		switch at := s.Path + "/" + e.Path; {
		case commands[at]:
			s.add(e.AsCommand(), true, i)
			continue
		case s.marked[at]:
			e.Mode |= 0o111
		}
		s.add(e, false, i)
	}
	return index, s.checkIndex(index)
}

// add notes a file: member is its place in the tarball's index, -1 of one that its install
// scripts left.
func (s *source) add(e snapshot.Entry, command bool, member int) {
	s.entries, s.commands, s.members = append(s.entries, e), append(s.commands, command), append(s.members, member)
	s.paths = append(s.paths, e.Path)
	s.bytes += e.Size
}

func (s *source) checkIndex(index *snapshot.Index) error {
	var ps diag.Problems
	for _, b := range s.bundled {
		dir := b.Path[len(s.Path)+1:]
		if facts := index.Bundled[dir]; facts == nil || facts.Version != b.Version {
			ps = append(ps, &diag.Problem{
				Code: CodeBundle, Pos: b.Pos, What: s.Name + "@" + s.Version + " does not bundle " + b.Name + "@" + b.Version + " at " + dir,
				Why: "the lockfile says so, its tarball does not", Remedy: "run `npm install --ignore-scripts`, which reads the tarball and writes what it bundles into the lockfile",
			})
		}
	}
	for _, dir := range s.nested {
		if s.has(dir) {
			ps = append(ps, &diag.Problem{
				Code: CodeOverlap, Pos: s.Pos, What: s.artefact.ID() + " brings files of its own at " + dir,
				Why: "the lockfile puts another package there; which file would win is chance", Remedy: "install another version of " + s.Name + ", or patch it",
			})
		}
	}
	return ps.Err()
}

// has reports whether the package has a file, or a folder with files, of that
// name.
func (s *source) has(name string) bool {
	i := sort.SearchStrings(s.paths, name)
	if i < len(s.paths) && s.paths[i] == name {
		return true
	}
	i = sort.SearchStrings(s.paths, name+"/")
	return i < len(s.paths) && strings.HasPrefix(s.paths[i], name+"/")
}

// load reads the tarball, verified, and unpacks it.
func (s *source) load(ctx context.Context, store *cas.Store, commands map[string]bool) error {
	index, err := s.readIndex(ctx, store, commands)
	if err != nil {
		return err
	}
	if s.built != nil {
		s.read = func(e snapshot.Entry) ([]byte, error) { return store.Read(ctx, e.SHA256, e.Size) }
		return nil
	}
	blob, err := store.Open(ctx, s.artefact.SHA256)
	if err != nil {
		return broken(s.Package, s.artefact, err)
	}
	defer blob.Close()
	if s.contents, err = tarball.Unpack(blob, index); err != nil {
		return broken(s.Package, s.artefact, fmt.Errorf("unpacking: %w", err))
	}
	return nil
}

// content is what entries[i] holds.
func (s *source) content(i int) ([]byte, error) {
	switch {
	case s.entries[i].Link != "":
		return nil, nil
	case s.read != nil:
		return s.read(s.entries[i])
	case s.commands[i]:
		return s.contents.Command(s.members[i])
	}
	return s.contents.Bytes(s.members[i])
}

// release drops what only writing needs.
func (s *source) release() {
	if s.contents != nil {
		s.contents.Close()
	}
	s.contents, s.entries, s.commands, s.members, s.read = nil, nil, nil, nil, nil
}

// links works out the commands of the tree. Only packages that have any are looked
// into.
func links(ctx context.Context, o Options, root *os.Root, sources []*source) ([]locked.BinLink, error) {
	err := each(ctx, o.Workers, len(sources), func(i int) error {
		s := sources[i]
		has := func(p *locked.Package) bool { return len(p.Bins) > 0 || p.HasBins }
		if !has(s.Package) && !slices.ContainsFunc(s.bundled, has) {
			return nil
		}
		index, err := s.readIndex(ctx, o.Store, nil)
		if err == nil {
			s.manifests = &snapshot.Index{Package: index.Package, Bundled: index.Bundled}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	c := newCatalogue(sources)
	tree, err := o.Tree.WithBins(c.bins)
	if err != nil {
		return nil, err
	}
	links := tree.BinLinks(func(p *locked.Package, file string) bool {
		if p.Link == "" {
			return c.exists(p, file)
		}
		_, err := root.Stat(filepath.FromSlash(path.Join(p.Path, "..", target(o.Tree, p), file)))
		return err == nil
	})
	for _, s := range sources {
		s.manifests = nil
	}
	return links, nil
}

// target is where the link that stands for a package leads, from the folder it stands in.
func target(tree *locked.Tree, p *locked.Package) string {
	for _, l := range tree.Links {
		if l.Path == p.Path {
			return l.Target
		}
	}
	return "."
}

// catalogue finds the files of packages, bundled ones among them.
type catalogue map[string]*source

func newCatalogue(sources []*source) catalogue {
	c := catalogue{}
	for _, s := range sources {
		c[s.Path] = s
	}
	return c
}

// bins are the commands that a package's manifest names, once its index was read.
func (c catalogue) bins(p *locked.Package) (map[string]string, error) {
	s := c[cmp.Or(p.Bundler, p.Path)]
	if s == nil || s.manifests == nil {
		return nil, nil // what brings it was left out
	}
	return s.manifests.Bins(p.Path, p.Bundler), nil
}

func (c catalogue) exists(p *locked.Package, file string) bool {
	if s := c[p.Path]; s != nil || p.Bundler == "" {
		return s != nil && s.has(file)
	}
	s := c[p.Bundler]
	return s != nil && s.has(p.Path[len(s.Path)+1:]+"/"+file)
}
