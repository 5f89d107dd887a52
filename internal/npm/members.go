package npm

import (
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// Lacks reports the members of the workspace that the lockfile knows nothing of: folders
// of the project that its package.json names, each with a package.json. npm ci refuses a
// lockfile that lacks one.
func (l *Lockfile) Lacks(members []string) error {
	var all diag.Problems
	for _, folder := range members {
		if e, ok := l.Find(folder); (!ok || e.Link) && len(all) < bounds.Problems {
			all = append(all, &diag.Problem{
				Code: CodeManifest, Pos: diag.Pos{File: l.File}, What: "package.json has " + folder + " as a workspace, and the lockfile has no such folder",
				Why: refused, Remedy: both,
			})
		}
	}
	return all.Err()
}

// notMember says that a folder is no member of the lockfile's workspace, and which are.
func notMember(l *Lockfile, g *graph, folder string) error {
	p := &diag.Problem{
		Code: CodeWorkspaces, Pos: diag.Pos{File: l.File}, What: quote(folder) + " is no workspace of the project",
		Why: "its lockfile has none", Remedy: "leave out `workspace` in the npm block of build.hcl, for the project itself",
	}
	var members []string
	for _, n := range g.nodes[1:] {
		if g.member(n) && len(members) < 20 {
			members = append(members, quote(n.Path))
		}
	}
	if len(members) > 0 {
		p.Why, p.Remedy = "package.json has others", "write one of "+strings.Join(members, ", ")
	}
	return p
}
