// Package rootfs is the files of an image as they lie over each other: what is beneath,
// and what the image's own layers put over it.
//
// Two questions are asked of them, and both before there is an image: whether it can
// start, which package launch answers, and what Node may load in it, which
// evidence/production does. The paths, modes and links of all files are listed, since
// that costs little. What stands in a file is read when it is asked for: what a
// [image.Member] hands out may be opened only while it is walked, and a tarball unpacks as
// a whole, so whoever asks for many files of a member says which it will want, and they
// are read in one walk.
//
// An [FS] is an fs.FS whose links are not followed: Node's rules of resolution and Linux's
// follow them in ways of their own, and [FS.Find] does it as Linux does.
//
// The invariant: what is read of a file is what the layer would hold. Files of what is
// beneath are known by their paths alone; their bytes are not asked for here.
package rootfs

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/internal/bounds"
)

// FS is the files of an image, by their paths without the leading slash.
type FS struct {
	ctx     context.Context
	nodes   map[string]*Node
	folders map[string][]fs.DirEntry // filled when the first is asked for

	wanted func(name string) bool // files that are held once their member is read
	walked map[*image.Member]bool // members of which all that is wanted was read
	held   int64                  // bytes of what is held
}

// New lays the members of an image's own layers over what is beneath them. A later
// member's file stands over an earlier one's, as layers lie over each other.
func New(ctx context.Context, under []*Node, own []image.Member) (*FS, error) {
	f := &FS{ctx: ctx, nodes: make(map[string]*Node, len(under)), walked: map[*image.Member]bool{}}
	for _, n := range under {
		n.known = true
		if err := f.add(n); err != nil {
			return nil, err
		}
	}
	for i := range own {
		m := &own[i]
		err := m.Files(ctx, func(file image.File) error {
			n := NodeOf(m, file)
			n.member = m
			return f.add(n)
		})
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", m.Name, err)
		}
	}
	return f, nil
}

// Hold says which files will be asked for: they are read together with the first of their
// member that is, and kept.
func (f *FS) Hold(wanted func(name string) bool) { f.wanted = wanted }

// add puts a path in, over what is there, and the folders above it.
func (f *FS) add(n *Node) error {
	if !fs.ValidPath(n.Path) {
		return fmt.Errorf("%q is no path of an image", n.Path)
	}
	f.folders = nil
	f.nodes[n.Path] = n
	for dir := path.Dir(n.Path); dir != "."; dir = path.Dir(dir) {
		if f.nodes[dir] != nil {
			break
		}
		f.nodes[dir] = &Node{Path: dir, Perm: fs.ModeDir | 0o755}
	}
	if len(f.nodes) > bounds.ImagePaths {
		return fmt.Errorf("the image has more than %d paths", bounds.ImagePaths)
	}
	return nil
}

// Own lists the files of the image's own layers, sorted.
func (f *FS) Own() []string {
	var all []string
	for name, n := range f.nodes {
		if n.Own() && n.Perm.IsRegular() {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// At returns what stands at a path, not following links: nil where nothing does.
func (f *FS) At(name string) *Node {
	if name == "." {
		return &Node{Path: ".", Perm: fs.ModeDir | 0o755, known: true}
	}
	return f.nodes[name]
}

// maxLinks is how many links one path may lead through (Linux, MAXSYMLINKS).
const maxLinks = 40

// Find follows an absolute path to what stands there: nil where nothing does. Above the
// root is the root.
func (f *FS) Find(name string) *Node {
	left := maxLinks
	return f.walk(name, &left)
}

func (f *FS) walk(name string, left *int) *Node {
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
		n := f.nodes[path.Join(at, element)]
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
			return f.walk(strings.Join(append([]string{target}, rest[i+1:]...), "/"), left)
		case !n.Perm.IsDir() && i+1 < len(rest):
			return nil
		}
		at = n.Path
	}
	if at == "" {
		at = "."
	}
	return f.At(at)
}
