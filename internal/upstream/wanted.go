package upstream

import (
	"path"

	"github.com/nbuild/nbuild/internal/locked"
)

// Wanted lists what a tree needs fetched: its packages, without what comes inside
// another's tarball and without links. Folder is the lockfile's, relative to the
// project's, in which tarballs of the project are named.
func Wanted(tree *locked.Tree, folder string) []Package {
	var out []Package
	for i := range tree.Packages {
		p := &tree.Packages[i]
		if p.Bundler != "" || p.Link != "" {
			continue
		}
		w := Package{
			Name: p.Name, Version: p.Version, Integrity: p.Integrity, Elsewhere: p.Elsewhere, Resolved: p.Resolved,
			From: p.Origin.From, Pos: p.Pos, Manifest: tree.Unsaid,
		}
		if w.From == locked.FromFile {
			w.File = path.Join(folder, p.Origin.Address)
		}
		out = append(out, w)
	}
	return out
}
