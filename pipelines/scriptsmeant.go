package pipelines

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
)

// meaningless reports script blocks that mean no package, or allow what none has.
func (pl *planner) meaningless(ctx context.Context) {
	for i := range pl.project.Npm {
		n := &pl.project.Npm[i]
		for j := range n.Scripts {
			s := &n.Scripts[j]
			have := pl.means[s]
			var lack []string
			for _, event := range s.Allow {
				if !have[event] {
					lack = append(lack, event)
				}
			}
			all := len(s.Allow) == len(LifecycleEvents) // stands for those that it has
			if len(lack) == 0 || all && len(lack) < len(s.Allow) || pl.err != nil {
				continue
			}
			names, events := pl.having(ctx, n, s.Package)
			p := &diag.Problem{Code: CodeScript, Pos: s.At, Why: "an exception that means nothing hides a mistake"}
			switch {
			case len(events) > 0:
				p.What = fmt.Sprintf("script %q allows %s, which no version of it in %s has", s.Package, strings.Join(lack, " and "), n.Lockfile)
				p.Remedy = fmt.Sprintf("write allow = [%s], which is what it has", quotedList(events))
			case len(names) == 0:
				p.What = fmt.Sprintf("script %q names no package of %s that has an install script", s.Package, n.Lockfile)
				p.Remedy = "take the block out: no package there has one"
			default:
				p.What = fmt.Sprintf("script %q names no package of %s that has an install script", s.Package, n.Lockfile)
				p.Remedy = "correct its label, or take the block out; those that have one are " + shortList(names)
				if near := diag.Nearest(bare(s.Package), names); near != "" && near != bare(s.Package) {
					p.Remedy = fmt.Sprintf("did you mean script %q? Those that have an install script are %s", near, shortList(names))
				}
			}
			if pl.project.source != nil && s.At.File == pl.project.File {
				p.Snippet = diag.Snippet(pl.project.source.Src, s.At)
			}
			pl.problems = append(pl.problems, p)
		}
	}
}

// having lists the packages of an npm block that have install scripts, as the lockfile says
// it, and the scripts of those that a label means.
func (pl *planner) having(ctx context.Context, n *Npm, label string) (names, events []string) {
	scripts := map[string]bool{}
	for _, platform := range pl.project.everyPlatform() {
		tree := pl.scripted[n.Name+" "+platform].tree
		if tree == nil {
			continue
		}
		for i := range tree.Packages {
			p := &tree.Packages[i]
			if p.HasInstallScript {
				names = append(names, p.Name)
			}
			if label != p.Name && label != p.Name+"@"+p.Version {
				continue
			}
			says, err := pl.facts(ctx, tree, p)
			if err != nil && pl.err == nil {
				pl.err = err
			}
			for _, l := range LifecycleOf(says) {
				scripts[l.Event] = true
			}
		}
	}
	for _, event := range LifecycleEvents {
		if scripts[event] {
			events = append(events, event)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), events
}

// bare is the name of a package without its version.
func bare(label string) string {
	if at := strings.LastIndex(label, "@"); at > 0 {
		return label[:at]
	}
	return label
}

func quotedList(words []string) string {
	var all []string
	for _, w := range words {
		all = append(all, fmt.Sprintf("%q", w))
	}
	return strings.Join(all, ", ")
}

// shortList names the first of many.
func shortList(names []string) string {
	const most = 8
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
