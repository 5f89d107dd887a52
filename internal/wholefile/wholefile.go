// Package wholefile reads and writes files as one piece.
//
// A file that a person or a contributor chose is read up to a limit and only if it
// is a regular file: a named pipe or a device would block or never end. What nbuild
// writes for a person is written beside its place and moved there, so that nobody
// ever sees half of it, a killed run included.
//
// The invariant: a reader of a path that is written here finds the old file or the
// new one, whole.
package wholefile

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/unfinished"
)

// Read reads a regular file of at most limit bytes. A larger one is cas.ErrTooLarge.
func Read(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return regular(f, limit)
}

// ReadIn is Read of a name in a folder. A link that leads out of the folder is not
// followed: an error may quote what it read, and the folder is a contributor's.
func ReadIn(root *os.Root, name string, limit int64) ([]byte, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return regular(f, limit)
}

// ErrNotRegular reports a folder, a device, a socket or a named pipe.
var ErrNotRegular = errors.New("no regular file")

// regular reads an open file and closes it.
func regular(f *os.File, limit int64) ([]byte, error) {
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, ErrNotRegular
	} else if info.Size() > limit {
		return nil, fmt.Errorf("%w: over %d bytes", cas.ErrTooLarge, limit)
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit { // it grew meanwhile
		return nil, fmt.Errorf("%w: over %d bytes", cas.ErrTooLarge, limit)
	}
	return b, nil
}

// Write writes a file beside its place and moves it there when it is whole.
func Write(path string, b []byte, mode os.FileMode) error {
	return unfinished.Write(path, mode, func(f *os.File) error {
		_, err := f.Write(b)
		return err
	})
}
