// Package unfinished makes files and folders that are not whole yet, and removes those
// whose maker died.
//
// A run that is killed can't clean up after itself. So everything that is written
// beside its place is locked while its maker lives (flock, which the kernel drops with
// the process, in whatever container it ran), and the next run removes what is locked
// by nobody. Neither an age nor a process's number shows as much: a slow download is
// old, and numbers come again.
//
// Between making a file and locking it, a sweep may take it. The maker checks whether
// its name still leads to it, and makes another if not.
//
// The invariant: what is removed here was held by no process that lives.
package unfinished

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// attempts bounds how often a file is made anew because a sweep took it.
const attempts = 100

// File makes a file in dir whose name begins with prefix, which is locked until it is
// closed. Place moves it where it belongs.
func File(dir, prefix string) (*os.File, error) {
	return locked(func() (*os.File, error) { return os.CreateTemp(dir, prefix+"*") })
}

// Dir makes a folder, as File makes a file. Closing what is returned lets go of it;
// the caller removes it.
func Dir(dir, prefix string) (*os.File, error) {
	return locked(func() (*os.File, error) {
		name, err := os.MkdirTemp(dir, prefix+"*")
		if err != nil {
			return nil, err
		}
		return os.Open(name)
	})
}

func locked(make func() (*os.File, error)) (*os.File, error) {
	for range attempts {
		f, err := make()
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
			f.Close()
			continue // a sweep has it
		}
		// A file system without locks has no sweeps either.
		mine, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, err
		}
		there, err := os.Lstat(f.Name())
		if err == nil && os.SameFile(mine, there) {
			return f, nil
		}
		f.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return nil, errors.New("each new file is taken away at once")
}

// Place closes a file and gives it its name. It is locked until it has it.
func Place(f *os.File, rename func(temp string) error) error {
	held, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		f.Close()
		return err
	}
	defer unix.Close(held)
	if err := f.Close(); err != nil { // a file system may report only now that it is full
		return err
	}
	return rename(f.Name())
}

// Swept is what a sweep removed: how many files and folders, and bytes.
type Swept struct {
	Entries int
	Bytes   int64
}

// Sweep removes what stands in dir under a name that begins with prefix and is held by
// nobody. What can't be removed stays: a sweep is never why a run fails.
func Sweep(dir, prefix string) Swept {
	return sweepAll(dir, func(name string) bool { return strings.HasPrefix(name, prefix) })
}

// beside is the name of a file that Write makes, NAME with digits for the star.
var beside = lazyregexp.New(`^\..+\.nbuild-[0-9]+$`)

// SweepBeside removes what Write left in a folder when it was killed.
func SweepBeside(dir string) Swept { return sweepAll(dir, beside().MatchString) }

func sweepAll(dir string, ours func(name string) bool) Swept {
	var s Swept
	entries, err := os.ReadDir(dir)
	if err != nil {
		return s
	}
	for _, e := range entries {
		if !ours(e.Name()) || !e.Type().IsRegular() && !e.IsDir() {
			continue
		}
		if size, ok := sweep(filepath.Join(dir, e.Name())); ok {
			s.Entries, s.Bytes = s.Entries+1, s.Bytes+size
		}
	}
	return s
}

func sweep(name string) (int64, bool) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return 0, false
	}
	var size int64
	_ = filepath.WalkDir(name, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size, RemoveAll(name) == nil
}

// Write writes a whole file beside its place and moves it there, and removes what was
// left there by runs that were killed while they did the same.
func Write(path string, mode fs.FileMode, write func(*os.File) error) error {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	SweepBeside(dir)
	f, err := File(dir, "."+base+".nbuild-")
	if err != nil {
		return fmt.Errorf("writing %s: %w", base, err)
	}
	defer os.Remove(f.Name())
	err = write(f)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err != nil {
		f.Close()
		return fmt.Errorf("writing %s: %w", base, err)
	}
	if err := Place(f, func(temp string) error { return os.Rename(temp, path) }); err != nil {
		return fmt.Errorf("writing %s: %w", base, err)
	}
	return nil
}
