package npm

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
)

// Packed is a tarball of the project that stands for a package of the lockfile whose bytes
// are not to be had as it names them: npm would clone them from git, link a folder of the
// project, or take a tarball outside of it. What `npm pack` writes is such a tarball. The
// lockfile still says which version it is, what it depends on and where it stands.
type Packed struct {
	Package string   // a name, or name@version
	File    string   // the tarball, relative to the lockfile's folder, with slashes
	At      diag.Pos // in build.hcl
}

// fits reports whether a block means a package.
func (p Packed) fits(name, version string) bool {
	return p.Package == name || p.Package == name+"@"+version
}

// Pack returns the lockfile with tarballs of the project in the place of what has no bytes
// of its own. A link becomes the package that its target is, with what stands below it:
// what that asks for is found at the same places, and its development's packages are none
// of a packed one. The lockfile must have been held against its package.json (see For),
// which speaks of git and of the folder. The error is a diag.Problems with every block that
// means no package.
func (l *Lockfile) Pack(all []Packed) (*Lockfile, error) {
	if len(all) == 0 {
		return l, nil
	}
	out := &Lockfile{File: l.File, Format: l.Format, root: l.root, byPath: map[string]*Entry{"": l.root}}
	meant, moved, linked := map[string]bool{}, map[string][]string{}, map[string]bool{}
	for _, e := range l.entries {
		now := l.packable(e)
		i := -1
		if now != nil {
			i = slices.IndexFunc(all, func(p Packed) bool { return p.fits(now.Name, now.Version) })
		}
		if i < 0 {
			if e.Link {
				linked[path.Clean(e.Resolved)] = true
			}
			out.add(e)
			continue
		}
		if e.Link {
			moved[path.Clean(e.Resolved)] = append(moved[path.Clean(e.Resolved)], e.Path)
		}
		now.Tarball, meant[all[i].Package] = all[i].File, true
		out.add(now)
	}
	for from, places := range moved {
		for _, e := range l.entries {
			below, ok := strings.CutPrefix(e.Path, from+"/node_modules/")
			if ok {
				for _, place := range places {
					now := *e
					now.Path = place + "/node_modules/" + below
					out.add(&now)
				}
			}
			if (ok || e.Path == from) && !linked[from] {
				delete(out.byPath, e.Path)
			}
		}
	}
	out.entries = slices.DeleteFunc(out.entries, func(e *Entry) bool { return out.byPath[e.Path] != e })
	slices.SortFunc(out.entries, func(a, b *Entry) int { return strings.Compare(a.Path, b.Path) })
	return out, l.meaningless(all, meant)
}

func (l *Lockfile) add(e *Entry) {
	l.entries = append(l.entries, e)
	l.byPath[e.Path] = e
}

// packable is an entry as a package of its own, nil for one whose bytes can be had as the
// lockfile names them. An integrity is kept for a tarball: of git and of a folder, what
// comes depends on who packs it.
func (l *Lockfile) packable(e *Entry) *Entry {
	o := e.Origin()
	switch {
	case e.local() || e.InBundle:
		return nil
	case o.From == locked.FromFile && !o.InProject(), o.From == locked.FromGit, o.From == locked.FromFolder:
	default:
		return nil
	}
	now := *e
	if e.Link {
		target := l.byPath[path.Clean(e.Resolved)]
		if target == nil || target.Link || strings.HasPrefix(e.Path+"/", target.Path+"/") {
			return nil // what is wrong with the link is reported where it is judged
		}
		now = *target
		now.Path, now.Pos, now.off = e.Path, e.Pos, e.off
		now.Name = cmp.Or(target.Name, e.Name)
	}
	if now.Resolved = ""; o.From != locked.FromFile {
		now.Integrity, now.Elsewhere, now.against = "", "", ""
	}
	return &now
}

// meaningless reports the blocks that mean no package.
func (l *Lockfile) meaningless(all []Packed, meant map[string]bool) error {
	var problems diag.Problems
	var names []string
	for _, e := range l.entries {
		if now := l.packable(e); now != nil && !meant[now.Name] && !meant[now.Name+"@"+now.Version] {
			names = append(names, now.Name)
		}
	}
	for _, p := range all {
		if meant[p.Package] {
			continue
		}
		remedy := "remove the block"
		if len(names) > 0 {
			remedy = "remove the block, or name what it is for: " + strings.Join(slices.Compact(slices.Sorted(slices.Values(names))), ", ")
		}
		problems = append(problems, &diag.Problem{
			Code: CodePacked, Pos: p.At, What: fmt.Sprintf("packed %q names no package that %s takes from git, from a folder or from outside of the project", p.Package, l.File),
			Why: "any other package has its own bytes, and a block that means nothing hides a mistake", Remedy: remedy,
		})
	}
	return problems.Err()
}
