package cas

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nbuild/nbuild/internal/unfinished"
)

// Writer takes the bytes of one new blob. Nothing is visible in the store before
// Commit, so a caller may check other digests of the same stream first.
type Writer struct {
	store *Store
	ctx   context.Context // of this one write, which ends with Commit or Abort
	file  *os.File
	hash  hash.Hash
	size  int64
	done  bool
}

// Create begins a blob. End it with Commit or Abort; Abort after Commit does
// nothing, so it may be deferred.
func (s *Store) Create(ctx context.Context) (*Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := unfinished.File(filepath.Join(s.dir, tempDir), "blob-")
	if err != nil {
		return nil, fmt.Errorf("creating blob: %w", err)
	}
	return &Writer{store: s, ctx: ctx, file: f, hash: sha256.New()}, nil
}

// Write appends to the blob.
func (w *Writer) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.file.Write(p)
	w.hash.Write(p[:n])
	w.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("writing blob: %w", err)
	}
	return n, nil
}

// Commit puts the blob into the store under its digest and returns that and its
// size in bytes. A blob that is there already is replaced by these very bytes, so
// that storing it again mends one that was damaged.
func (w *Writer) Commit() (Digest, int64, error) {
	d := Digest(w.hash.Sum(nil))
	defer w.Abort()
	if err := w.ctx.Err(); err != nil {
		return Digest{}, 0, err
	}
	if err := w.file.Chmod(0o444); err != nil {
		return Digest{}, 0, fmt.Errorf("committing blob: %w", err)
	}
	if err := unfinished.Place(w.file, func(temp string) error { return place(temp, w.store.blobPath(d)) }); err != nil {
		return Digest{}, 0, fmt.Errorf("committing blob: %w", err)
	}
	w.done = true
	return d, w.size, nil
}

// Abort drops what was written, unless it was committed.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	w.done = true
	w.file.Close()
	os.Remove(w.file.Name())
}

// place renames a finished temporary file to its name, making the folder that the
// first blob of its prefix needs.
func place(temp, name string) error {
	err := os.Rename(temp, name)
	if os.IsNotExist(err) {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		err = os.Rename(temp, name)
	}
	return err
}

// Spill returns an empty file, beside the blobs and without a name, for what is too large
// for memory. It is gone once it is closed. A store that can't be written to has none.
func (s *Store) Spill() (*os.File, error) {
	dir, ok := s.Scratch()
	if !ok {
		return nil, fs.ErrPermission
	}
	f, err := unfinished.File(dir, "spill-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Put stores all of r, at most limit bytes, and returns its digest and size in
// bytes. It returns ErrTooLarge where r holds more.
func (s *Store) Put(ctx context.Context, r io.Reader, limit int64) (Digest, int64, error) {
	w, err := s.Create(ctx)
	if err != nil {
		return Digest{}, 0, err
	}
	defer w.Abort()
	n, err := io.Copy(w, io.LimitReader(r, limit+1))
	if err != nil {
		return Digest{}, 0, fmt.Errorf("storing blob: %w", err)
	}
	if n > limit {
		return Digest{}, 0, fmt.Errorf("storing blob of over %d bytes: %w", limit, ErrTooLarge)
	}
	return w.Commit()
}

// PutBytes stores b and returns its digest.
func (s *Store) PutBytes(ctx context.Context, b []byte) (Digest, error) {
	d, _, err := s.Put(ctx, bytes.NewReader(b), int64(len(b)))
	return d, err
}
