package tarball

import (
	"fmt"
	"io"

	"github.com/nbuild/nbuild/internal/snapshot"
)

// Contents is an unpacked archive and where each file of its index is in it. It is
// closed when it is no longer needed.
type Contents struct {
	layout *layout
	index  *snapshot.Index
}

// Unpack reads a .tgz to its end and gives the contents of the files in index,
// which Index made of the same archive; another one is ErrOtherIndex. It compares
// paths, modes and sizes, and not contents: the archive was held to its digest.
func Unpack(r io.Reader, index *snapshot.Index) (*Contents, error) {
	l, err := open(r, Options{})
	if err != nil {
		return nil, err
	}
	c := &Contents{l, index}
	if err := c.fits(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// fits holds the archive to the index.
func (c *Contents) fits() error {
	l, index := c.layout, c.index
	if index.Package == nil || index.Version != 2 {
		return fmt.Errorf("%w: it has no package, or is of another version", ErrOtherIndex)
	}
	if len(l.spans) != len(index.Entries) {
		return fmt.Errorf("%w: %d files, not %d", ErrOtherIndex, len(l.spans), len(index.Entries))
	}
	for i, s := range l.spans {
		if e := &index.Entries[i]; e.Path != s.path || e.Mode != s.mode || e.Size != int64(s.end-s.start) {
			return fmt.Errorf("%w: %q", ErrOtherIndex, s.path)
		}
	}
	return nil
}

// Close lets go of what was unpacked.
func (c *Contents) Close() { c.layout.data.close() }

// Open reads the content of index.Entries[i].
func (c *Contents) Open(i int) *io.SectionReader {
	s := c.layout.spans[i]
	return c.layout.data.section(s.start, s.end)
}

// Bytes returns the content of index.Entries[i], which the caller must not change. That
// of a small archive is a part of one buffer.
func (c *Contents) Bytes(i int) ([]byte, error) {
	s := c.layout.spans[i]
	return c.layout.data.bytes(s.start, s.end)
}

// Linked returns the content of index.Entries[i] as npm leaves it where the lockfile makes
// the file a command (snapshot.Entry.AsCommand), if that is something else: ok is false
// where linking changes nothing.
func (c *Contents) Linked(i int) (text []byte, ok bool, err error) {
	s := c.layout.spans[i]
	head, err := c.layout.data.bytes(s.start, min(s.end, s.start+shebangReach))
	if err != nil || !linked(head) {
		return nil, false, err
	}
	body, err := c.Bytes(i)
	if err != nil {
		return nil, false, err
	}
	text, ok = command(body)
	return text, ok, nil
}

// Command returns the content of index.Entries[i] as a command: what Linked returns, or
// the content itself.
func (c *Contents) Command(i int) ([]byte, error) {
	if text, ok, err := c.Linked(i); ok || err != nil {
		return text, err
	}
	return c.Bytes(i)
}
