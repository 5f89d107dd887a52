package release

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/predicate"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom"
)

// The problems of gates.
const (
	CodeNoRelease diag.Code = "NB0210" // there is no release block of that name
)

// gates holds an image's BOM to what the project demands of it, and returns how
// each gate ended. Problems of all gates come at once.
func (r *run) gates(ctx context.Context, repository string, document []byte) ([]predicate.Gate, string, error) {
	p := r.built.Project.Project
	bom, err := sbom.Parse(document, "the BOM")
	if err != nil {
		return nil, "", err
	}
	var passed []predicate.Gate
	var problems diag.Problems
	add := func(id string, asked bool, found diag.Problems) {
		problems = append(problems, found...)
		if asked {
			passed = append(passed, predicate.Gate{ID: id, Outcome: predicate.OutcomePass})
		}
	}
	judged := r.built.Judged
	add("dynamism", judged.Denies, judged.Problems())
	if n := len(judged.Warned) + len(judged.Stale); judged.Denies && n > 0 {
		passed[0].Outcome, passed[0].Detail = predicate.OutcomeWarn, fmt.Sprintf("the rules tell of %d more, and deny none of them", n)
	}
	add("licence", len(p.Sbom.DenyLicense) > 0, sbom.DenyLicences(bom.Inventory(), p.Sbom.DenyLicense))
	block, err := chosen(p, r.options.Release)
	if err != nil {
		return nil, "", err
	}
	baseline := ""
	if block != nil {
		if baseline = r.options.Baseline; baseline == "" {
			baseline = block.Baseline
		}
		found, gate, err := r.changes(ctx, block, baseline, repository, bom)
		if err != nil {
			return nil, "", err
		}
		problems = append(problems, found...)
		passed = append(passed, gate)
	}
	sortByExit(problems)
	return passed, baseline, problems.Err()
}

// sortByExit puts the problems in the order in which their gates stop a release.
func sortByExit(problems diag.Problems) {
	order := []int{10, 11, 13, 30, 31, 20, 21, 22}
	slices.SortStableFunc(problems, func(a, b *diag.Problem) int {
		return slices.Index(order, a.Code.Exit()) - slices.Index(order, b.Code.Exit())
	})
}

// chosen returns the release block to go by: the one that is named, or the only one
// there is; nil where there is none.
func chosen(p *pipelines.Project, name string) (*pipelines.Release, error) {
	var names []string
	for i := range p.Releases {
		names = append(names, p.Releases[i].Name)
		if p.Releases[i].Name == name || name == "" && len(p.Releases) == 1 {
			return &p.Releases[i], nil
		}
	}
	if name == "" && len(names) == 0 {
		return nil, nil
	}
	return nil, &diag.Problem{
		Code: CodeNoRelease, Pos: diag.Pos{File: p.File}, What: fmt.Sprintf("which release block to go by can't be told from %q", name),
		Why: "each has gates of its own", Remedy: "name one with --release: " + strings.Join(names, ", "),
	}
}

// changes holds the image to its baseline. A baseline that was never there is a
// first release: nothing was compared, and the gate says so.
func (r *run) changes(ctx context.Context, block *pipelines.Release, baseline, repository string, bom *sbom.BOM) (diag.Problems, predicate.Gate, error) {
	gate := predicate.Gate{ID: "diff", Outcome: predicate.OutcomePass}
	if baseline == "" {
		gate.Detail = "no baseline"
		return nil, gate, nil
	}
	deny, err := sbom.ParseClasses(block.Deny, block.At)
	if err != nil {
		return nil, gate, err
	}
	review, err := sbom.ParseClasses(block.Review, block.At)
	if err != nil {
		return nil, gate, err
	}
	inventories, err := r.baseline(ctx, baseline, repository)
	if err != nil {
		return nil, gate, err
	}
	if len(inventories) == 0 {
		gate.Outcome, gate.Detail = predicate.OutcomeWarn, "first release: there is no "+baseline
		return nil, gate, nil
	}
	var problems diag.Problems
	most := 0
	for _, before := range inventories { // each of them counts, so none may be chosen to hide a change
		found := sbom.Compare(before, bom.Inventory())
		most = max(most, len(found.Changes))
		if stopped := (sbom.Gate{Deny: deny, Review: review}).Check(found, false); len(problems) == 0 {
			problems = stopped
		}
	}
	gate.Detail = fmt.Sprintf("%d changes since %s", most, baseline)
	if most > 0 {
		gate.Outcome = predicate.OutcomeWarn
	}
	return problems, gate, nil
}
