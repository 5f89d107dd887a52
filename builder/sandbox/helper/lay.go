package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// epoch is the time of every file that a command is given: the first day that a zip
// archive can hold (pipelines.Epoch).
var epoch = unix.Timespec{Sec: 315_532_800}

// layInput copies a folder of the input root as a machine of its own would have laid it
// out: owners, modes, times, and the order in which the entries of a folder were made.
// Engines differ in all of these, and lay files out as names of their own store, which
// nobody may write to.
func layInput(from, to string) error {
	owner := os.Geteuid()
	group := os.Getegid()
	if protocol.Privileged() {
		owner, group = protocol.Owner, protocol.Owner
	}
	return copyInto(from, to, owner, group)
}

// placed is an entry of a copied folder.
type placed struct {
	from, to string
	kind     fs.FileMode
	mode     fs.FileMode
}

// copyInto copies a file, a link or a folder to where nothing is. First all entries are
// made, in the order of their names, and then they are filled.
func copyInto(from, to string, owner, group int) error {
	var all []placed
	err := filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		p := placed{name, filepath.Join(to, rel), d.Type(), 0o644}
		if info.Mode()&0o111 != 0 {
			p.mode = 0o755
		}
		all = append(all, p)
		return p.make()
	})
	if err != nil {
		return err
	}
	next := make(chan placed)
	errs := make([]error, min(runtime.NumCPU(), 8))
	var work sync.WaitGroup
	for i := range errs {
		work.Go(func() {
			for p := range next {
				if errs[i] == nil {
					errs[i] = p.fill()
				}
			}
		})
	}
	for _, p := range all {
		if p.kind.IsRegular() {
			next <- p
		}
	}
	close(next)
	work.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i := len(all) - 1; i >= 0; i-- { // what is inside of a folder before itself
		if err := all[i].settle(owner, group); err != nil {
			return err
		}
	}
	return nil
}

func (p placed) make() error {
	switch {
	case p.kind.IsDir():
		return os.Mkdir(p.to, 0o755)
	case p.kind == fs.ModeSymlink:
		target, err := os.Readlink(p.from)
		if err != nil {
			return err
		}
		return os.Symlink(target, p.to)
	case p.kind.IsRegular():
		f, err := os.OpenFile(p.to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		return f.Close()
	}
	return fmt.Errorf("%s is no file, folder or link", p.from)
}

func (p placed) fill() error {
	in, err := os.Open(p.from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(p.to, os.O_WRONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	_, err = out.ReadFrom(in)
	return errors.Join(err, out.Chmod(p.mode), out.Close())
}

func (p placed) settle(owner, group int) error {
	if owner != os.Geteuid() {
		if err := os.Lchown(p.to, owner, group); err != nil {
			return err
		}
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, p.to, []unix.Timespec{epoch, epoch}, unix.AT_SYMLINK_NOFOLLOW)
}
