package nodemodules

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
)

const (
	modules = "node_modules"
	newName = ".nbuild-new" // the tree that grows
	oldName = ".nbuild-old" // the tree that goes, where no exchange is possible
)

// stage is the folder in which the new node_modules grows. While it is open, the
// project's folder is locked against other installers.
type stage struct {
	root *os.Root // the project
	dir  string   // the project, for messages
	tree *os.Root // stands for the project: holds node_modules
	lock *os.File
}

func openStage(root *os.Root, dir string) (s *stage, err error) {
	lock, err := root.Open(".")
	if err != nil {
		return nil, fmt.Errorf("opening the project: %w", err)
	}
	s = &stage{root: root, dir: dir, lock: lock}
	defer func() {
		if err != nil {
			lock.Close()
		}
	}()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return nil, &diag.Problem{
			Code: CodeBusy, Pos: diag.Pos{File: dir}, What: "another installation runs in this folder",
			Why: "two would mix their trees", Remedy: "wait until it ends, then run `nbuild install` again",
		}
	} else if err != nil {
		return nil, fmt.Errorf("locking the project: %w", err)
	}
	if info, err := root.Lstat(modules); err == nil && !info.IsDir() {
		return nil, s.inTheWay("is no folder", nil)
	}
	if err := s.sweep(); err != nil {
		return nil, err
	}
	if err := root.Mkdir(newName, 0o777); err != nil {
		return nil, fmt.Errorf("making the new tree: %w", err)
	}
	if s.tree, err = root.OpenRoot(newName); err != nil {
		return nil, fmt.Errorf("making the new tree: %w", err)
	}
	if err = s.tree.Mkdir(modules, 0o777); err != nil {
		s.tree.Close()
		return nil, fmt.Errorf("making the new tree: %w", err)
	}
	return s, nil
}

// Sweep removes what an installer that was killed left in a project, unless one runs
// there. What can't be removed stays for the next installation.
func Sweep(root *os.Root) {
	left := false
	for _, name := range []string{newName, oldName} {
		_, err := root.Lstat(name)
		left = left || err == nil
	}
	if !left {
		return
	}
	lock, err := root.Open(".")
	if err != nil {
		return
	}
	defer lock.Close()
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
		_ = (&stage{root: root}).sweep()
	}
}

// sweep removes what an installer that was killed left behind.
func (s *stage) sweep() error {
	for _, name := range []string{newName, oldName} {
		if err := s.root.RemoveAll(name); err != nil {
			return fmt.Errorf("removing an old tree: %w", err)
		}
	}
	return nil
}

func (s *stage) close() {
	s.tree.Close()
	_ = s.sweep() // what stays is swept by the next run
	s.lock.Close()
}

func (s *stage) inTheWay(what string, err error) error {
	return &diag.Problem{
		Code: CodeInTheWay, Pos: diag.Pos{File: filepath.Join(s.dir, modules)}, What: "node_modules " + what, Err: err,
		Why: "the new tree takes its place in one rename, which this does not allow", Remedy: "remove it (`rm -rf node_modules`; a mount point must be unmounted), then run `nbuild install` again",
	}
}

// mkdir makes a package's folder and those above it.
func (s *stage) mkdir(path string) error { return s.tree.MkdirAll(path, 0o777) }

// link makes the links of commands.
func (s *stage) link(links []locked.BinLink) error {
	made := ""
	for _, l := range links {
		if dir := l.Path[:strings.LastIndexByte(l.Path, '/')]; dir != made {
			if err := s.tree.MkdirAll(dir, 0o777); err != nil {
				return err
			}
			made = dir
		}
		if err := s.tree.Symlink(l.Target, l.Path); err != nil {
			return err
		}
	}
	return nil
}

// swap puts the new tree in the place of the old one. Where the file system can
// exchange two names, there is no moment without a tree.
func (s *stage) swap(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	dir, err := s.tree.Open(".")
	if err != nil {
		return fmt.Errorf("swapping trees: %w", err)
	}
	defer dir.Close()
	from, to := int(dir.Fd()), int(s.lock.Fd())
	err = unix.Renameat2(from, modules, to, modules, unix.RENAME_NOREPLACE)
	if errors.Is(err, fs.ErrExist) {
		err = unix.Renameat2(from, modules, to, modules, unix.RENAME_EXCHANGE)
	}
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		err = s.root.Rename(modules, oldName)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			err = unix.Renameat(from, modules, to, modules)
		}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EXDEV), errors.Is(err, unix.ENOTDIR):
		return s.inTheWay("can't be replaced", err)
	}
	return fmt.Errorf("swapping trees: %w", err)
}
