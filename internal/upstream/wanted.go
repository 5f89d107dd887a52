package upstream

import (
	"strings"

	"github.com/nbuild/nbuild/internal/npm"
)

// Wanted lists what trees need fetched: the packages of each platform's tree,
// without what comes inside another's tarball and without links. A package that
// another asks for by address, and no range, comes from that address.
func Wanted(trees ...*npm.Tree) []Package {
	var out []Package
	for _, t := range trees {
		byAddress := map[string]bool{}
		mark := func(edges []npm.Edge) {
			for _, e := range edges {
				if strings.HasPrefix(e.Spec, "https:") || strings.HasPrefix(e.Spec, "http:") {
					byAddress[e.To] = true
				}
			}
		}
		mark(t.Root)
		for i := range t.Packages {
			mark(t.Packages[i].Dependencies)
		}
		for i := range t.Packages {
			p := &t.Packages[i]
			if p.Bundler != "" || p.Link != "" {
				continue
			}
			out = append(out, Package{
				Name: p.Name, Version: p.Version, Integrity: p.Integrity, Elsewhere: p.Elsewhere, Resolved: p.Resolved,
				URL: byAddress[p.Path], Pos: p.Pos,
			})
		}
	}
	return out
}
