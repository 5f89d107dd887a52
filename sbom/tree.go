package sbom

import (
	"fmt"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Facts reads the facts of a file index document by its digest; snapshot.DecodeFacts
// over the store is one.
type Facts func(index cas.Digest) (*snapshot.Index, error)

// FromTree returns the project and the packages of a planned tree. With a Lock and
// Facts they carry everything the snapshot knows; with neither they carry what the
// lockfile says, and Contents.Complete must stay false.
func FromTree(tree *locked.Tree, lock *snapshot.Lock, facts Facts) (Project, []Package, error) {
	project := Project{Name: tree.Name, Version: tree.Version, License: tree.License}
	for _, e := range tree.Root {
		project.DependsOn = append(project.DependsOn, e.To)
	}
	indexes := make(map[cas.Digest]*snapshot.Index)
	packages := make([]Package, 0, len(tree.Packages))
	for i := range tree.Packages {
		from := &tree.Packages[i]
		p := Package{
			Path: from.Path, Name: from.Name, Version: from.Version, Integrity: from.Integrity,
			Bundler: from.Bundler, Dev: from.Dev, Optional: from.Optional, HasInstallScript: from.HasInstallScript,
		}
		if from.Bundler == "" && from.Link == "" {
			p.Origin = from.Origin
			p.Address = npm.Shown(from.Resolved)
		}
		for _, e := range from.Dependencies {
			p.DependsOn = append(p.DependsOn, e.To)
		}
		if lock != nil && facts != nil && from.Link == "" {
			if err := p.fill(tree, from, lock, facts, indexes); err != nil {
				return Project{}, nil, fmt.Errorf("describing %s: %w", from.Path, err)
			}
		}
		packages = append(packages, p)
	}
	return project, packages, nil
}

// fill adds what the snapshot knows about a package: of its own tarball, or of its
// bundler's, where it stands in a folder.
func (p *Package) fill(tree *locked.Tree, from *locked.Package, lock *snapshot.Lock, facts Facts, indexes map[cas.Digest]*snapshot.Index) error {
	owner := from
	if from.Bundler != "" {
		var ok bool
		if owner, ok = tree.Find(from.Bundler); !ok {
			return fmt.Errorf("its bundler %s is not in the tree", from.Bundler)
		}
	}
	artefact, ok := pinned(lock, owner)
	if !ok {
		return fmt.Errorf("nbuild.lock does not pin %s@%s", owner.Name, owner.Version)
	}
	digest, ok := artefact.Index()
	if !ok {
		return fmt.Errorf("nbuild.lock names no file index of %s", artefact.ID())
	}
	index, ok := indexes[digest]
	if !ok {
		var err error
		if index, err = facts(digest); err != nil {
			return err
		}
		indexes[digest] = index
	}
	if from.Bundler != "" {
		p.Facts = index.Bundled[from.Path[len(from.Bundler)+1:]]
		return nil
	}
	p.Facts = index.Package
	p.SHA256 = artefact.SHA256
	p.Integrity = artefact.Integrity
	p.Basis = artefact.Basis()
	p.Published = artefact.Facts["published"]
	p.Signals = artefact.Signals()
	if p.Registry = artefact.Facts["registry"]; p.Registry == "" && p.Origin.From == locked.FromRegistry {
		p.Registry = DefaultRegistry
	}
	return nil
}

func pinned(lock *snapshot.Lock, p *locked.Package) (snapshot.Artefact, bool) {
	if a, ok := lock.Find(snapshot.KindNPM, p.Name, p.Version, ""); ok {
		return a, true
	}
	return lock.Find(snapshot.KindGit, p.Name, p.Version, "")
}
