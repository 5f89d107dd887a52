package builder

import (
	"fmt"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/pipelines"
)

// Refuse returns what the project asks for and this version can't do, in source
// order. It is asked before anything is built.
func Refuse(p *pipelines.Project) error {
	var problems diag.Problems
	for _, n := range p.Npm {
		for _, s := range n.Patches {
			problems = append(problems, &diag.Problem{
				Code: CodePatches, Pos: s.At, What: fmt.Sprintf("the patch of %q can't be applied by this version", s.Package),
				Why:    "the image would hold the package that the patch is meant to replace",
				Remedy: "publish the patched package, or take the patch block out and know what that means",
			})
		}
	}
	return problems.Err()
}
