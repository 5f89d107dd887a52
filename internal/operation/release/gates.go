package release

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/predicate"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// The problems of gates.
const (
	CodeDynamism  diag.Code = "NB1301" // a package does what the project denies
	CodeUnchecked diag.Code = "NB1302" // the project denies what this version can't find
	CodeNoRelease diag.Code = "NB0210" // there is no release block of that name
)

// gates holds an image's BOM to what the project demands of it, and returns how
// each gate ended. Problems of all gates come at once.
func (r *run) gates(ctx context.Context, repository string, contents *sbom.Contents, document []byte) ([]predicate.Gate, string, error) {
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
	add("dynamism", len(p.Dynamism.Deny) > 0, denied(p, contents, r.now))
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

// denied finds packages that do what the project denies, and kinds that this
// version can't look for: a gate that passes without having looked would be a lie.
func denied(p *pipelines.Project, contents *sbom.Contents, now time.Time) diag.Problems {
	var problems diag.Problems
	for _, kind := range p.Dynamism.Deny {
		if !slices.Contains(byPackage, kind) {
			problems = append(problems, &diag.Problem{
				Code: CodeUnchecked, Pos: diag.Pos{File: p.File}, What: fmt.Sprintf("dynamism denies %q, which this version can't find", kind),
				Why:    "findings by file come with the JavaScript parser of a later version; a gate that did not look must not pass",
				Remedy: "take it out of `deny`; what can be denied now: " + strings.Join(byPackage, ", "),
			})
		}
	}
	for i := range contents.Packages {
		pkg := &contents.Packages[i]
		if pkg.Facts == nil {
			continue
		}
		sites := map[string]int64{}
		for _, f := range dynamism.OfPackage(pkg.Facts) {
			kind := string(f.Kind)
			if sites[kind]++; slices.Contains(p.Dynamism.Deny, kind) && !allowed(p, pkg.Name, kind, sites[kind], now) {
				problems = append(problems, &diag.Problem{
					Code: CodeDynamism, Pos: diag.Pos{File: path.Join(pkg.Path, f.File)},
					What: fmt.Sprintf("%s@%s has %s: %s", pkg.Name, pkg.Version, kind, f.Excerpt),
					Why:  "the project denies that kind of package",
					Remedy: fmt.Sprintf("use another package, or after a review add to the dynamism block:\nallow \"pkg:npm/%s\" {\n  kinds  = [%q]\n  reason = \"…\"\n}",
						pkg.Name, kind),
				})
			}
		}
	}
	return problems
}

// byPackage are the kinds that a package's file index tells.
var byPackage = kindNames(dynamism.KindsByPackage())

func kindNames[K ~string](kinds []K) []string {
	var names []string
	for _, k := range kinds {
		names = append(names, string(k))
	}
	return names
}

// allowed reports whether an allow block covers the nth finding of a kind in a
// package today.
func allowed(p *pipelines.Project, name, kind string, n int64, now time.Time) bool {
	for _, a := range p.Dynamism.Allow {
		if a.Purl != "pkg:npm/"+name && a.Purl != "pkg:npm/"+strings.Replace(name, "@", "%40", 1) {
			continue
		}
		expires, err := time.Parse(time.DateOnly, a.Expires)
		inForce := a.Expires == "" || err == nil && now.Before(expires.AddDate(0, 0, 1))
		if inForce && slices.Contains(a.Kinds, kind) && (a.Sites == 0 || n <= a.Sites) {
			return true
		}
	}
	return false
}
