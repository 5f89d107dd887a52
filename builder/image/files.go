package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Tree is the member of a project's files: those that
// entries lists, read below root and placed at a path of the image. A file whose
// content is not what its entry says is CodeChanged, so what was planned, digested
// and stated in provenance is what the image has.
func Tree(root *os.Root, entries []snapshot.Entry, at, name, owner string) Member {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b snapshot.Entry) int { return strings.Compare(a.Path, b.Path) })
	m := Member{Name: name, Path: at, Key: entriesKey(entries), Owner: owner}
	m.Files = func(_ context.Context, yield func(File) error) error {
		for _, e := range entries {
			f := File{Path: e.Path, Mode: int64(e.Mode), Size: e.Size, Link: e.Link, SHA256: e.SHA256}
			f.Open = func() (io.ReadCloser, error) {
				r, err := root.Open(e.Path)
				if err != nil {
					return nil, err
				}
				return &checked{ReadCloser: r, hash: sha256.New(), want: e.SHA256, member: m.Name, path: join(at, e.Path)}, nil
			}
			if err := yield(f); err != nil {
				return err
			}
		}
		return nil
	}
	return m
}

// Stored is the member of files whose bytes are in the store, such as a step's outputs,
// placed at a path of the image.
func Stored(store *cas.Store, entries []snapshot.Entry, at, owner string) Member {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b snapshot.Entry) int { return strings.Compare(a.Path, b.Path) })
	return Member{
		Name: owner, Path: at, Key: entriesKey(entries), Owner: owner,
		Files: func(ctx context.Context, yield func(File) error) error {
			for _, e := range entries {
				f := File{Path: e.Path, Mode: int64(e.Mode), Size: e.Size, Link: e.Link, SHA256: e.SHA256}
				f.Open = func() (io.ReadCloser, error) { return store.Open(ctx, e.SHA256) }
				if err := yield(f); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// Blob is the member of one fetched artefact, placed as a file at a path of the
// image. Mode is 0644 or 0755.
func Blob(store *cas.Store, a snapshot.Artefact, at string, mode int64, owner string) Member {
	f := File{Mode: mode, Size: a.Size, SHA256: a.SHA256}
	return Member{
		Name:  a.ID(),
		Path:  at,
		Key:   cas.Sum(fmt.Appendf(nil, "blob %o %s\n", mode, a.SHA256)),
		Owner: owner,
		Files: func(ctx context.Context, yield func(File) error) error {
			f := f
			f.Open = func() (io.ReadCloser, error) { return store.Open(ctx, a.SHA256) }
			return yield(f)
		},
	}
}

// Files is the member of files that are in memory, in any order: what nbuild
// writes itself, such as the guard and the source list, or a root file system.
// Files without a SHA256 are digested here.
func Files(files []File, at, name, owner string) Member {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	var key bytes.Buffer
	key.WriteString("files\n")
	for i, f := range files {
		f = f.normal()
		if f.SHA256.IsZero() && f.Open == nil && f.Link == "" && !f.Dir {
			f.SHA256 = cas.Sum(f.Data)
		}
		fmt.Fprintf(&key, "%q %o %d %q %t %s\n", f.Path, f.Mode, f.Size, f.Link, f.Dir, f.SHA256)
		files[i] = f
	}
	return Member{
		Name:  name,
		Path:  at,
		Key:   cas.Sum(key.Bytes()),
		Owner: owner,
		Files: func(_ context.Context, yield func(File) error) error {
			for _, f := range files {
				if f.Open != nil && f.SHA256.IsZero() {
					return fmt.Errorf("%q has a content that its key does not name", f.Path)
				}
				if err := yield(f); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// entriesKey is the digest of a listing that names every content.
func entriesKey(entries []snapshot.Entry) cas.Digest {
	var key bytes.Buffer
	key.WriteString("entries\n")
	for _, e := range entries {
		fmt.Fprintf(&key, "%q %o %d %s %q\n", e.Path, e.Mode, e.Size, e.SHA256, e.Link)
	}
	return cas.Sum(key.Bytes())
}

// checked ends with CodeChanged where the bytes are not those of the listing.
type checked struct {
	io.ReadCloser
	hash   hash.Hash
	want   cas.Digest
	member string
	path   string
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.hash.Write(p[:n])
	if err == io.EOF && cas.Digest(c.hash.Sum(nil)) != c.want {
		return n, changed(Member{Name: c.member}, c.path, "its content is not what was listed")
	}
	return n, err
}

// Digested fills in the SHA-256 and the size of files below root, as Tree wants
// them. Links are left as they are; one that stands where a file is listed is not
// followed out of root.
func Digested(ctx context.Context, root *os.Root, entries []snapshot.Entry) ([]snapshot.Entry, error) {
	entries = slices.Clone(entries)
	for i := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if entries[i].Link != "" {
			continue
		}
		var err error
		if entries[i].SHA256, entries[i].Size, err = digest(root, entries[i].Path); err != nil {
			return nil, fmt.Errorf("digesting %q: %w", entries[i].Path, err)
		}
	}
	return entries, nil
}

func digest(root *os.Root, name string) (cas.Digest, int64, error) {
	f, err := root.Open(name)
	if err != nil {
		return cas.Digest{}, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return cas.Digest{}, 0, err
	}
	if !info.Mode().IsRegular() {
		return cas.Digest{}, 0, fmt.Errorf("not a regular file")
	}
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, bounds.FetchFile+1))
	if err == nil && n > bounds.FetchFile {
		err = fmt.Errorf("over the bound of %d bytes", int64(bounds.FetchFile))
	}
	return cas.Digest(h.Sum(nil)), n, err
}
