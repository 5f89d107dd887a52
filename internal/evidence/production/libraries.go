package production

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/builder/launch"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/sources"
)

// libraries puts the libraries of the image on the list that a listed addon links to:
// they are machine code as the addon is, and the loader runs them first. Those of the
// base are the base's, which the image names by digest or by package.
func (l *lister) libraries() error {
	c := l.contents
	held := map[string]bool{}
	for _, e := range slices.Clone(l.result.List.Entries) {
		if e.Format != sources.Addon {
			continue
		}
		found, err := launch.Libraries(l.tree, launch.Start{Env: environment(c.Block.Env), Workdir: c.Block.Workdir, Platform: c.Platform}, e.Path)
		if err != nil {
			return fmt.Errorf("looking for the libraries of %s: %w", e.Path, err)
		}
		if len(found.Load)+len(found.Before) == 0 {
			continue
		}
		if l.result.Libraries == nil {
			l.result.Libraries = map[string]guard.Linked{}
		}
		l.result.Libraries[e.Path] = guard.Linked{Load: append([]string{}, found.Load...), Absent: append([]string{}, found.Before...)}
		for _, p := range found.Load {
			if held[p] {
				continue
			}
			held[p] = true
			data, err := l.tree.ReadFile(strings.TrimPrefix(p, "/"))
			if err != nil {
				return err
			}
			l.result.List.Entries = append(l.result.List.Entries, sources.Entry{
				Path: p, SHA256: cas.Sum(data), Format: sources.Library, Reasons: []sources.Reason{sources.Static},
			})
		}
	}
	return nil
}

// environment spells variables as a process is given them, sorted.
func environment(vars map[string]string) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		all = append(all, name+"="+vars[name])
	}
	return all
}
