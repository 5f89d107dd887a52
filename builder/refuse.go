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
		for _, s := range n.Scripts {
			problems = append(problems, &diag.Problem{
				Code: CodeScripts, Pos: s.At, What: fmt.Sprintf("the install scripts of %q can't be run by this version", s.Package),
				Why:    "none runs yet, in the sandbox or elsewhere; without them the package may not work",
				Remedy: "use a package that brings prebuilt files, or take the script block out to build without",
			})
		}
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
			problems = append(problems, &diag.Problem{
				Code: execution.CodeAsked, Pos: c.At, What: fmt.Sprintf("check %q of image %q can't be made by this version", c.Name, i.Name),
				Why: "an image that is to be checked before it goes anywhere would go unchecked", Remedy: "take the check block out",
			})
		}
	}
	return problems.Err()
}
