package launch

import (
	"context"
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// report reports a package whose script was left out, with the block that accepts it.
func (u *unbuilt) report(placed *Placed, p *locked.Package, says *snapshot.PackageFacts, asks string) {
	has := "ships no machine code"
	if len(says.Natives) > 0 {
		has = fmt.Sprintf("ships machine code, but none that fits (%s)", strings.Join(says.Natives[:min(len(says.Natives), 3)], ", "))
	}
	node := "its Node"
	if u.start.Node != "" {
		node = "Node " + u.start.Node
	}
	problem := &diag.Problem{
		Code: CodeUnbuilt, Pos: p.Pos,
		What: fmt.Sprintf("%s@%s is in image %q without what its install script makes", p.Name, p.Version, u.start.Image),
		Why: fmt.Sprintf("no package's code runs in a build that build.hcl does not allow, so this did not: %s; and it %s for %s and %s, which production may find out when it loads it",
			asks, has, u.start.Platform, node),
	}
	run := pipelines.LifecycleOf(says)
	what, compiles := pipelines.Downloads(p.Name, run)
	if what != "" {
		problem.Why += "; " + what
	}
	if compiles {
		problem.Remedy = fmt.Sprintf("have the sandbox run it, without a network, by a block in build.hcl%s, then `nbuild pin`:\n%s\nor ", into(placed.Block), allowing(placed.Block, p.Name, run))
	}
	problem.Remedy += fmt.Sprintf("pin the file that it would bring: %s; or, where production does without what the script makes, say so%s:\n%s",
		pipelines.AsFetch(p.Name), into(placed.Block), acceptance(placed.Block, p.Name))
	if p.Optional {
		u.warnings = append(u.warnings, problem)
		return
	}
	u.problems = append(u.problems, problem)
}

// misbuilt reports a package whose scripts ran and left nothing that fits the image.
func (u *unbuilt) misbuilt(placed *Placed, p *locked.Package, addons, left []string) {
	problem := &diag.Problem{
		Code: CodeUnbuilt, Pos: p.Pos, What: fmt.Sprintf("%s@%s is in image %q without an addon that fits it, though its install scripts ran", p.Name, p.Version, u.start.Image),
		Why:    fmt.Sprintf("what they left is for another machine, C library or Node: %s", strings.Join(addons[:min(len(addons), 3)], ", ")),
		Remedy: fmt.Sprintf("give the script block the base of the image: base = base.%s", u.start.Base.Name),
	}
	if len(left) > 0 {
		problem.What = fmt.Sprintf("%s@%s is in image %q without what its %s script makes", p.Name, p.Version, u.start.Image, strings.Join(left, " and "))
		problem.Why = "its script block does not allow that one, and what ran left no addon that fits the image"
		problem.Remedy = fmt.Sprintf("add %q to `allow` of its script block; or, where production does without what it makes, say so in build.hcl%s, beside the script block:\n%s",
			strings.Join(left, `", "`), into(placed.Block), acceptance(placed.Block, p.Name))
	}
	if p.Optional {
		u.warnings = append(u.warnings, problem)
		return
	}
	u.problems = append(u.problems, problem)
}

func into(b *pipelines.Npm) string {
	if b.Implied {
		return ""
	}
	return fmt.Sprintf(", in the block npm %q", b.Name)
}

// allowing is the block that allows what an install runs of a package.
func allowing(b *pipelines.Npm, name string, run []pipelines.Lifecycle) string {
	var events []string
	for _, l := range run {
		events = append(events, fmt.Sprintf("%q", l.Event))
	}
	inner := fmt.Sprintf("  script %q {\n    allow  = [%s]\n    reason = \"what it makes, and why production needs it\"\n  }", name, strings.Join(events, ", "))
	if b.Implied {
		return fmt.Sprintf("npm %q {\n%s\n}", b.Name, inner)
	}
	return inner
}

// acceptance is the block to paste.
func acceptance(b *pipelines.Npm, name string) string {
	if b.Implied {
		return fmt.Sprintf("npm %q {\n  unbuilt %q {\n    reason = \"why production does without it\"\n  }\n}", b.Name, name)
	}
	return fmt.Sprintf("  unbuilt %q {\n    reason = \"why production does without it\"\n  }", name)
}

// Meaningless returns the unbuilt blocks of a tree's npm block that name no package of it
// that has a script or machine code. All holds the trees of every platform.
func Meaningless(ctx context.Context, p Packages) (diag.Problems, error) {
	if len(p.Placed) == 0 {
		return nil, nil
	}
	u := &unbuilt{packages: p, facts: map[string]*facts{}}
	meant := map[*pipelines.Unbuilt]bool{}
	for i := range p.Placed {
		placed := &p.Placed[i]
		for j := range placed.Tree.Packages {
			q := &placed.Tree.Packages[j]
			accepted := placed.Block.Accepts(q.Name, q.Version)
			if accepted == nil || meant[accepted] {
				continue
			}
			says, _, _, err := u.says(ctx, placed.Tree, q)
			if err != nil {
				return nil, err
			}
			meant[accepted] = says != nil && (scriptOf(says) != "" || len(says.Natives) > 0)
		}
	}
	var problems diag.Problems
	block := p.Placed[0].Block
	for i := range block.Unbuilt {
		if b := &block.Unbuilt[i]; !meant[b] {
			problems = append(problems, &diag.Problem{
				Code: CodeNeeded, Pos: b.At, What: fmt.Sprintf("unbuilt %q names no package of the lockfile that has an install script or machine code", b.Package),
				Why: "an exception that means nothing hides a mistake", Remedy: "correct its label, which is a package's name or name@version, or take the block out",
			})
		}
	}
	return problems, nil
}
