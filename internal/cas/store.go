package cas

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/unfinished"
)

// ErrNotFound reports a blob that the store does not hold.
var ErrNotFound = errors.New("not in the store")

// ErrCorrupt reports a blob whose bytes are not what its name says.
var ErrCorrupt = errors.New("stored bytes do not match their digest")

// ErrTooLarge reports a stream that passed its limit.
var ErrTooLarge = errors.New("larger than allowed")

// Store is a folder of blobs and results. It is safe for use by many goroutines
// and many processes.
type Store struct {
	dir      string
	readOnly bool             // it can be read and not written
	swept    unfinished.Swept // what killed runs left here and is gone now
	behind   *Store           // whose blobs are read where this one lacks them; nil for none

	proven sync.Map // by Digest: the stamp of a blob's file when it was verified

	trees sync.Mutex
	whole map[Digest]bool // trees that were found whole
}

const (
	blobDir   = "blobs"
	resultDir = "results"
	treeDir   = "trees"
	failedDir = "failed"
	tempDir   = "tmp"
	leaseDir  = "leases"
	lockName  = "lock"
)

// Open opens the store in dir and makes the folders it lacks. The folders are
// private to the user: the store may hold a private package's source.
//
// A folder that holds anything but a store is refused before anything is written. What
// runs that were killed left unfinished is removed. A store that can't be written to is
// opened all the same: what is in it can be read.
func Open(dir string) (*Store, error) {
	if err := checkFormat(dir); err != nil {
		return nil, err
	}
	for _, d := range []string{blobDir, resultDir, tempDir, leaseDir} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			return nil, fmt.Errorf("opening store: %w", err)
		}
	}
	if err := markFormat(dir); err != nil {
		return nil, err
	}
	s := &Store{dir: dir, readOnly: unix.Access(filepath.Join(dir, tempDir), unix.W_OK) != nil}
	if !s.readOnly {
		s.swept = unfinished.Sweep(filepath.Join(dir, tempDir), "")
	}
	return s, nil
}

// OpenOver opens the store in dir over another one: blobs that it lacks are read there, by
// their digests, and nothing else of that one counts. So what was fetched once serves a store
// in which nothing has been made yet.
func OpenOver(dir, behind string) (*Store, error) {
	s, err := Open(dir)
	if err != nil {
		return nil, err
	}
	s.behind, err = Open(behind)
	return s, err
}

// Scratch is a folder of the store for what is not whole yet; ok is false where the
// store can't be written to.
func (s *Store) Scratch() (dir string, ok bool) { return filepath.Join(s.dir, tempDir), !s.readOnly }

// Unfinished makes a folder in the store for what is not whole yet, as other programs
// need one, and returns it with what ends it. Where its maker is killed, the next run
// removes it.
func (s *Store) Unfinished(prefix string) (dir string, end func(), err error) {
	f, err := unfinished.Dir(filepath.Join(s.dir, tempDir), prefix)
	if err != nil {
		return "", nil, fmt.Errorf("making a folder in the store: %w", err)
	}
	return f.Name(), func() {
		_ = unfinished.RemoveAll(f.Name()) // else the next run does it
		f.Close()
	}, nil
}

// Dir returns the store's folder.
func (s *Store) Dir() string { return s.dir }

func (s *Store) blobPath(d Digest) string {
	name := d.String()
	return filepath.Join(s.dir, blobDir, name[:2], name)
}

// Stat returns the size of a blob in bytes and whether the store holds it. It
// does not read the blob.
func (s *Store) Stat(d Digest) (size int64, ok bool) {
	info, err := os.Lstat(s.blobPath(d))
	if err != nil && s.behind != nil {
		return s.behind.Stat(d)
	}
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	return info.Size(), true
}

// Remove deletes a blob, held or not. It is meant for a blob that proved corrupt;
// removing what is not there is no error.
func (s *Store) Remove(ctx context.Context, d Digest) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.Remove(s.blobPath(d)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing blob: %w", err)
	}
	return nil
}
