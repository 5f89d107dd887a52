package launch

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
	"github.com/nbuild/nbuild/internal/linkage"
)

// Root is the files of an image, by their paths without the leading slash. It is an
// fs.FS whose links are not followed: who asks follows them.
type Root struct {
	ctx     context.Context
	nodes   map[string]*node
	folders map[string][]fs.DirEntry // filled when the first is asked for
}

// node is one path of the image. Facts are those of a program or a library.
type node struct {
	Path   string          `json:"p"`
	Perm   fs.FileMode     `json:"m"` // with fs.ModeDir or fs.ModeSymlink
	Bytes  int64           `json:"n,omitempty"`
	Link   string          `json:"l,omitempty"`
	User   int             `json:"u,omitempty"`
	Group  int             `json:"g,omitempty"`
	Object *linkage.Object `json:"o,omitempty"`
	Script string          `json:"s,omitempty"` // what stands behind "#!"

	member *image.Member // of an image's own layers
	known  bool          // Object and Script were looked for
}

// NewRoot lays the members of an image's own layers over what is beneath them.
func NewRoot(ctx context.Context, under *Listing, own []image.Member) (*Root, error) {
	r := &Root{ctx: ctx, nodes: make(map[string]*node, len(under.nodes))}
	for _, n := range under.nodes {
		n.known = true
		if err := r.add(n); err != nil {
			return nil, err
		}
	}
	for i := range own {
		m := &own[i]
		err := m.Files(ctx, func(f image.File) error {
			n := nodeOf(m, f)
			n.member = m
			return r.add(n)
		})
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", m.Name, err)
		}
	}
	return r, nil
}

// nodeOf describes a member's file.
func nodeOf(m *image.Member, f image.File) *node {
	n := &node{Path: path.Join(m.Path, f.Path), Perm: fs.FileMode(f.Mode & 0o777), Bytes: f.Size, Link: f.Link}
	switch {
	case f.Link != "":
		n.Perm |= fs.ModeSymlink
	case f.Dir:
		n.Perm |= fs.ModeDir
		if f.Mode == 0 {
			n.Perm |= 0o755
		}
	case f.Mode == 0:
		n.Perm = 0o644
	}
	if f.Open == nil && !f.Dir && f.Link == "" {
		n.Bytes = int64(len(f.Data))
	}
	return n
}

// add puts a path in, over what is there, and the folders above it.
func (r *Root) add(n *node) error {
	if !fs.ValidPath(n.Path) {
		return fmt.Errorf("%q is no path of an image", n.Path)
	}
	r.folders = nil
	r.nodes[n.Path] = n
	for dir := path.Dir(n.Path); dir != "."; dir = path.Dir(dir) {
		if r.nodes[dir] != nil {
			break
		}
		r.nodes[dir] = &node{Path: dir, Perm: fs.ModeDir | 0o755}
	}
	if len(r.nodes) > bounds.ImagePaths {
		return fmt.Errorf("the image has more than %d paths", bounds.ImagePaths)
	}
	return nil
}

// maxLinks is how many links one path may lead through (Linux, MAXSYMLINKS).
const maxLinks = 40

// find follows an absolute path to what stands there: nil where nothing does. Above the
// root is the root.
func (r *Root) find(name string) *node {
	left := maxLinks
	return r.walk(name, &left)
}

func (r *Root) walk(name string, left *int) *node {
	at := "" // below the root, resolved
	rest := strings.Split(strings.TrimPrefix(name, "/"), "/")
	for i, element := range rest {
		switch element {
		case "", ".":
			continue
		case "..":
			if at = path.Dir(at); at == "." {
				at = ""
			}
			continue
		}
		n := r.nodes[path.Join(at, element)]
		switch {
		case n == nil:
			return nil
		case n.Perm&fs.ModeSymlink != 0:
			if *left--; *left < 0 {
				return nil
			}
			target := n.Link
			if !path.IsAbs(target) {
				target = "/" + at + "/" + target
			}
			return r.walk(strings.Join(append([]string{target}, rest[i+1:]...), "/"), left)
		case !n.Perm.IsDir() && i+1 < len(rest):
			return nil
		}
		at = n.Path
	}
	if at == "" {
		return &node{Path: ".", Perm: fs.ModeDir | 0o755, known: true}
	}
	return r.nodes[at]
}

// facts looks for what a file is to the loader: an ELF file, a script, or neither.
func (r *Root) facts(n *node) error {
	if n.known || !n.Perm.IsRegular() {
		return nil
	}
	if n.member == nil {
		return fs.ErrNotExist
	}
	err := r.opened(n, func(f image.File) error { return n.look(f) })
	if err != nil {
		return fmt.Errorf("reading %s: %w", n.Path, err)
	}
	return nil
}

// opened hands on a file of an image's own layers.
func (r *Root) opened(n *node, take func(image.File) error) error {
	return n.member.Files(r.ctx, func(f image.File) error {
		if path.Join(n.member.Path, f.Path) != n.Path {
			return nil
		}
		return take(f)
	})
}

// look notes what a file is. Where it can be read anywhere, it is not read as a whole: a
// program has a hundred megabytes, and what is asked for stands at a few places.
func (n *node) look(f image.File) error {
	if f.Open != nil {
		in, err := f.Open()
		if err != nil {
			return err
		}
		defer in.Close()
		if at, ok := in.(io.ReaderAt); ok {
			n.tell(at)
			return nil
		}
	}
	data, err := all(f)
	if err != nil {
		return err
	}
	n.tell(bytes.NewReader(data))
	return nil
}

// tell notes what a file is from its bytes. An ELF file that can't be read is of no
// platform.
func (n *node) tell(from io.ReaderAt) {
	n.known = true
	data := make([]byte, maxScriptLine)
	read, _ := from.ReadAt(data, 0) // what can't be read is nothing that is known
	data = data[:read]
	switch {
	case bytes.HasPrefix(data, []byte(linkage.Magic)):
		object, err := linkage.Read(from)
		if err != nil {
			object = &linkage.Object{}
		}
		n.Object = object
	case len(data) > 2 && data[0] == '#' && data[1] == '!':
		line, _, _ := strings.Cut(string(data[2:]), "\n")
		n.Script = strings.Trim(line, " \t")
		if n.Script == "" {
			n.Script = " " // names no interpreter, and is a script
		}
	}
}

// maxScriptLine is how much of a script Linux reads for its interpreter
// (BINPRM_BUF_SIZE).
const maxScriptLine = 256

// contents reads a file of an image's own layers. Those of what is beneath them are not
// kept: that is fs.ErrNotExist.
func (r *Root) contents(n *node) ([]byte, error) {
	if n.member == nil {
		return nil, fs.ErrNotExist
	}
	if n.Bytes > bounds.Program {
		return nil, fmt.Errorf("%s has more than %d bytes", n.Path, int64(bounds.Program))
	}
	var data []byte
	err := r.opened(n, func(f image.File) error {
		var err error
		data, err = all(f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", n.Path, err)
	}
	return data, nil
}

func all(f image.File) ([]byte, error) {
	if f.Open == nil {
		return f.Data, nil
	}
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data := bytes.NewBuffer(make([]byte, 0, f.Size+bytes.MinRead))
	n, err := data.ReadFrom(io.LimitReader(in, f.Size+1))
	if err == nil && n != f.Size {
		err = errors.New("its size is not what its listing says")
	}
	return data.Bytes(), err
}

// names lists the files of the image's own layers, sorted.
func (r *Root) names() []string {
	var all []string
	for name, n := range r.nodes {
		if n.member != nil && n.Perm.IsRegular() {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

func (r *Root) lookup(op, name string) (*node, error) {
	if name == "." {
		return &node{Path: ".", Perm: fs.ModeDir | 0o755, known: true}, nil
	}
	if n := r.nodes[name]; n != nil && fs.ValidPath(name) {
		return n, nil
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// Open opens a file of the image's own layers.
func (r *Root) Open(name string) (fs.File, error) {
	n, err := r.lookup("open", name)
	if err != nil {
		return nil, err
	}
	data, err := r.contents(n)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &file{node: n, Reader: bytes.NewReader(data)}, nil
}

// ReadFile returns the bytes of a file of the image's own layers.
func (r *Root) ReadFile(name string) ([]byte, error) {
	n, err := r.lookup("read", name)
	if err != nil {
		return nil, err
	}
	return r.contents(n)
}

// ReadDir lists a folder, sorted by name.
func (r *Root) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := r.lookup("readdir", name)
	if err != nil || !n.Perm.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	if r.folders == nil {
		r.folders = map[string][]fs.DirEntry{}
		for _, child := range r.nodes {
			dir := path.Dir(child.Path)
			r.folders[dir] = append(r.folders[dir], entry{child})
		}
		for _, entries := range r.folders {
			slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		}
	}
	return r.folders[name], nil
}

// ReadLink returns the target of a link.
func (r *Root) ReadLink(name string) (string, error) {
	n, err := r.lookup("readlink", name)
	if err != nil {
		return "", err
	}
	return n.Link, nil
}

// Lstat describes a path without following it.
func (r *Root) Lstat(name string) (fs.FileInfo, error) { return r.lookup("lstat", name) }

// Stat describes a path, which is asked for by its realpath.
func (r *Root) Stat(name string) (fs.FileInfo, error) { return r.lookup("stat", name) }

// A node describes itself.
func (n *node) Name() string       { return path.Base(n.Path) }
func (n *node) Size() int64        { return n.Bytes }
func (n *node) Mode() fs.FileMode  { return n.Perm }
func (n *node) ModTime() time.Time { return time.Time{} }
func (n *node) IsDir() bool        { return n.Perm.IsDir() }
func (n *node) Sys() any           { return nil }

type entry struct{ *node }

func (e entry) Type() fs.FileMode          { return e.Perm.Type() }
func (e entry) Info() (fs.FileInfo, error) { return e.node, nil }

// file is an open file.
type file struct {
	*node
	*bytes.Reader
}

func (f *file) Size() int64                { return f.node.Bytes }
func (f *file) Stat() (fs.FileInfo, error) { return f.node, nil }
func (f *file) Close() error               { return nil }
