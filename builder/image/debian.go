package image

import (
	"context"
	"fmt"
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

	mu    sync.Mutex
	parts []debian.Part
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
		if err := yield(File{Path: f.Path, Mode: f.Mode, Link: f.Link, Dir: f.Dir, Data: f.Data}); err != nil {
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
	r.parts, err = debian.Rootfs(debs, r.platform)
	return r.parts, err
}
