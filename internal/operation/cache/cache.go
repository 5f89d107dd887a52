// Package cache looks after the store: what it holds, whether all of it is what
// its names say, and what can go.
//
// The store needs no care to be right, since every read is verified; these
// operations are about disk and about finding damage before a build does.
//
// The invariant: nothing that a running nbuild needs is removed.
package cache

import (
	"context"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
)

// Report is nbuild.cache/v1: what the store holds, and what a prune took. Sizes
// are in bytes.
type Report struct {
	Schema       string   `json:"schema"`
	Dir          string   `json:"dir"`
	Blobs        int      `json:"blobs"`
	BlobBytes    int64    `json:"blob_bytes"`
	Results      int      `json:"results"`
	Trees        int      `json:"trees"` // laid out on the disk for steps
	TreeBytes    int64    `json:"tree_bytes"`
	Failed       int      `json:"failed"` // folders of steps that failed
	FailedBytes  int64    `json:"failed_bytes"`
	Leases       int      `json:"leases"`
	Leftovers    int      `json:"leftovers"` // of killed runs, removed now
	LeftoverSize int64    `json:"leftover_bytes"`
	Corrupt      []string `json:"corrupt"`
	PrunedBlobs  int      `json:"pruned_blobs"`
	PrunedTrees  int      `json:"pruned_trees"` // and folders of steps that failed
	PrunedBytes  int64    `json:"pruned_bytes"`
	PrunedResult int      `json:"pruned_results"`
}

// Show counts what the store holds.
func Show(ctx context.Context, host machine.Host) (Report, error) {
	store, err := host.Store()
	if err != nil {
		return Report{}, err
	}
	return show(ctx, store)
}

func show(ctx context.Context, store *cas.Store) (Report, error) {
	u, err := store.Usage(ctx)
	if err != nil {
		return Report{}, err
	}
	return Report{
		Schema: "nbuild.cache/v1", Dir: store.Dir(), Corrupt: []string{},
		Blobs: u.Blobs, BlobBytes: u.BlobBytes, Results: u.Results, Leases: u.Leases,
		Trees: u.Trees, TreeBytes: u.TreeBytes, Failed: u.Failed, FailedBytes: u.FailedBytes,
		Leftovers: u.Leftovers, LeftoverSize: u.LeftoverBytes,
	}, nil
}

// Verify reads every blob. Corrupt ones are problems, a problem a blob; with
// repair they are removed as well, so that the next vendor brings them again.
func Verify(ctx context.Context, host machine.Host, repair bool) (Report, error) {
	store, err := host.Store()
	if err != nil {
		return Report{}, err
	}
	corrupt, err := store.Verify(ctx)
	if err != nil {
		return Report{}, err
	}
	report, err := show(ctx, store)
	if err != nil {
		return Report{}, err
	}
	var problems diag.Problems
	for _, d := range corrupt {
		report.Corrupt = append(report.Corrupt, d.OCI())
		if repair {
			if err := store.Remove(ctx, d); err != nil {
				return report, err
			}
			continue
		}
		problems = append(problems, cas.Damaged(d))
	}
	return report, problems.Err()
}

// Prune removes what was not used for longest until at most keep bytes of blobs and of
// trees that were laid out are left.
func Prune(ctx context.Context, host machine.Host, keep int64) (Report, error) {
	store, err := host.Store()
	if err != nil {
		return Report{}, err
	}
	pruned, err := store.Prune(ctx, cas.PruneOptions{Keep: keep})
	if err != nil {
		return Report{}, err
	}
	report, err := show(ctx, store)
	if err != nil {
		return Report{}, err
	}
	report.PrunedBlobs, report.PrunedTrees, report.PrunedBytes, report.PrunedResult = pruned.Blobs, pruned.Trees, pruned.Bytes, pruned.Results
	return report, nil
}
