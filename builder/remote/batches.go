package remote

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/nbuild/nbuild/builder/execution"
)

// besides is what stands beside the bytes of a blob in a batch, at most.
const besides = 128

// inBatches moves blobs: small ones many in a request of at most batch bytes, by many, and
// others each on a stream of its own, by one. It waits for the end of all that it began.
func inBatches(ctx context.Context, pieces []execution.Piece, batch int64, many func(context.Context, []execution.Piece) error, one func(context.Context, execution.Piece) error) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(inFlight)
	var of []execution.Piece
	var size int64
	flush := func() {
		if these := of; len(these) > 0 {
			work.Go(func() error { return many(ctx, these) })
		}
		of, size = nil, 0
	}
	for _, p := range pieces {
		weight := p.Size + besides
		if weight > batch {
			work.Go(func() error { return one(ctx, p) })
			continue
		}
		if size+weight > batch {
			flush()
		}
		of, size = append(of, p), size+weight
	}
	flush()
	return work.Wait()
}
