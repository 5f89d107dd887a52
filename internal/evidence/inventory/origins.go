package inventory

import (
	"fmt"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Origins are the artefacts that a planned tree is laid out from.
type Origins struct {
	Artefacts []snapshot.Artefact // each once, in the order of the packages
	Indexes   []cas.Digest        // of their file indexes
	At        []Origin            // of each package of the tree
}

// Origin is where a package comes from: an artefact, by its place in Artefacts, and
// the folder in it, "" where it is the artefact itself. Artefact is -1 of a link to a
// folder of the project.
type Origin struct {
	Artefact int
	Dir      string
}

// OriginsOf finds the artefacts of a tree in nbuild.lock. Artefacts of one file index
// are one.
func OriginsOf(tree *locked.Tree, lock *snapshot.Lock) (*Origins, error) {
	o := &Origins{At: make([]Origin, len(tree.Packages))}
	seen := map[cas.Digest]int{}
	for i := range tree.Packages {
		p := &tree.Packages[i]
		o.At[i].Artefact = -1
		if p.Link != "" {
			continue
		}
		owner := p
		if p.Bundler != "" {
			var ok bool
			if owner, ok = tree.Find(p.Bundler); !ok {
				return nil, fmt.Errorf("%s: its bundler %s is not in the tree", p.Path, p.Bundler)
			}
			o.At[i].Dir = p.Path[len(p.Bundler)+1:]
		}
		a, ok := Pinned(lock, owner)
		if !ok {
			return nil, fmt.Errorf("nbuild.lock does not pin %s@%s", owner.Name, owner.Version)
		}
		index, ok := a.Index()
		if !ok {
			return nil, fmt.Errorf("nbuild.lock names no file index of %s", a.ID())
		}
		at, ok := seen[index]
		if !ok {
			at = len(o.Artefacts)
			seen[index] = at
			o.Artefacts, o.Indexes = append(o.Artefacts, a), append(o.Indexes, index)
		}
		o.At[i].Artefact = at
	}
	return o, nil
}

// Pinned returns the artefact that nbuild.lock has for a package.
func Pinned(lock *snapshot.Lock, p *locked.Package) (snapshot.Artefact, bool) {
	if a, ok := lock.Find(snapshot.KindNPM, p.Name, p.Version, ""); ok {
		return a, true
	}
	return lock.Find(snapshot.KindGit, p.Name, p.Version, "")
}
