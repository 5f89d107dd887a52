package cas

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// stamp is what the kernel says of a file, and changes with whatever is written to it.
type stamp struct {
	device, inode uint64
	size          int64
	changed       syscall.Timespec
}

// Proven opens a blob whose bytes were read and found to be those of its digest, since
// something last changed about its file. Who serves a blob many times reads it so: once to
// verify it, and then as the kernel hands files on. The caller closes it.
func (s *Store) Proven(ctx context.Context, d Digest) (*os.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(s.blobPath(d), os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) && s.behind != nil {
		return s.behind.Proven(ctx, d)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("sha256:%s: %w", d, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("opening blob: %w", err)
	}
	now, err := stampOf(f)
	if err == nil {
		if was, ok := s.proven.Load(d); ok && was == now {
			return f, nil
		}
		err = s.prove(ctx, d, f)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// prove reads a blob to its end, and notes how its file was before that.
func (s *Store) prove(ctx context.Context, d Digest, f *os.File) error {
	s.touch(d) // which changes the stamp
	before, err := stampOf(f)
	if err != nil {
		return err
	}
	sum, err := sumOf(ctx, f)
	if err != nil {
		return fmt.Errorf("reading blob: %w", err)
	}
	if sum != d {
		return Damaged(d)
	}
	s.proven.Store(d, before)
	_, err = f.Seek(0, io.SeekStart)
	return err
}

func stampOf(f *os.File) (stamp, error) {
	info, err := f.Stat()
	if err != nil {
		return stamp{}, fmt.Errorf("opening blob: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() {
		return stamp{}, fmt.Errorf("opening blob: %w", ErrCorrupt)
	}
	return stamp{uint64(stat.Dev), stat.Ino, stat.Size, stat.Ctim}, nil
}

func sumOf(ctx context.Context, r io.Reader) (Digest, error) {
	h := sha256.New()
	buf := make([]byte, 256<<10)
	for {
		if err := ctx.Err(); err != nil {
			return Digest{}, err
		}
		n, err := r.Read(buf)
		h.Write(buf[:n])
		if err == io.EOF {
			return Digest(h.Sum(nil)), nil
		}
		if err != nil {
			return Digest{}, err
		}
	}
}
