package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/strictjson"
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
	f, err := root.OpenFile(markerName, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("locking layout: %w", err)
	}
	defer f.Close()
	if err := flock(ctx, f); err != nil {
		return fmt.Errorf("locking layout: %w", err)
	}
	if err := l.mark(f); err != nil {
		return err
	}
	if err := sweep(root); err != nil {
		return fmt.Errorf("sweeping layout: %w", err)
	}
	return work(root)
}

// mark fills oci-layout where it is new, or where whoever made it was killed
// before it was full. Only the holder of the lock is here.
func (l *Layout) mark(f *os.File) error {
	raw, err := io.ReadAll(io.LimitReader(f, 1<<10))
	if err != nil {
		return fmt.Errorf("reading oci-layout: %w", err)
	}
	if strings.HasPrefix(marker, string(raw)) {
		if _, err := f.WriteAt([]byte(marker), 0); err != nil {
			return fmt.Errorf("making layout: %w", err)
		}
		return nil
	}
	var version struct {
		Is string `json:"imageLayoutVersion"`
	}
	if err := strictjson.Decode(raw, bounds.Manifest, &version); err != nil || version.Is != "1.0.0" {
		return badLayout(l.dir, "its oci-layout is not of version 1.0.0", err)
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
