package pnpm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/sri"
)

// Pack puts tarballs of the project in the place of what has no bytes of its own: what
// comes from git, is a folder, stands outside of the project, or has an address and no
// digest. The lockfile still says which version it is, what it depends on and where it
// stands. The error is a diag.Problems with every block that means no package.
func (l *Lockfile) Pack(all []npm.Packed) error {
	var problems diag.Problems
	for _, p := range all {
		meant := false
		for _, e := range l.packages {
			if (p.Package == e.name || p.Package == e.name+"@"+e.version) && e.packable() {
				e.packed, e.integrity, meant = p.File, "", true
			}
		}
		if meant {
			continue
		}
		var names []string
		for _, e := range l.packages {
			if e.packable() {
				names = append(names, e.name)
			}
		}
		remedy := "remove the block"
		if len(names) > 0 {
			remedy += ", or name what it is for: " + strings.Join(slices.Compact(slices.Sorted(slices.Values(names))), ", ")
		}
		problems = append(problems, &diag.Problem{
			Code: npm.CodePacked, Pos: p.At, What: fmt.Sprintf("packed %q names no package that %s takes from git, from a folder or without a digest", p.Package, l.File),
			Why: "any other package has its own bytes, and a block that means nothing hides a mistake", Remedy: remedy,
		})
	}
	return problems.Err()
}

// packable reports whether a tarball of the project may stand for the package: its own
// bytes can't be had, or nothing names them.
func (e *entry) packable() bool {
	o := e.origin()
	switch o.From {
	case locked.FromGit, locked.FromFolder:
		return true
	case locked.FromFile:
		return e.packed == "" && !o.InProject()
	case locked.FromAddress:
		i, err := sri.Parse(e.integrity)
		return err != nil || i.IsZero()
	}
	return false
}
