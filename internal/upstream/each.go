package upstream

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm/registry"
)

// Each calls work(0) to work(n-1), at most workers at once, beginning in order. It
// begins no more once a call returns false, and returns when all that began ended.
func Each(n, workers int, work func(i int) bool) {
	var next atomic.Int64
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range min(n, workers) {
		wg.Go(func() {
			for !stop.Load() {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if !work(i) {
					stop.Store(true)
				}
			}
		})
	}
	wg.Wait()
}

// unpacking is how many tarballs are unpacked at a time. More than there are processors
// is no faster, and each takes memory, while many more can be waited for.
var unpacking = sync.OnceValue(func() chan struct{} { return make(chan struct{}, runtime.GOMAXPROCS(0)) })

// unpacked does what takes a tarball's contents into memory when its turn comes.
func unpacked[T any](do func() (T, error)) (T, error) {
	turn := unpacking()
	turn <- struct{}{}
	defer func() { <-turn }()
	return do()
}

// Join makes one error of those of each piece of work, in their order: plumbing
// first, since it hides the rest; else all problems, up to bounds.Problems.
func Join(ctx context.Context, errs []error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	var problems diag.Problems
	for _, err := range errs {
		if err == nil {
			continue
		}
		found := diag.All(err)
		if len(found) == 0 {
			return err
		}
		if len(problems) < bounds.Problems {
			problems = append(problems, found...)
		}
	}
	return problems.Err()
}

// Hopeless reports whether everything else that is to be fetched would fail the
// same way.
func Hopeless(err error) bool {
	var p *diag.Problem
	if !errors.As(err, &p) {
		return false
	}
	switch p.Code {
	case registry.CodeUnreachable, registry.CodeNoRegistry, registry.CodeCertificate:
		return true
	}
	return false
}
