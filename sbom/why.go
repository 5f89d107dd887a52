package sbom

import (
	"slices"
	"strings"
)

// whyPaths is how many dependency paths a change shows.
const whyPaths = 3

// whyLength is how many packages a path shows, those nearest to the change.
const whyLength = 32

// Brings returns a function that returns by which paths the root brings an item in: the
// shortest through each of its direct dependents, shortest first, at most whyPaths of
// them. An item that nothing brings gives none.
func Brings(v *Inventory) func(ref string) []string {
	index := make(map[string]int, len(v.Packages))
	for i, p := range v.Packages {
		if _, twice := index[p.Ref]; !twice {
			index[p.Ref] = i
		}
	}
	parents := make([][]int, len(v.Packages))
	for i, p := range v.Packages {
		for _, ref := range p.DependsOn {
			if to, ok := index[ref]; ok && to != i {
				parents[to] = append(parents[to], i)
			}
		}
	}
	const unreached = -1
	depth := make([]int, len(v.Packages))
	from := make([]int, len(v.Packages))
	for i := range depth {
		depth[i], from[i] = unreached, unreached
	}
	root, ok := index[v.Root]
	if !ok {
		return func(string) []string { return []string{} }
	}
	depth[root] = 0
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		for _, ref := range v.Packages[queue[0]].DependsOn { // sorted by canonical
			if to, ok := index[ref]; ok && depth[to] == unreached {
				depth[to], from[to] = depth[queue[0]]+1, queue[0]
				queue = append(queue, to)
			}
		}
	}
	chain := func(i int) string {
		var names []string
		for ; i != unreached && len(names) < whyLength; i = from[i] {
			names = append(names, v.Packages[i].Name)
		}
		if i != unreached {
			names = append(names, "…")
		}
		slices.Reverse(names)
		return strings.Join(names, " > ")
	}
	return func(ref string) []string {
		i, ok := index[ref]
		if !ok {
			return []string{}
		}
		above := slices.DeleteFunc(slices.Clone(parents[i]), func(p int) bool { return depth[p] == unreached })
		slices.SortStableFunc(above, func(a, b int) int { return depth[a] - depth[b] })
		out := []string{}
		for _, p := range above {
			if len(out) == whyPaths {
				break
			}
			if text := chain(p) + " > " + v.Packages[i].Name; !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
		return out
	}
}
