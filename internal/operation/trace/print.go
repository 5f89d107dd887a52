package trace

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/sbom/dynamism/reach"
)

// shownWarnings is how many are shown without -v.
const shownWarnings = 12

// Text shows the result to a person: a tree of who loads what, each file below the
// first that leads to it, then what is to be looked at.
func (r *Result) Text(verbose bool) string {
	var b strings.Builder
	if r.Run != nil {
		fmt.Fprintf(&b, "%s: %s that production loads, %s that became code, left out %s that only the test loaded\n",
			r.Run.Trace, diag.Count(r.Run.Loaded, "file"), diag.Count(r.Run.Code, "string"), diag.Count(len(r.Run.Dropped), "file"))
		if verbose {
			for _, name := range r.Run.Dropped {
				fmt.Fprintf(&b, "  left out %s\n", diag.Clean(name))
			}
		}
		b.WriteByte('\n')
	}
	tree := r.tree()
	var show func(name string, depth int)
	show = func(name string, depth int) {
		f := r.find(name)
		fmt.Fprintf(&b, "%s%s", strings.Repeat("  ", min(depth, 20)), diag.Clean(f.Path))
		if f.Format != "" {
			fmt.Fprintf(&b, "  %s", f.Format)
		}
		fmt.Fprintf(&b, "  %s\n", join(f.Reasons))
		for _, below := range tree[name] {
			show(below, depth+1)
		}
	}
	for _, name := range tree[""] {
		show(name, 0)
	}
	for i, w := range r.Warnings {
		if i == shownWarnings && !verbose {
			fmt.Fprintf(&b, "\n… and %s: -v shows them", diag.Count(len(r.Warnings)-i, "more warning"))
			break
		}
		fmt.Fprintf(&b, "\nwarning: %s", diag.Clean(w.File))
		if w.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", w.Line, w.Column)
		}
		fmt.Fprintf(&b, ": %s", diag.Clean(w.Message))
	}
	if len(r.Warnings) > 0 {
		b.WriteByte('\n')
	}
	if slices.ContainsFunc(r.Warnings, func(w reach.Warning) bool { return strings.Contains(w.Message, "is not known") }) {
		b.WriteString("\nwhat a name that is not known loads is found by a run, `nbuild trace --run -- npm test`, or listed in build.hcl by a load block\n")
	}
	by := map[sources.Reason]int{}
	for _, f := range r.Files {
		for _, reason := range f.Reasons {
			by[reason]++
		}
	}
	fmt.Fprintf(&b, "\n%s: %d static, %d traced, %d listed\n", diag.Count(len(r.Files), "file"), by[sources.Static], by[sources.Traced], by[sources.Listed])
	return b.String()
}

func join(reasons []sources.Reason) string {
	var words []string
	for _, r := range reasons {
		words = append(words, string(r))
	}
	return strings.Join(words, " ")
}

func (r *Result) find(name string) *File {
	i, _ := slices.BinarySearchFunc(r.Files, name, func(f File, name string) int { return strings.Compare(f.Path, name) })
	return &r.Files[i]
}

// tree puts each file below one of those that lead to it, on a shortest way from an
// entry. What none leads to stands at the top, "".
func (r *Result) tree() map[string][]string {
	leads := map[string][]string{}
	for _, f := range r.Files {
		for _, from := range f.From {
			leads[from] = append(leads[from], f.Path)
		}
	}
	tree, seen := map[string][]string{}, map[string]bool{}
	walk := func(start string) {
		if seen[start] {
			return
		}
		seen[start] = true
		tree[""] = append(tree[""], start)
		for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
			for _, to := range leads[queue[0]] {
				if !seen[to] {
					seen[to] = true
					tree[queue[0]] = append(tree[queue[0]], to)
					queue = append(queue, to)
				}
			}
		}
	}
	for _, e := range r.Entries {
		if i, ok := slices.BinarySearchFunc(r.Files, e, func(f File, name string) int { return strings.Compare(f.Path, name) }); ok {
			walk(r.Files[i].Path)
		}
	}
	for _, f := range r.Files {
		if len(f.From) == 0 {
			walk(f.Path)
		}
	}
	for _, f := range r.Files {
		walk(f.Path)
	}
	return tree
}
