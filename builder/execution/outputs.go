package execution

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// taker puts the outputs of a step into the store.
type taker struct {
	store   *cas.Store
	root    *os.Root // the folder that the sandbox has left them in
	entries []snapshot.Entry
	refused []string // what may not be kept, and why
}

// take takes outputs, relative to the working folder: files with one of two modes, and
// links that stay among what is kept or read, each by its content. Folders are there
// because of their files.
func (t *taker) take(ctx context.Context, outputs []string) error {
	for _, o := range outputs {
		before := len(t.entries) + len(t.refused)
		info, err := t.root.Lstat(o)
		if err != nil {
			t.refuse(o, "is not there")
			continue
		}
		if !info.IsDir() {
			if err := t.one(ctx, o, info); err != nil {
				return err
			}
			continue
		}
		err = fs.WalkDir(t.root.FS(), o, func(name string, d fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			return t.one(ctx, name, info)
		})
		if err != nil {
			return fmt.Errorf("taking the output %s: %w", o, err)
		}
		if len(t.entries)+len(t.refused) == before {
			t.refuse(o, "is a folder without a file in it")
		}
	}
	slices.SortFunc(t.entries, func(a, b snapshot.Entry) int { return cmp.Compare(a.Path, b.Path) })
	return nil
}

func (t *taker) refuse(name, why string) {
	if len(t.refused) < bounds.Problems {
		t.refused = append(t.refused, name+" "+why)
	}
}

// one takes a file or a link.
func (t *taker) one(ctx context.Context, name string, info fs.FileInfo) error {
	if len(t.entries) >= bounds.ProjectFiles {
		return fmt.Errorf("more than %d files", bounds.ProjectFiles)
	}
	if len(name) > bounds.Path || !fs.ValidPath(name) {
		t.refuse(name, "has a name that is no UTF-8, or too long")
		return nil
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := t.root.Readlink(name)
		if err != nil {
			return err
		}
		if Leaves(name, target) {
			t.refuse(name, fmt.Sprintf("is a link to %q, which leads out of the working folder", target))
			return nil
		}
		t.entries = append(t.entries, snapshot.Entry{Path: name, Link: target})
		return nil
	case !info.Mode().IsRegular():
		t.refuse(name, "is neither a file, a folder nor a link")
		return nil
	}
	f, err := t.root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if now, err := f.Stat(); err != nil || !os.SameFile(info, now) || !now.Mode().IsRegular() {
		return fmt.Errorf("%s changes while it is taken", name)
	}
	e := snapshot.Entry{Path: name, Mode: 0o644}
	if info.Mode()&0o111 != 0 {
		e.Mode = 0o755
	}
	e.SHA256, e.Size, err = t.store.Put(ctx, io.Reader(f), bounds.FetchFile)
	t.entries = append(t.entries, e)
	return err
}

// Leaves reports whether a link leads out of the working folder, by its text alone.
func Leaves(name, target string) bool {
	if path.IsAbs(target) || strings.ContainsRune(target, 0) || len(target) > bounds.Path {
		return true
	}
	to := path.Join(path.Dir(name), target)
	return to == ".." || strings.HasPrefix(to, "../")
}
