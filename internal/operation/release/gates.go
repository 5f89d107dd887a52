package release

import (
	"context"
	"fmt"
	"slices"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/checks"
	"github.com/nbuild/nbuild/internal/evidence/guarded"
	"github.com/nbuild/nbuild/internal/predicate"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom"
	"github.com/nbuild/nbuild/sbom/comparison"
	"github.com/nbuild/nbuild/sbom/gate"
)

// The problems of gates.
const (
	CodeNoRelease diag.Code = "NB0210" // there is no release block of that name
)

// gates holds an image and its BOM to what the project demands of them, and returns
// how each gate ended. Problems of all gates come at once.
func (r *run) gates(ctx context.Context, c *candidate, inventory *sbom.Inventory) ([]predicate.Gate, string, error) {
	p := r.built.Project.Project
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
		passed[0].Outcome, passed[0].Detail = predicate.OutcomeWarn, fmt.Sprintf("the rules report %d more, and deny none of them", n)
	}
	checked := predicate.Gate{ID: "check", Outcome: predicate.OutcomeWarn}
	var started bool
	if started, checked.Detail = checks.Summary(r.built.Checks, c.img.Block.Name); started {
		checked.Outcome = predicate.OutcomePass
	}
	passed = append(passed, checked)
	add("licence", len(p.Sbom.DenyLicense) > 0, r.built.Licences(inventory))
	block, err := chosen(p, r.options.Release)
	if err != nil {
		return nil, "", err
	}
	baseline := ""
	if block != nil {
		if baseline = r.options.Baseline; baseline == "" {
			baseline = block.Baseline
		}
		found, gate, err := r.changes(ctx, block, baseline, c, inventory)
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
		Code: CodeNoRelease, Pos: diag.Pos{File: p.File}, What: fmt.Sprintf("which release block to go by is not clear from %q", name),
		Why: "each has gates of its own", Remedy: diag.DidYouMean(name, names, "--release %s"),
	}
}

// changes holds the image to its baseline. A baseline that was never there is a
// first release: nothing was compared, and the gate says so. Where the baseline's
// source lists can't be read, a gate that names a class of theirs is closed, and any
// other says so; and so does one whose baseline had no guard yet, and no list.
func (r *run) changes(ctx context.Context, block *pipelines.Release, baseline string, c *candidate, after *sbom.Inventory) (diag.Problems, predicate.Gate, error) {
	said := predicate.Gate{ID: "diff", Outcome: predicate.OutcomePass}
	if baseline == "" {
		said.Detail = "no baseline"
		return nil, said, nil
	}
	deny, err := gate.ParseClasses(block.Deny)
	if err != nil {
		return nil, said, err
	}
	review, err := gate.ParseClasses(block.Review)
	if err != nil {
		return nil, said, err
	}
	asked := gate.Gate{Deny: deny, Review: review}
	var platforms []string
	if platforms, after.Guards, err = guards(ctx, c.img); err != nil {
		return nil, said, err
	}
	was, err := r.baseline(ctx, baseline, c, after, platforms)
	if err != nil {
		return nil, said, err
	}
	if len(was.inventories) == 0 {
		said.Outcome, said.Detail = predicate.OutcomeWarn, "first release: there is no "+baseline
		return nil, said, nil
	}
	if was.unread != nil && asked.AsksGuards() {
		return nil, said, unreadable(baseline, was.unread)
	}
	var problems diag.Problems
	most := 0
	for _, earlier := range was.inventories { // each of them counts, so none may be chosen to hide a change
		found := comparison.Compare(earlier, after)
		most = max(most, len(found.Changes))
		if stopped := asked.Check(found); len(problems) == 0 {
			problems = stopped
		}
	}
	said.Detail = fmt.Sprintf("%d changes since %s", most, baseline)
	switch {
	case was.unread != nil:
		said.Detail += ", whose source lists can't be read and were not compared"
	case was.unlisted(after.Guards):
		said.Detail += ", which starts no guard, so that no source lists were compared"
	}
	if most > 0 || was.unread != nil {
		said.Outcome = predicate.OutcomeWarn
	}
	return problems, said, nil
}

// guards reads back what an image that was built may load, with the platforms that it
// is for.
func guards(ctx context.Context, img *builder.Image) ([]string, []sbom.Guard, error) {
	var platforms []string
	var all []sbom.Guard
	for _, one := range img.Platforms {
		p := one.Platform()
		g, err := guarded.Of(ctx, one, p.String())
		if err != nil {
			return nil, nil, err
		}
		platforms, all = append(platforms, p.String()), append(all, g)
	}
	return platforms, all, nil
}

func unreadable(name string, err error) error {
	return &diag.Problem{
		Code: CodeGuard, What: "what the baseline " + diag.Clean(name) + " may load is not known", Err: err,
		Why:    "the gate names a class of change of the production source list, and without the list of the baseline nothing would look changed",
		Remedy: "name an image that nbuild released, whose layers can be read: `nbuild release --key KEY --trust FILE --root FINGERPRINT --baseline IMAGE`",
	}
}
