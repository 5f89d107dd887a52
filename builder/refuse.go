package builder

import (
	"fmt"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/pipelines"
)

// Refuse returns what the project asks for and this version can't do, in source
// order. It is asked before anything is built.
func Refuse(p *pipelines.Project) error {
	var problems diag.Problems
	problems = append(problems, diag.All(execution.Refuse(p))...)
	for _, n := range p.Npm {
		for _, s := range n.Patches {
			problems = append(problems, &diag.Problem{
				Code: CodePatches, Pos: s.At, What: fmt.Sprintf("the patch of %q can't be applied by this version", s.Package),
				Why:    "the image would hold the package that the patch is meant to replace",
				Remedy: "publish the patched package, or take the patch block out and know what that means",
			})
		}
	}
	for _, i := range p.Images {
		for _, c := range i.Checks {
			if c.Trace {
				problems = append(problems, &diag.Problem{
					Code: execution.CodeAsked, Pos: c.At, What: fmt.Sprintf("what check %q of image %q loads can't be recorded by this version", c.Name, i.Name),
					Why: "`trace = true` asks for it, and an image without what it would list might refuse what production needs", Remedy: "take `trace` out of the check, and record with `nbuild trace --run -- npm test`",
				})
			}
		}
	}
	return problems.Err()
}
