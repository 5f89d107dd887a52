package production

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/internal/bounds"
)

// tree is the files of an image's own layers as a file system, by their paths in the
// image without the leading slash. A member's contents are read once, all of them
// that Node could load, when the first of them is asked for: what a member hands out
// may be opened only while it is walked, and a tarball unpacks as a whole.
type tree struct {
	ctx     context.Context
	members []image.Member
	nodes   map[string]*node
	read    []bool // of each member
	size    int64  // of the contents that are held
}

// node is one path of the image.
type node struct {
	name    string
	member  int
	mode    fs.FileMode
	size    int64
	link    string
	entries []fs.DirEntry
	data    []byte // of a file that Node could load, once its member was read
}

// newTree lists the members. A later member's file stands over an earlier one's, as
// layers lie over each other.
func newTree(ctx context.Context, members []image.Member) (*tree, error) {
	t := &tree{ctx: ctx, members: members, nodes: map[string]*node{".": {name: ".", mode: fs.ModeDir | 0o755}}, read: make([]bool, len(members))}
	for i, m := range members {
		err := m.Files(ctx, func(f image.File) error {
			name := path.Join(m.Path, f.Path)
			n := &node{name: name, member: i, mode: fs.FileMode(f.Mode & 0o777), size: f.Size, link: f.Link}
			switch {
			case f.Link != "":
				n.mode |= fs.ModeSymlink
			case f.Dir:
				n.mode |= fs.ModeDir
			case f.Open == nil:
				n.data, n.size = f.Data, int64(len(f.Data))
			}
			return t.add(n)
		})
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", m.Name, err)
		}
	}
	for _, n := range t.nodes {
		slices.SortFunc(n.entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return t, nil
}

// add notes a path and the folders above it.
func (t *tree) add(n *node) error {
	if !fs.ValidPath(n.name) {
		return fmt.Errorf("%q is no path of an image", n.name)
	}
	for {
		before, there := t.nodes[n.name]
		if there {
			if !n.mode.IsDir() || !before.mode.IsDir() {
				n.entries = before.entries
				*before = *n
			}
			return nil
		}
		if len(t.nodes) > bounds.ImagePaths {
			return fmt.Errorf("the image has more than %d paths", bounds.ImagePaths)
		}
		t.nodes[n.name] = n
		above := path.Dir(n.name)
		parent, known := t.nodes[above]
		if !known {
			parent = &node{name: above, mode: fs.ModeDir | 0o755}
		}
		parent.entries = append(parent.entries, entry{n})
		if known {
			return nil
		}
		n = parent
	}
}

// contents returns the bytes of a file, reading its member if that was not done yet.
func (t *tree) contents(n *node) ([]byte, error) {
	if n.data != nil || n.size == 0 {
		return n.data, nil
	}
	if !t.read[n.member] {
		t.read[n.member] = true
		m := t.members[n.member]
		err := m.Files(t.ctx, func(f image.File) error {
			held := t.nodes[path.Join(m.Path, f.Path)]
			if held == nil || held.member != n.member || held.data != nil || f.Open == nil || !(loadable(held.name) || held == n) {
				return nil
			}
			var err error
			held.data, err = t.all(f)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", m.Name, err)
		}
	}
	if n.data == nil { // its member was read for others, and its name is not one of code
		m := t.members[n.member]
		err := m.Files(t.ctx, func(f image.File) error {
			if path.Join(m.Path, f.Path) != n.name || f.Open == nil {
				return nil
			}
			var err error
			n.data, err = t.all(f)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", m.Name, err)
		}
	}
	return n.data, nil
}

func (t *tree) all(f image.File) ([]byte, error) {
	if t.size += f.Size; t.size > bounds.ImageSources {
		return nil, fmt.Errorf("the files that may be loaded hold more than %d bytes", int64(bounds.ImageSources))
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, f.Size+1))
	if err == nil && int64(len(data)) != f.Size {
		err = errors.New("its size is not what its listing says")
	}
	if data == nil {
		data = []byte{}
	}
	return data, err
}

// loadable says whether a name may be one of code, or say what code is.
func loadable(name string) bool {
	switch path.Ext(name) {
	case ".js", ".cjs", ".mjs", ".json", ".node", ".wasm", ".ts", ".cts", ".mts", "":
		return true
	}
	return false
}

func (t *tree) node(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	n := t.nodes[name]
	if n == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return n, nil
}

// Open opens a file. It follows no link: the resolver does that itself.
func (t *tree) Open(name string) (fs.File, error) {
	n, err := t.node("open", name)
	if err != nil {
		return nil, err
	}
	if n.mode.IsDir() {
		return &folder{node: n}, nil
	}
	data, err := t.contents(n)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &file{node: n, Reader: bytes.NewReader(data)}, nil
}

// ReadFile returns the bytes of a file, which must not be changed.
func (t *tree) ReadFile(name string) ([]byte, error) {
	n, err := t.node("read", name)
	if err != nil {
		return nil, err
	}
	return t.contents(n)
}

// ReadDir lists a folder, sorted by name.
func (t *tree) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := t.node("readdir", name)
	if err != nil {
		return nil, err
	}
	return n.entries, nil
}

// ReadLink returns the target of a link.
func (t *tree) ReadLink(name string) (string, error) {
	n, err := t.node("readlink", name)
	if err != nil {
		return "", err
	}
	return n.link, nil
}

// Lstat describes a path without following it.
func (t *tree) Lstat(name string) (fs.FileInfo, error) { return t.node("lstat", name) }

// Stat describes a path; the trees of images are asked by realpaths.
func (t *tree) Stat(name string) (fs.FileInfo, error) { return t.node("stat", name) }

// A node describes itself.
func (n *node) Name() string       { return path.Base(n.name) }
func (n *node) Size() int64        { return n.size }
func (n *node) Mode() fs.FileMode  { return n.mode }
func (n *node) ModTime() time.Time { return time.Time{} }
func (n *node) IsDir() bool        { return n.mode.IsDir() }
func (n *node) Sys() any           { return nil }

type entry struct{ *node }

func (e entry) Type() fs.FileMode          { return e.mode.Type() }
func (e entry) Info() (fs.FileInfo, error) { return e.node, nil }

// file is an open file.
type file struct {
	*node
	*bytes.Reader
}

func (f *file) Size() int64                { return f.node.size }
func (f *file) Stat() (fs.FileInfo, error) { return f.node, nil }
func (f *file) Close() error               { return nil }

// folder is an open folder.
type folder struct {
	*node
	next int
}

func (f *folder) Stat() (fs.FileInfo, error) { return f.node, nil }
func (f *folder) Close() error               { return nil }
func (f *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.name, Err: errors.New("is a directory")}
}

func (f *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	rest := f.entries[f.next:]
	if n > 0 {
		if len(rest) == 0 {
			return nil, io.EOF
		}
		rest = rest[:min(n, len(rest))]
	}
	f.next += len(rest)
	return rest, nil
}
