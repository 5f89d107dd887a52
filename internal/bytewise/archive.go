package bytewise

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/nbuild/nbuild/internal/bounds"
)

// entry is what an archive says of a file.
type entry struct {
	header tar.Header
	sum    [sha256.Size]byte
	at     int // its place
}

// Archives compares two archives (tar) entry by entry and returns what differs, by path. At
// most Most differences come back; more says that there are others. Each open reads an
// archive from its beginning, and is called several times.
func Archives(first, again func() (io.ReadCloser, error)) (all []Difference, more bool, err error) {
	a, err := list(first)
	if err != nil {
		return nil, false, err
	}
	b, err := list(again)
	if err != nil {
		return nil, false, err
	}
	names := slices.Collect(maps.Keys(a))
	for n := range b {
		if _, both := a[n]; !both {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	ordered := true
	for _, n := range names {
		x, before := a[n]
		y, now := b[n]
		ordered = ordered && x.at == y.at
		d := Difference{Path: n}
		switch {
		case !now:
			d.Kind = Missing
		case !before:
			d.Kind = Added
		default:
			d.Kind, d.First, d.Again = differ(x, y)
		}
		if d.Kind == "" {
			continue
		}
		if len(all) == Most {
			return all, true, nil
		}
		if d.Kind == Content {
			if d.Region, err = inside(first, again, n); err != nil {
				return nil, false, err
			}
		}
		all = append(all, d)
	}
	if len(all) == 0 && !ordered {
		all = []Difference{{Path: ".", Kind: Order}}
	}
	return all, false, nil
}

// differ says what is another of two entries of one name, "" for nothing.
func differ(x, y entry) (kind Kind, first, again string) {
	a, b := x.header, y.header
	switch {
	case a.Typeflag != b.Typeflag:
		return Type, string(a.Typeflag), string(b.Typeflag)
	case a.Linkname != b.Linkname:
		return Link, a.Linkname, b.Linkname
	case x.sum != y.sum:
		return Content, "", ""
	case a.Mode != b.Mode:
		return Mode, fmt.Sprintf("%04o", a.Mode), fmt.Sprintf("%04o", b.Mode)
	case a.Uid != b.Uid || a.Gid != b.Gid || a.Uname != b.Uname || a.Gname != b.Gname:
		return Owner, fmt.Sprintf("%d:%d %s:%s", a.Uid, a.Gid, a.Uname, a.Gname), fmt.Sprintf("%d:%d %s:%s", b.Uid, b.Gid, b.Uname, b.Gname)
	case !a.ModTime.Equal(b.ModTime):
		return Time, a.ModTime.UTC().Format("2006-01-02T15:04:05.999999999Z"), b.ModTime.UTC().Format("2006-01-02T15:04:05.999999999Z")
	}
	return "", "", ""
}

// list reads what is in an archive.
func list(open func() (io.ReadCloser, error)) (map[string]entry, error) {
	all := map[string]entry{}
	err := each(open, func(h *tar.Header, content io.Reader) (bool, error) {
		if len(all) >= bounds.ArchiveEntries {
			return false, fmt.Errorf("more than %d entries", bounds.ArchiveEntries)
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, content); err != nil {
			return false, err
		}
		all[h.Name] = entry{*h, [sha256.Size]byte(sum.Sum(nil)), len(all)}
		return true, nil
	})
	return all, err
}

// inside finds where the contents of one entry differ.
func inside(first, again func() (io.ReadCloser, error), name string) (region *Region, err error) {
	err = each(first, func(h *tar.Header, a io.Reader) (bool, error) {
		if h.Name != name {
			return true, nil
		}
		return false, each(again, func(h *tar.Header, b io.Reader) (bool, error) {
			if h.Name != name {
				return true, nil
			}
			var err error
			region, err = First(a, b)
			return false, err
		})
	})
	return region, err
}

// each calls do for each entry of an archive, until it says that that is enough.
func each(open func() (io.ReadCloser, error), do func(*tar.Header, io.Reader) (bool, error)) error {
	r, err := open()
	if err != nil {
		return err
	}
	defer r.Close()
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a layer: %w", err)
		}
		if more, err := do(h, t); err != nil || !more {
			return err
		}
	}
}
