package cas

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Usage is what a store holds: counts, and sizes in bytes.
type Usage struct {
	Blobs       int
	BlobBytes   int64
	Results     int
	ResultBytes int64
	Trees       int // that are laid out
	TreeBytes   int64
	Failed      int // folders of steps that failed
	FailedBytes int64
	Leases      int // of running processes

	// Leftovers are what killed runs had left unfinished when the store was opened, and
	// LeftoverBytes how much. They are gone.
	Leftovers     int
	LeftoverBytes int64
}

// file is a stored file: a blob, or a result where digest is zero.
type file struct {
	path   string
	digest Digest
	size   int64
	used   time.Time
	folder bool // a tree, or what a failed step left
}

// files lists what stands under a folder of the store, in path order. A file that
// goes meanwhile is left out.
func (s *Store) files(ctx context.Context, under string) ([]file, error) {
	var all []file
	err := filepath.WalkDir(filepath.Join(s.dir, under), func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		f := file{path: path, size: info.Size(), used: info.ModTime()}
		if under == blobDir {
			if f.digest, err = ParseDigest(d.Name()); err != nil {
				return nil
			}
		}
		all = append(all, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing store: %w", err)
	}
	return all, nil
}

// Usage counts what the store holds.
func (s *Store) Usage(ctx context.Context) (Usage, error) {
	var u Usage
	blobs, err := s.files(ctx, blobDir)
	if err != nil {
		return u, err
	}
	results, err := s.files(ctx, resultDir)
	if err != nil {
		return u, err
	}
	for _, f := range blobs {
		u.Blobs, u.BlobBytes = u.Blobs+1, u.BlobBytes+f.size
	}
	for _, f := range results {
		u.Results, u.ResultBytes = u.Results+1, u.ResultBytes+f.size
	}
	trees, err := s.laidOut(ctx)
	if err != nil {
		return u, err
	}
	for _, f := range trees {
		u.Trees, u.TreeBytes = u.Trees+1, u.TreeBytes+f.size
	}
	failed, err := s.kept(ctx)
	if err != nil {
		return u, err
	}
	for _, f := range failed {
		u.Failed, u.FailedBytes = u.Failed+1, u.FailedBytes+f.size
	}
	u.Leftovers, u.LeftoverBytes = s.swept.Entries, s.swept.Bytes
	if !s.readOnly { // else leases of dead processes can't be distinguished from others
		unlock, err := s.lock(unix.LOCK_EX)
		if err != nil {
			return u, err
		}
		defer unlock()
		if _, err := s.held(); err != nil {
			return u, err
		}
	}
	leases, err := s.files(ctx, leaseDir)
	u.Leases = len(leases)
	return u, err
}

// Verify reads every blob and returns those whose bytes are not what their name
// says, in digest order. It removes nothing.
func (s *Store) Verify(ctx context.Context) (corrupt []Digest, err error) {
	blobs, err := s.files(ctx, blobDir)
	if err != nil {
		return nil, err
	}
	for _, f := range blobs {
		blob, err := s.Open(ctx, f.digest)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(io.Discard, blob)
		blob.Close()
		switch {
		case errors.Is(err, ErrCorrupt):
			corrupt = append(corrupt, f.digest)
		case err != nil:
			return nil, fmt.Errorf("verifying store: %w", err)
		}
	}
	return corrupt, nil
}

// PruneOptions say what Prune may leave and take.
type PruneOptions struct {
	Keep int64 // bytes of blobs and trees to keep at most; 0 keeps only what is held
}

// Pruned is what Prune took: counts, and bytes.
type Pruned struct {
	Blobs   int
	Trees   int // that were laid out, and folders of steps that failed
	Bytes   int64
	Results int
}

// Prune deletes blobs and trees, the least recently used first, until at most Keep bytes
// of them are left, never one that a live lease holds; what failed steps left, likewise;
// and results that are older than the newest blob it deleted.
func (s *Store) Prune(ctx context.Context, opt PruneOptions) (Pruned, error) {
	var p Pruned
	unlock, err := s.lock(unix.LOCK_EX)
	if err != nil {
		return p, err
	}
	defer unlock()
	held, err := s.held()
	if err != nil {
		return p, err
	}
	blobs, err := s.files(ctx, blobDir)
	if err != nil {
		return p, err
	}
	for _, list := range []func(context.Context) ([]file, error){s.laidOut, s.kept} {
		folders, err := list(ctx)
		if err != nil {
			return p, err
		}
		for _, f := range folders {
			f.folder = true
			blobs = append(blobs, f)
		}
	}
	var total int64
	for _, f := range blobs {
		total += f.size
	}
	byUse := func(a, b file) int { return a.used.Compare(b.used) }
	slices.SortStableFunc(blobs, byUse)
	var newest time.Time
	for _, f := range blobs {
		if total <= opt.Keep {
			break
		}
		if held[f.digest] {
			continue
		}
		total -= f.size
		if f.folder {
			if err := s.discard(f.path); err != nil {
				return p, fmt.Errorf("pruning: %w", err)
			}
			p.Trees, p.Bytes = p.Trees+1, p.Bytes+f.size
			continue
		}
		if err := s.Remove(ctx, f.digest); err != nil {
			return p, err
		}
		p.Blobs, p.Bytes, newest = p.Blobs+1, p.Bytes+f.size, f.used
	}
	results, err := s.files(ctx, resultDir)
	if err != nil {
		return p, err
	}
	for _, f := range results {
		if p.Blobs > 0 && !f.used.After(newest) {
			if err := os.Remove(f.path); err == nil {
				p.Results++
			}
		}
	}
	return p, nil
}
