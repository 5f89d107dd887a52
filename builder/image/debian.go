package image

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/debian"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// rootRules stands for what debian.Rootfs makes of its packages. Raise it whenever
// the same packages would give other files.
const rootRules = "debian-rootfs-1"

// Debian returns the members of a root file system that is made of Debian
// packages for a platform ("linux/amd64"): one each, and one of what no package
// brings. Their keys name the packages and not their contents, so a layer that the
// store has assembled before opens no package.
func Debian(store *cas.Store, debs []snapshot.Artefact, platform, owner string) []Member {
	debs = slices.Clone(debs)
	slices.SortFunc(debs, func(a, b snapshot.Artefact) int { return strings.Compare(a.Name, b.Name) })
	root := &rootParts{store: store, debs: debs, platform: platform}
	all := rootRules + "\n" + platform + "\n"
	for _, d := range debs {
		all += d.SHA256.String() + "\n"
	}
	names := []string{"system"}
	for _, d := range debs {
		names = append(names, "deb "+d.Name+"@"+d.Version)
	}
	members := make([]Member, len(names))
	for i, name := range names {
		members[i] = Member{
			Name:  name,
			Key:   cas.Sum([]byte(all + name)),
			Owner: owner,
			Files: func(ctx context.Context, yield func(File) error) error { return root.files(ctx, i, name, yield) },
		}
	}
	return members
}

// rootParts opens the packages when the first of their files is asked for.
type rootParts struct {
	store    *cas.Store
	debs     []snapshot.Artefact
	platform string

	mu     sync.Mutex
	parts  []debian.Part
	spills *spills
}

func (r *rootParts) files(ctx context.Context, i int, name string, yield func(File) error) error {
	parts, err := r.load(ctx)
	if err != nil {
		return err
	}
	if i >= len(parts) || parts[i].Name != name {
		return fmt.Errorf("the packages hold no part %q", name)
	}
	for _, f := range parts[i].Files {
		file := File{Path: f.Path, Mode: f.Mode, Link: f.Link, Dir: f.Dir, Data: f.Data}
		if at, ok := r.spills.of(i, f.Path); ok {
			file.Size, file.Open = at.Size(), func() (io.ReadCloser, error) { return opened{io.NewSectionReader(at, 0, at.Size())}, nil }
		}
		if err := yield(file); err != nil {
			return err
		}
	}
	return nil
}

func (r *rootParts) load(ctx context.Context) ([]debian.Part, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.parts != nil {
		return r.parts, nil
	}
	debs := make([]*debian.Deb, len(r.debs))
	for i, a := range r.debs {
		var err error
		if debs[i], err = debian.Load(ctx, r.store, a); err != nil {
			return nil, fmt.Errorf("opening %s: %w", a.ID(), err)
		}
	}
	var err error
	if r.parts, err = debian.Rootfs(debs, r.platform); err != nil {
		return nil, err
	}
	r.spills, err = spill(r.store, r.parts)
	return r.parts, err
}

// spilled is from how many bytes on a file of a package is kept in a file of the store.
const spilled = 16 << 10

// spills are the bytes of the larger files of packages, in a file of the store: they are
// asked for several times until the image is there, and are most of what its packages
// hold.
type spills struct {
	sections map[spillKey]*io.SectionReader
}

type spillKey struct {
	part int
	path string
}

// spill takes the larger files out of memory. Where the store has no room for a file,
// memory has to do.
func spill(store *cas.Store, parts []debian.Part) (*spills, error) {
	file, err := store.Spill()
	if err != nil {
		return nil, nil
	}
	s := &spills{sections: map[spillKey]*io.SectionReader{}}
	at := int64(0)
	for i := range parts {
		for j := range parts[i].Files {
			f := &parts[i].Files[j]
			if len(f.Data) < spilled {
				continue
			}
			if _, err := file.WriteAt(f.Data, at); err != nil {
				return nil, fmt.Errorf("setting the files of packages aside: %w", err)
			}
			s.sections[spillKey{i, f.Path}] = io.NewSectionReader(file, at, int64(len(f.Data)))
			at += int64(len(f.Data))
			f.Data = nil
		}
	}
	return s, nil
}

// of returns the bytes of a file that was taken out of memory.
func (s *spills) of(part int, path string) (*io.SectionReader, bool) {
	if s == nil {
		return nil, false
	}
	at, ok := s.sections[spillKey{part, path}]
	return at, ok
}

// opened is a file that nothing has to be done to when it is closed.
type opened struct{ *io.SectionReader }

func (opened) Close() error { return nil }
