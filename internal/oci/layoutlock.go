package oci

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const tempPrefix = ".tmp-"

func isTemp(name string) bool { return strings.HasPrefix(name, tempPrefix) }

// exclusive runs work as the only writer of the layout, which it makes where it is
// not there. The lock is on the file oci-layout, whose bytes never change and
// which is never replaced, so that the layout holds no file of ours.
func (l *Layout) exclusive(ctx context.Context, work func(*os.Root) error) error {
	if err := os.MkdirAll(l.dir, 0o755); err != nil {
		return fmt.Errorf("making layout: %w", err)
	}
	root, err := os.OpenRoot(l.dir)
	if err != nil {
		return fmt.Errorf("opening layout: %w", err)
	}
	defer root.Close()
	if err := root.MkdirAll(blobDir, 0o755); err != nil {
		return fmt.Errorf("making layout: %w", err)
	}
	if err := mark(root); err != nil {
		return fmt.Errorf("making layout: %w", err)
	}
	f, err := root.Open(markerName)
	if err != nil {
		return fmt.Errorf("locking layout: %w", err)
	}
	defer f.Close()
	if err := flock(ctx, f); err != nil {
		return fmt.Errorf("locking layout: %w", err)
	}
	if err := sweep(root); err != nil {
		return fmt.Errorf("sweeping layout: %w", err)
	}
	return work(root)
}

// mark writes oci-layout whole or not at all, and never over another: it is linked
// into place.
func mark(root *os.Root) error {
	if _, err := root.Lstat(markerName); err == nil {
		return nil
	}
	temp, f, err := createTemp(root)
	if err != nil {
		return err
	}
	defer root.Remove(temp)
	_, err = f.WriteString(marker)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := root.Link(temp, markerName); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// flock waits for its turn, and no longer than ctx.
func flock(ctx context.Context, f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err != unix.EWOULDBLOCK && err != unix.EINTR {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// sweep removes what writers that were killed left behind: whoever holds the lock
// is the only one that writes.
func sweep(root *os.Root) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		if isTemp(name) {
			if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
