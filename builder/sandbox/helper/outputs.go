package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// takeOutputs copies what the command was to leave into the scratch, and returns what is
// not kept, each with the reason. Nothing runs any more in the sandbox, and the working
// folder is read through a root that no link leads out of.
func takeOutputs(o *protocol.Order, owner int) (refused []string, err error) {
	from, err := os.OpenRoot(filepath.Join(o.Scratch, newRoot) + o.WorkAt())
	if err != nil {
		return nil, err
	}
	defer from.Close()
	to, err := os.OpenRoot(filepath.Join(o.Scratch, taken))
	if err != nil {
		return nil, err
	}
	defer to.Close()
	t := taker{from: from, to: to}
	for _, name := range o.Outputs {
		if dir := path.Dir(name); dir != "." {
			if err := to.MkdirAll(dir, 0o755); err != nil {
				return nil, err
			}
		}
		if why := t.way(name); why != "" {
			t.refuse(name, why)
			continue
		}
		if err := t.take(name); err != nil {
			return nil, err
		}
	}
	return t.refused, nil
}

// most is how many outputs are named that are refused; more say no more.
const most = 20

type taker struct {
	from, to *os.Root
	refused  []string
	files    int
}

func (t *taker) refuse(name, why string) {
	if len(t.refused) < most {
		t.refused = append(t.refused, name+": "+why)
	}
}

// way reports what is wrong with the folders above an output: they are folders, and no
// links to some.
func (t *taker) way(name string) string {
	for i, c := range name {
		if c != '/' {
			continue
		}
		info, err := t.from.Lstat(name[:i])
		switch {
		case err != nil:
			return "it was not made"
		case !info.IsDir():
			return name[:i] + " is no folder"
		}
	}
	return ""
}

// maxOutputs is how many files and folders one step may leave.
const maxOutputs = 1_000_000

// take copies a file, a link or a whole folder.
func (t *taker) take(name string) error {
	if t.files++; t.files > maxOutputs {
		t.refuse(name, fmt.Sprintf("the step leaves more than %d files", maxOutputs))
		return nil
	}
	info, err := t.from.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		t.refuse(name, "it was not made")
		return nil
	}
	if err != nil {
		return err
	}
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return t.file(name, mode)
	case mode.IsDir():
		return t.folder(name)
	case mode.Type() == fs.ModeSymlink:
		return t.link(name)
	default:
		t.refuse(name, "it is "+kind(mode)+", and only files, folders and links are kept")
		return nil
	}
}

func kind(mode fs.FileMode) string {
	switch mode.Type() {
	case fs.ModeSocket:
		return "a socket"
	case fs.ModeNamedPipe:
		return "a FIFO"
	default:
		return "a device"
	}
}

func (t *taker) file(name string, mode fs.FileMode) error {
	in, err := t.from.Open(name)
	if errors.Is(err, fs.ErrPermission) {
		t.refuse(name, "it can't be read")
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	perm := fs.FileMode(0o644)
	if mode&0o111 != 0 {
		perm = 0o755
	}
	out, err := t.to.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func (t *taker) folder(name string) error {
	if err := t.to.Mkdir(name, 0o755); err != nil {
		return err
	}
	dir, err := t.from.Open(name)
	if err != nil {
		return err
	}
	entries, err := dir.ReadDir(-1)
	dir.Close()
	if err != nil {
		return err
	}
	// Sorted, so that the same outputs are made in the same order.
	for _, e := range sorted(entries) {
		if err := t.take(path.Join(name, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// link keeps a link that stays in the working folder, wherever that stands.
func (t *taker) link(name string) error {
	target, err := t.from.Readlink(name)
	if err != nil {
		return err
	}
	if path.IsAbs(target) {
		t.refuse(name, "it is a link to "+target+", and an absolute one leads elsewhere in another place")
		return nil
	}
	if end := path.Join(path.Dir(name), target); end == ".." || strings.HasPrefix(end, "../") {
		t.refuse(name, "it is a link out of the working folder, to "+target)
		return nil
	}
	return t.to.Symlink(target, name)
}

func sorted(entries []fs.DirEntry) []fs.DirEntry {
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries
}
