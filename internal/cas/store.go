package cas

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	dir string
}

const (
	blobDir   = "blobs"
	resultDir = "results"
	tempDir   = "tmp"
	leaseDir  = "leases"
	lockName  = "lock"
)

// Open opens the store in dir and makes the folders it lacks. The folders are
// private to the user: the store may hold a private package's source.
//
// A folder that holds anything but a store is refused before anything is written.
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
	return &Store{dir: dir}, nil
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
