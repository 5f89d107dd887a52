package sbom

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/sources"
)

// Guard is what an image says about the guard that it starts under: how it is set, what
// it is made of, and the production source list that it holds Node to.
type Guard struct {
	Platform string        // of the image, where images of several are compared
	Workdir  string        // of the image: install paths begin there or at the root
	Mode     string        // "report" or "enforce"; "" of an image that starts no guard, and the rest is nothing
	Eval     string        // "off", "report" or "enforce"
	Lets     []Setting     // what it lets pass besides, such as {"guard.children", "/usr/bin/git"}; "*" and "KIND=*" are all
	Files    []Setting     // the guard's own code: the path in the image and "sha256:hex"
	List     *sources.List // never nil where there is a Mode
}

// canonicalGuards sorts everything in guards, lists included.
func canonicalGuards(all []Guard) []Guard {
	out := slices.Clone(all)
	for i := range out {
		g := &out[i]
		for _, s := range []*[]Setting{&g.Lets, &g.Files} {
			*s = slices.Clone(*s)
			slices.SortFunc(*s, compareSettings)
			*s = slices.Compact(*s)
		}
		if g.List != nil {
			g.List = &sources.List{
				Node: g.List.Node, Entries: slices.Clone(g.List.Entries), Evaluators: slices.Clone(g.List.Evaluators),
				Generated: slices.Clone(g.List.Generated), Instrumenters: slices.Clone(g.List.Instrumenters),
			}
			g.List.Sort()
		}
	}
	slices.SortStableFunc(out, func(a, b Guard) int { return strings.Compare(a.Platform, b.Platform) })
	return out
}

func compareSettings(a, b Setting) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
}
