package rootfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

func (f *FS) lookup(op, name string) (*Node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if n := f.At(name); n != nil {
		return n, nil
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// Open opens a file of the image's own layers, or a folder. It follows no link.
func (f *FS) Open(name string) (fs.File, error) {
	n, err := f.lookup("open", name)
	if err != nil {
		return nil, err
	}
	if n.IsDir() {
		return &folder{Node: n, entries: f.entries(name)}, nil
	}
	data, err := f.Contents(n)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &file{Node: n, Reader: bytes.NewReader(data)}, nil
}

// ReadFile returns the bytes of a file of the image's own layers, which must not be
// changed.
func (f *FS) ReadFile(name string) ([]byte, error) {
	n, err := f.lookup("read", name)
	if err != nil {
		return nil, err
	}
	return f.Contents(n)
}

// ReadDir lists a folder, sorted by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := f.lookup("readdir", name)
	if err != nil {
		return nil, err
	}
	if !n.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	return f.entries(name), nil
}

func (f *FS) entries(name string) []fs.DirEntry {
	if f.folders == nil {
		f.folders = map[string][]fs.DirEntry{}
		for _, child := range f.nodes {
			dir := path.Dir(child.Path)
			f.folders[dir] = append(f.folders[dir], entry{child})
		}
		for _, entries := range f.folders {
			slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		}
	}
	return f.folders[name]
}

// ReadLink returns the target of a link.
func (f *FS) ReadLink(name string) (string, error) {
	n, err := f.lookup("readlink", name)
	if err != nil {
		return "", err
	}
	return n.Link, nil
}

// Lstat describes a path without following it.
func (f *FS) Lstat(name string) (fs.FileInfo, error) { return f.lookup("lstat", name) }

// Stat describes a path, which is asked for by its realpath.
func (f *FS) Stat(name string) (fs.FileInfo, error) { return f.lookup("stat", name) }

type entry struct{ *Node }

func (e entry) Type() fs.FileMode          { return e.Perm.Type() }
func (e entry) Info() (fs.FileInfo, error) { return e.Node, nil }

// file is an open file.
type file struct {
	*Node
	*bytes.Reader
}

func (f *file) Size() int64                { return f.Bytes }
func (f *file) Stat() (fs.FileInfo, error) { return f.Node, nil }
func (f *file) Close() error               { return nil }

// folder is an open folder.
type folder struct {
	*Node
	entries []fs.DirEntry // that were not read yet
}

func (f *folder) Stat() (fs.FileInfo, error) { return f.Node, nil }
func (f *folder) Close() error               { return nil }
func (f *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.Path, Err: errors.New("is a directory")}
}

func (f *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	rest := f.entries
	if n > 0 {
		if len(rest) == 0 {
			return nil, io.EOF
		}
		rest = rest[:min(n, len(rest))]
	}
	f.entries = f.entries[len(rest):]
	return rest, nil
}
