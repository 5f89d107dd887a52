package nodemodules

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Options says what to install where.
type Options struct {
	Dir     string // the project's folder, which holds node_modules
	Store   *cas.Store
	Lock    *snapshot.Lock
	Tree    *locked.Tree
	Built   map[string][]snapshot.Entry // packages by install path, with all that their folders hold in place of what their tarballs have
	Check   bool                        // compare what is there, change nothing
	Workers int                         // packages at a time; 0: one for each processor
	Events  event.Sink                  // nil: none
}

// Result is nbuild.install/v1: what the tree holds.
type Result struct {
	Schema      string       `json:"schema"`
	Packages    int          `json:"packages"`
	Files       int          `json:"files"`
	Links       int          `json:"links"` // of commands, in the .bin folders, and between packages
	Bytes       int64        `json:"bytes"` // of the files
	Differences []Difference `json:"differences"`
}

// Run installs Tree, or compares it with what is there. With Check, Result lists
// what differs, and the error is a Problem with CodeDiffers if anything does.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Events == nil {
		o.Events = event.Discard
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("opening the project: %w", err)
	}
	defer root.Close()
	if _, err := find(o); err != nil { // what any folder lacks, before the first is changed
		return nil, err
	}
	return members(ctx, o, root)
}

// lay makes the new tree beside the old one and swaps the two.
func lay(ctx context.Context, o Options, root *os.Root, sources []*source) (*Result, error) {
	s, err := openStage(root, o.Dir)
	if err != nil {
		return nil, err
	}
	defer s.close()
	for _, src := range sources { // by path: a folder before what stands in it
		if err := s.mkdir(src.Path); err != nil {
			return nil, fmt.Errorf("making %s: %w", src.Path, err)
		}
	}
	links, err := links(ctx, o, root, sources)
	if err != nil {
		return nil, err
	}
	commands := locked.Commands(links)
	o.Events.Emit(event.Event{Kind: event.Plan, Phase: "install", Total: len(sources)})
	var done atomic.Int64
	err = each(ctx, o.Workers, len(sources), func(i int) error {
		src := sources[i]
		if err := src.load(ctx, o.Store, commands); err != nil {
			return err
		}
		if err := s.write(src); err != nil {
			return fmt.Errorf("writing %s: %w", src.Path, err)
		}
		src.release()
		o.Events.Emit(event.Event{Kind: event.StepEnd, Phase: "install", Name: src.Name + "@" + src.Version, Done: int(done.Add(1)), Total: len(sources), Bytes: src.bytes})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.link(links); err != nil {
		return nil, fmt.Errorf("linking commands: %w", err)
	}
	if err := s.link(between(o.Tree)); err != nil {
		return nil, fmt.Errorf("linking packages: %w", err)
	}
	if err := s.swap(ctx); err != nil {
		return nil, err
	}
	r := result(o, sources, len(links)+len(o.Tree.Links))
	o.Events.Emit(event.Event{Kind: event.Summary, Phase: "install", Done: r.Packages, Total: r.Packages, Bytes: r.Bytes})
	return r, nil
}

// between are the links of the tree itself, in the form in which those of commands are made.
func between(tree *locked.Tree) []locked.BinLink {
	links := make([]locked.BinLink, len(tree.Links))
	for i, l := range tree.Links {
		links[i] = locked.BinLink(l)
	}
	return links
}

func result(o Options, sources []*source, links int) *Result {
	r := &Result{Schema: "nbuild.install/v1", Packages: len(o.Tree.Packages), Links: links, Differences: []Difference{}}
	for _, s := range sources {
		r.Files += len(s.paths)
		r.Bytes += s.bytes
	}
	return r
}

// each calls work for 0 to n-1 on several goroutines and returns every Problem, or
// else the first error, in the order of i.
func each(ctx context.Context, workers, n int, work func(i int) error) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	errs := make([]error, n)
	var next atomic.Int64
	var failed atomic.Bool
	var wait sync.WaitGroup
	for range min(workers, n) {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || failed.Load() {
					return
				}
				err := ctx.Err()
				if err == nil {
					err = work(i)
				}
				if errs[i] = err; err != nil && len(diag.All(err)) == 0 {
					failed.Store(true) // a problem lets the others be found; a fault does not
				}
			}
		})
	}
	wait.Wait()
	var ps diag.Problems
	for _, err := range errs {
		switch found := diag.All(err); {
		case err == nil:
		case len(found) == 0:
			return err
		default:
			ps = append(ps, found...)
		}
	}
	return ps.Err()
}
