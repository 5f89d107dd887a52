package image

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/sri"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Modules returns the members of an npm tree below a folder of the image ("app"):
// one for each package that has a tarball of its own, and the bin links. Every
// package is pinned in lock with the integrity that the tree has: what is not was to be
// refused before anything is built (see internal/upstream, Check), and is an error. Built
// are the packages whose install scripts ran, by their install path, with all that their
// folders hold now in place of what their tarballs have.
func Modules(ctx context.Context, store *cas.Store, lock *snapshot.Lock, tree *locked.Tree, built map[string][]snapshot.Entry, at, owner string) ([]Member, error) {
	m := modules{store: store, artefacts: map[string]snapshot.Artefact{}, files: map[string][]string{}}
	var members []Member
	for i := range tree.Packages {
		p := &tree.Packages[i]
		if p.Bundler != "" || p.Link != "" {
			continue // in its bundler's tarball, or a link to a folder of the project
		}
		a, err := pinned(lock, p)
		if err != nil {
			return nil, err
		}
		m.artefacts[p.Path] = a
	}
	tree, err := tree.WithBins(func(p *locked.Package) (map[string]string, error) {
		index, err := snapshot.IndexOf(ctx, store, m.artefacts[cmp.Or(p.Bundler, p.Path)])
		if err != nil {
			return nil, err
		}
		return index.Bins(p.Path, p.Bundler), nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for commands: %w", err)
	}
	linked := tree.BinLinks(func(p *locked.Package, file string) bool { return m.has(ctx, p, file) })
	if m.err != nil {
		return nil, fmt.Errorf("linking commands: %w", m.err)
	}
	links := map[string]string{}
	for _, l := range linked {
		links[join(at, l.Path)] = l.Target
	}
	for _, l := range tree.Links {
		links[join(at, l.Path)] = l.Target
	}
	commands := m.commands(linked)
	for i := range tree.Packages {
		p := &tree.Packages[i]
		a, ok := m.artefacts[p.Path]
		if !ok {
			continue
		}
		if files, ok := built[p.Path]; ok {
			members = append(members, Built(store, a, files, join(at, p.Path), owner))
			continue
		}
		inside := bundled(tree, built, p.Path)
		if len(inside) == 0 {
			member, err := NPM(store, a, join(at, p.Path), owner, commands[p.Path]...)
			if err != nil {
				return nil, err
			}
			members = append(members, member)
			continue
		}
		member, err := NPMWithout(store, a, join(at, p.Path), owner, slices.Sorted(maps.Keys(inside)), commands[p.Path]...)
		if err != nil {
			return nil, err
		}
		members = append(members, member)
		for _, dir := range slices.Sorted(maps.Keys(inside)) {
			members = append(members, Built(store, a, inside[dir], join(at, path.Join(p.Path, dir)), owner))
		}
	}
	if len(links) > 0 {
		members = append(members, Bins(links, owner))
	}
	return members, nil
}

// bundled are those built packages that a package's own tarball brings, by their folder in
// it.
func bundled(tree *locked.Tree, built map[string][]snapshot.Entry, owner string) map[string][]snapshot.Entry {
	inside := map[string][]snapshot.Entry{}
	for p, files := range built { // into a map
		if q, ok := tree.Find(p); ok && q.Bundler == owner {
			inside[strings.TrimPrefix(p, owner+"/")] = files
		}
	}
	return inside
}

func pinned(lock *snapshot.Lock, p *locked.Package) (snapshot.Artefact, error) {
	a, ok := lock.Find(snapshot.KindNPM, p.Name, p.Version, "")
	switch _, indexed := a.Index(); {
	case !ok || !indexed:
		return a, fmt.Errorf("%s@%s is not in nbuild.lock, or has no file index there", p.Name, p.Version)
	case !sri.Confirms(a.Integrity, p.Integrity):
		return a, fmt.Errorf("%s has the integrity %s in the lockfile and %s in nbuild.lock", a.ID(), p.Integrity, a.Integrity)
	}
	return a, nil
}

// modules knows the files of those packages that were asked for.
type modules struct {
	store     *cas.Store
	artefacts map[string]snapshot.Artefact // by install path
	files     map[string][]string          // by install path, sorted
	err       error                        // the first that has happened
}

// commands returns the files that links lead to, by the install path of the package
// whose tarball brings them.
func (m *modules) commands(links []locked.BinLink) map[string][]string {
	out := map[string][]string{}
	for _, file := range slices.Sorted(maps.Keys(locked.Commands(links))) {
		for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
			if _, ok := m.artefacts[dir]; ok {
				out[dir] = append(out[dir], file[len(dir)+1:])
				break
			}
		}
	}
	return out
}

// has reports whether a package has a file, or a folder with files, of that name.
func (m *modules) has(ctx context.Context, p *locked.Package, file string) bool {
	if p.Link != "" {
		return true // a folder of the project, whose files other layers have
	}
	owner := p.Path
	if p.Bundler != "" {
		owner, file = p.Bundler, join(strings.TrimPrefix(p.Path, p.Bundler+"/"), file)
	}
	file = path.Clean(file)
	files, ok := m.files[owner]
	if !ok {
		var err error
		if files, err = m.list(ctx, owner); err != nil && m.err == nil {
			m.err = err
		}
		m.files[owner] = files
	}
	if _, found := slices.BinarySearch(files, file); found {
		return true
	}
	i, _ := slices.BinarySearch(files, file+"/")
	return i < len(files) && strings.HasPrefix(files[i], file+"/")
}

func (m *modules) list(ctx context.Context, owner string) ([]string, error) {
	index, err := snapshot.IndexOf(ctx, m.store, m.artefacts[owner])
	if err != nil {
		return nil, err
	}
	files := make([]string, len(index.Entries))
	for i, e := range index.Entries {
		files[i] = e.Path
	}
	return files, nil
}
