package rootfs

import (
	"fmt"
	"io/fs"
	"path"

	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/internal/bounds"
)

// Facts looks for what a file is to the loader, if that was not done yet.
func (f *FS) Facts(n *Node) error {
	if n.known || !n.Perm.IsRegular() {
		return nil
	}
	if !n.Own() {
		return fs.ErrNotExist
	}
	if err := f.opened(n, func(file image.File) error { return n.Look(file) }); err != nil {
		return fmt.Errorf("reading %s: %w", n.Path, err)
	}
	return nil
}

// Contents returns the bytes of a file of an image's own layers, which must not be
// changed. Those of what is beneath them are not kept: that is fs.ErrNotExist.
func (f *FS) Contents(n *Node) ([]byte, error) {
	switch {
	case n.data != nil:
		return n.data, nil
	case !n.Own():
		return nil, fs.ErrNotExist
	case n.Bytes > bounds.Program:
		return nil, fmt.Errorf("%s has more than %d bytes", n.Path, int64(bounds.Program))
	case f.wanted != nil && f.wanted(n.Path) && !f.walked[n.member]:
		if err := f.hold(n.member); err != nil {
			return nil, fmt.Errorf("reading %s: %w", n.member.Name, err)
		}
		if n.data != nil {
			return n.data, nil
		}
	}
	var data []byte
	err := f.opened(n, func(file image.File) (err error) {
		data, err = all(file)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", n.Path, err)
	}
	if f.wanted != nil { // who says what it will ask for asks again
		return data, f.keep(n, data)
	}
	return data, nil
}

// hold reads all that is wanted of a member, in one walk.
func (f *FS) hold(m *image.Member) error {
	f.walked[m] = true
	return m.Files(f.ctx, func(file image.File) error {
		n := f.nodes[path.Join(m.Path, file.Path)]
		if n == nil || n.member != m || n.data != nil || !n.Perm.IsRegular() || n.Bytes > bounds.Program || !f.wanted(n.Path) {
			return nil
		}
		data, err := all(file)
		if err != nil {
			return err
		}
		return f.keep(n, data)
	})
}

// keep holds the bytes of a file.
func (f *FS) keep(n *Node, data []byte) error {
	if f.held += int64(len(data)); f.held > bounds.ImageSources {
		return fmt.Errorf("the files that may be loaded hold more than %d bytes", int64(bounds.ImageSources))
	}
	if n.data = data; data == nil {
		n.data = []byte{} // an empty file that was read
	}
	return nil
}

// opened hands on a file of an image's own layers.
func (f *FS) opened(n *Node, take func(image.File) error) error {
	return n.member.Files(f.ctx, func(file image.File) error {
		if path.Join(n.member.Path, file.Path) != n.Path {
			return nil
		}
		return take(file)
	})
}
