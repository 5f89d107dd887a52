package debian

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Outlined is a file, a link or a folder of a root file system that is known without its
// bytes.
type Outlined struct {
	Path   string
	Mode   int64 // of a file, 0644 or 0755
	Dir    bool
	Link   string
	Size   int64
	SHA256 cas.Digest
	Deb    *snapshot.Artefact // that has the bytes, at Path; nil where Data is all of them
	Data   []byte
}

// Outline is what Rootfs makes of packages, from their file indexes: no package is opened
// but those with certificates, which are joined. The records that scanners look for in an
// image are left out. Files are sorted by path; two packages with one path are a problem,
// and so is a file beneath a link.
func Outline(ctx context.Context, store *cas.Store, debs []snapshot.Artefact, platform string) ([]Outlined, error) {
	arch, err := Architecture(platform)
	if err != nil {
		return nil, err
	}
	var all []Outlined
	var opened []*Deb
	owners := map[string]string{}
	zones := false
	for i := range debs {
		a := &debs[i]
		zones = zones || a.Name == "tzdata"
		files, err := outlined(ctx, store, a)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if other, taken := owners[f.Path]; taken {
				return nil, unfit(fmt.Sprintf("%s and %s both bring %s", other, a.ID(), f.Path))
			}
			owners[f.Path] = a.ID()
		}
		if slices.ContainsFunc(files, func(f Outlined) bool { return certificate(f.Path) }) {
			d, err := Load(ctx, store, *a)
			if err != nil {
				return nil, err
			}
			opened = append(opened, d)
		}
		all = append(all, files...)
	}
	for _, f := range systemFiles(zones, certificates(opened), arch) {
		if _, taken := owners[f.Path]; taken {
			continue // a package knows better
		}
		out := Outlined{Path: f.Path, Mode: f.Mode, Dir: f.Dir, Link: f.Link, Data: f.Data, Size: int64(len(f.Data))}
		if !f.Dir && f.Link == "" {
			out.SHA256 = cas.Sum(f.Data)
		}
		all = append(all, out)
	}
	links := map[string]bool{}
	for _, f := range all {
		links[f.Path] = f.Link != ""
	}
	for _, f := range all {
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			if links[dir] {
				return nil, unfit(fmt.Sprintf("%s brings %s, beneath the link %s", owners[f.Path], f.Path, dir))
			}
		}
	}
	slices.SortFunc(all, func(a, b Outlined) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// outlined lists what a root has of a package.
func outlined(ctx context.Context, store *cas.Store, a *snapshot.Artefact) ([]Outlined, error) {
	index, err := snapshot.IndexOf(ctx, store, *a)
	if err != nil {
		return nil, err
	}
	var files []Outlined
	for _, e := range index.Entries {
		if pruned(e.Path) {
			continue
		}
		f := Outlined{Path: e.Path, Mode: 0o644, Link: e.Link, Size: e.Size, SHA256: e.SHA256, Deb: a}
		if e.Executable() {
			f.Mode = 0o755
		}
		files = append(files, f)
	}
	return files, nil
}
