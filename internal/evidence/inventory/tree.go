package inventory

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// Tree returns the packages of a planned tree, in its order: what was found at each
// install path, by the artefact that nbuild.lock pins for it. Copies share what was
// found; links to folders of the project are left out. A tarball may bundle what no
// lockfile names: it is installed with its bundler all the same, so it is reported,
// with the bundler's purl and its folder as the subpath.
func (c *Collector) Tree(ctx context.Context, tree *locked.Tree, lock *snapshot.Lock) ([]dynamism.Package, error) {
	origins, err := OriginsOf(tree, lock)
	if err != nil {
		return nil, err
	}
	found, err := c.together(ctx, origins.Artefacts)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{} // install paths of packages
	for i := range tree.Packages {
		named[tree.Packages[i].Path] = true
	}
	var packages []dynamism.Package
	for i, at := range origins.At {
		if at.Artefact < 0 {
			continue
		}
		for _, p := range found[at.Artefact] {
			of := &tree.Packages[i]
			switch {
			case p.Path == at.Dir:
				p.Path, p.Purl = of.Path, of.Purl()
				packages = append(packages, p)
			case at.Dir == "" && !named[of.Path+"/"+p.Path]:
				p.Path, p.Purl = of.Path+"/"+p.Path, of.Purl()+"#"+p.Path
				packages = append(packages, p)
			}
		}
	}
	return packages, nil
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
