package pin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/upstream"
)

// CodeUpdate is a name given to --update that the project pins nothing under.
const CodeUpdate diag.Code = "NB0217"

// Names lists what --update takes: what the project's snapshot is made of, by name.
func Names(host machine.Host) ([]string, error) {
	p, err := project.Open(context.Background(), host)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	return namesOf(p)
}

func namesOf(p *project.Project) ([]string, error) {
	wanted, _, err := Wanted(p)
	if err != nil {
		return nil, err
	}
	names := []string{"all", "node", "debian"}
	if p.Compiles() {
		names = append(names, upstream.ToolsName)
	}
	for _, b := range p.Bases {
		names = append(names, b.Name)
		names = append(names, b.Packages...)
	}
	for _, f := range p.Fetches {
		names = append(names, f.Name)
	}
	for _, w := range wanted {
		names = append(names, w.Name)
	}
	return names, nil
}

// checkNames refuses what --update names and nothing is pinned under. A misspelt name
// that was passed over would leave the old version pinned, and say that all is well.
func checkNames(p *project.Project, update []string) error {
	if len(update) == 0 {
		return nil
	}
	names, err := namesOf(p)
	if err != nil {
		return err
	}
	var problems diag.Problems
	for _, name := range update {
		if slices.Contains(names, name) {
			continue
		}
		remedy := "name a package of the lockfile, a base or a fetch block of build.hcl, or one of node, debian, tools, all"
		bare := name
		if at := strings.LastIndexByte(name, '@'); at > 0 {
			bare = name[:at] // the lockfile decides the version
		}
		near := diag.Nearest(bare, names)
		if slices.Contains(names, bare) {
			near = bare
		}
		if near != "" {
			remedy = fmt.Sprintf("did you mean `nbuild pin --update %s`?", diag.Word(near))
		}
		problems = append(problems, &diag.Problem{
			Code: CodeUpdate, What: fmt.Sprintf("the project pins nothing under the name %q", name),
			Why: "nothing was pinned anew", Remedy: remedy,
		})
	}
	return problems.Err()
}
