package rootfs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/internal/linkage"
)

// Node is one path of an image. Object and Script are what a file is to Linux's loader:
// machine code, a script, or neither. They are there once that was looked for.
type Node struct {
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
	data   []byte        // its bytes, once they were read and are held
}

// NodeOf describes a member's file.
func NodeOf(m *image.Member, f image.File) *Node {
	n := &Node{Path: path.Join(m.Path, f.Path), Perm: fs.FileMode(f.Mode & 0o777), Bytes: f.Size, Link: f.Link}
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

// Own reports whether it is of the image's own layers.
func (n *Node) Own() bool { return n.member != nil }

// Is notes the machine code that a file is, where that is known from elsewhere.
func (n *Node) Is(o *linkage.Object) { n.Object, n.known = o, true }

// Look notes what a file is to the loader. Where it can be read anywhere, it is not read
// as a whole: a program has a hundred megabytes, and what is asked for stands at a few
// places.
func (n *Node) Look(f image.File) error {
	if f.Open != nil {
		in, err := f.Open()
		if err != nil {
			return err
		}
		defer in.Close()
		if at, ok := in.(io.ReaderAt); ok {
			n.LookAt(at)
			return nil
		}
	}
	data, err := all(f)
	if err != nil {
		return err
	}
	n.LookAt(bytes.NewReader(data))
	return nil
}

// LookAt is Look of a file's bytes. An ELF file that can't be read is of no platform.
func (n *Node) LookAt(from io.ReaderAt) {
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

// all reads a member's file.
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

// A Node describes itself.

// Name implements fs.FileInfo.
func (n *Node) Name() string { return path.Base(n.Path) }

// Size implements fs.FileInfo.
func (n *Node) Size() int64 { return n.Bytes }

// Mode implements fs.FileInfo.
func (n *Node) Mode() fs.FileMode { return n.Perm }

// ModTime implements fs.FileInfo: nothing in an image has a time of its own.
func (n *Node) ModTime() time.Time { return time.Time{} }

// IsDir implements fs.FileInfo.
func (n *Node) IsDir() bool { return n.Perm.IsDir() }

// Sys implements fs.FileInfo.
func (n *Node) Sys() any { return nil }
