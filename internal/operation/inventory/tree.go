package inventory

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// Tree returns the packages of a planned tree, in its order: what was found at each
// install path, by the artefact that nbuild.lock pins for it. Copies share what was
// found; links to folders of the project are left out. A tarball may bundle what no
// lockfile names: it is installed with its bundler all the same, so it is told, with
// the bundler's purl and its folder as the subpath.
func (c *Collector) Tree(ctx context.Context, tree *npm.Tree, lock *snapshot.Lock) ([]dynamism.Package, error) {
	type place struct {
		source int // in artefacts
		dir    string
	}
	places := make([]place, len(tree.Packages))
	named := map[string]bool{} // install paths of packages
	var artefacts []snapshot.Artefact
	seen := map[cas.Digest]int{} // by file index
	for i := range tree.Packages {
		p := &tree.Packages[i]
		named[p.Path] = true
		places[i].source = -1
		if p.Link != "" {
			continue
		}
		owner := p
		if p.Bundler != "" {
			var ok bool
			if owner, ok = tree.Find(p.Bundler); !ok {
				return nil, fmt.Errorf("%s: its bundler %s is not in the tree", p.Path, p.Bundler)
			}
			places[i].dir = p.Path[len(p.Bundler)+1:]
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
			at = len(artefacts)
			seen[index] = at
			artefacts = append(artefacts, a)
		}
		places[i].source = at
	}
	found := make([][]dynamism.Package, len(artefacts))
	err := c.Each(ctx, len(artefacts), func(i int, spare chan struct{}) (err error) {
		found[i], err = c.artefact(ctx, artefacts[i], spare)
		return err
	})
	if err != nil {
		return nil, err
	}
	var packages []dynamism.Package
	for i, at := range places {
		if at.source < 0 {
			continue
		}
		for _, p := range found[at.source] {
			of := &tree.Packages[i]
			switch {
			case p.Path == at.dir:
				p.Path, p.Purl = of.Path, of.Purl()
				packages = append(packages, p)
			case at.dir == "" && !named[of.Path+"/"+p.Path]:
				p.Path, p.Purl = of.Path+"/"+p.Path, of.Purl()+"#"+p.Path
				packages = append(packages, p)
			}
		}
	}
	return packages, nil
}

// Pinned returns the artefact that nbuild.lock has for a package.
func Pinned(lock *snapshot.Lock, p *npm.Package) (snapshot.Artefact, bool) {
	if a, ok := lock.Find(snapshot.KindNPM, p.Name, p.Version, ""); ok {
		return a, true
	}
	return lock.Find(snapshot.KindGit, p.Name, p.Version, "")
}

// Each calls work(0) to work(n-1) on the collector's workers and returns the first
// error in that order. A worker that finds no more to begin is to spare for the
// files of what others are at.
func (c *Collector) Each(ctx context.Context, n int, work func(i int, spare chan struct{}) error) error {
	spare := make(chan struct{}, c.workers)
	for range c.workers - min(n, c.workers) {
		spare <- struct{}{}
	}
	errs := make([]error, n)
	var next atomic.Int64
	var failed atomic.Bool
	var workers sync.WaitGroup
	for range min(n, c.workers) {
		workers.Go(func() {
			for !failed.Load() && ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					break
				}
				if errs[i] = work(i, spare); errs[i] != nil {
					failed.Store(true)
				}
			}
			spare <- struct{}{}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
