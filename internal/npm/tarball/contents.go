package tarball

import (
	"fmt"
	"io"

	"github.com/nbuild/nbuild/internal/snapshot"
)

// Contents is an unpacked archive: one buffer, and where each file of its index
// is in it.
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
	if index.Package == nil || index.Version != 2 {
		return nil, fmt.Errorf("%w: it has no package, or is of another version", ErrOtherIndex)
	}
	if len(l.spans) != len(index.Entries) {
		return nil, fmt.Errorf("%w: %d files, not %d", ErrOtherIndex, len(l.spans), len(index.Entries))
	}
	for i, s := range l.spans {
		if e := &index.Entries[i]; e.Path != s.path || e.Mode != s.mode || e.Size != int64(s.end-s.start) {
			return nil, fmt.Errorf("%w: %q", ErrOtherIndex, s.path)
		}
	}
	return &Contents{l, index}, nil
}

// Bytes returns the content of index.Entries[i]. It is part of the one buffer:
// the caller must not change it, and keeps all of it in memory by holding on to it.
func (c *Contents) Bytes(i int) []byte { return c.layout.bytes(c.layout.spans[i]) }

// Command returns the content of index.Entries[i] as npm leaves it where the lockfile
// makes the file a command (snapshot.Entry.AsCommand).
func (c *Contents) Command(i int) []byte {
	if text, ok := command(c.Bytes(i)); ok {
		return text
	}
	return c.Bytes(i)
}
