package cas

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Blob reads one blob and verifies it on the way: the read that would end it
// returns Damaged, which is ErrCorrupt, in place of io.EOF where the bytes are not those that the
// digest names. What was read before the end is not yet verified.
type Blob struct {
	ctx    context.Context // of this one read, which ends with Close
	store  *Store
	file   *os.File
	digest Digest
	hash   hash.Hash
	size   int64
}

// Open opens a blob for reading. It returns ErrNotFound where there is none.
func (s *Store) Open(ctx context.Context, d Digest) (*Blob, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(s.blobPath(d), os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) && s.behind != nil {
		b, err := s.behind.Open(ctx, d)
		if err == nil {
			b.store = s // what is made of it is this store's
		}
		return b, err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("sha256:%s: %w", d, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("opening blob: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("opening blob: %w", err)
	}
	s.touch(d)
	return &Blob{ctx: ctx, store: s, file: f, digest: d, hash: sha256.New(), size: info.Size()}, nil
}

// Size returns the blob's size in bytes, as the file system reports it.
func (b *Blob) Size() int64 { return b.size }

// Read reads on; see Blob for what the end means.
func (b *Blob) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.file.Read(p)
	b.hash.Write(p[:n])
	if err == io.EOF && Digest(b.hash.Sum(nil)) != b.digest {
		return n, Damaged(b.digest)
	}
	return n, err
}

// Spill returns a file of the store for what is made of the blob; see Store.Spill.
func (b *Blob) Spill() (*os.File, error) { return b.store.Spill() }

// Close ends the reading.
func (b *Blob) Close() error { return b.file.Close() }

// Read returns a whole blob of at most limit bytes, verified.
func (s *Store) Read(ctx context.Context, d Digest, limit int64) ([]byte, error) {
	blob, err := s.Open(ctx, d)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	if blob.size > limit {
		return nil, fmt.Errorf("reading blob of %d bytes: %w", blob.size, ErrTooLarge)
	}
	b := make([]byte, 0, blob.size+bytes.MinRead)
	buf := bytes.NewBuffer(b)
	// One byte over the limit shows a blob that grew after it was opened.
	if _, err := buf.ReadFrom(io.LimitReader(blob, limit+1)); err != nil {
		return nil, fmt.Errorf("reading blob: %w", err)
	}
	if int64(buf.Len()) > limit {
		return nil, fmt.Errorf("reading blob: %w", ErrTooLarge)
	}
	return buf.Bytes(), nil // the blob's end was read, and with it its digest checked
}

// touch marks a blob as used now, by the kernel's clock, for the sake of Prune. A
// read-only store can't be marked and works all the same.
func (s *Store) touch(d Digest) {
	now := []unix.Timespec{{Nsec: unix.UTIME_NOW}, {Nsec: unix.UTIME_NOW}}
	_ = unix.UtimesNanoAt(unix.AT_FDCWD, s.blobPath(d), now, unix.AT_SYMLINK_NOFOLLOW)
}
