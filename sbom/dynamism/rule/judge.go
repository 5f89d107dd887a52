package rule

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/rulefile"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// Result is what a policy says about an inventory. A place that a rule matches is in
// exactly one of Denied, Warned and Allowed, once for that rule. All are sorted by
// package, then rule.
type Result struct {
	Denied  []Decision
	Warned  []Decision
	Allowed []Decision
	Stale   []Stale
}

// Decision is what one rule says about one version of a package.
type Decision struct {
	Rule  *Rule
	Purl  string // with the version; "" of the project's own files
	Path  string // the first install path of it
	Sites []Site // sorted by file, then place
	Cause Cause
	Allow *rulefile.Allow // the exception that covers it, or fails to; nil where there is none
	Have  int             // at how many places that exception was used
}

// Cause is why a decision is as it is.
type Cause uint8

// The causes.
const (
	NotAllowed Cause = iota // no exception covers it
	Expired                 // the exception has ended
	MoreSites               // there are more places than the exception is for
	Covered                 // the exception holds
)

// Site is a place. Line and Column count from 1 and are 0 where they are not known.
type Site struct {
	File    string
	Line    int
	Column  int
	Excerpt string
}

// Stale is an exception that is wider than it need be: Have is at how many places
// it is used by one version of the package, 0 where by none.
type Stale struct {
	Allow *rulefile.Allow
	Purl  string // "" where no version uses it, and for the project's own files
	Have  int
	Ended bool // it is not used, and has ended
}

// match is a place and the rule that it matches.
type match struct {
	rule int
	kind string // of a finding
	site Site
}

// artefact is one version of a package, at all of its install paths.
type artefact struct {
	purl, path string
	matches    []match
}

// Judge holds an inventory to a policy on a day.
func Judge(inventory *dynamism.Inventory, p *Policy, date time.Time) *Result {
	r := &Result{}
	used := make([]bool, len(p.allow))
	for _, a := range p.artefacts(inventory) {
		r.judge(p, a, date, used)
	}
	for i := range p.allow {
		if a := &p.allow[i]; !used[i] {
			r.Stale = append(r.Stale, Stale{Allow: a, Ended: ended(a, date)})
		}
	}
	return r
}

// artefacts collects what matches, by purl. The install paths of a version have the
// same places, which count once.
func (p *Policy) artefacts(inventory *dynamism.Inventory) []*artefact {
	byPurl := map[string]*artefact{}
	var all []*artefact
	for i := range inventory.Packages {
		pkg := &inventory.Packages[i]
		a := byPurl[pkg.Purl]
		if a == nil {
			a = &artefact{purl: pkg.Purl, path: pkg.Path}
			byPurl[pkg.Purl] = a
			all = append(all, a)
		}
		a.path = min(a.path, pkg.Path)
		a.matches = append(a.matches, p.matches(pkg)...)
	}
	for _, a := range all {
		slices.SortFunc(a.matches, func(x, y match) int {
			return cmp.Or(x.rule-y.rule, compareSites(x.site, y.site), strings.Compare(x.kind, y.kind))
		})
		a.matches = slices.CompactFunc(a.matches, func(x, y match) bool {
			return x.rule == y.rule && x.kind == y.kind && compareSites(x.site, y.site) == 0
		})
	}
	slices.SortFunc(all, func(a, b *artefact) int { return strings.Compare(a.purl, b.purl) })
	return all
}

// compareSites orders places. The text counts: another package under the same name
// and version, which a tarball may bundle, is not let through because its lines are
// numbered alike.
func compareSites(a, b Site) int {
	return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column, strings.Compare(a.Excerpt, b.Excerpt))
}

// matches asks the rules about everything that was found in a package.
func (p *Policy) matches(pkg *dynamism.Package) []match {
	var out []match
	for i := range pkg.Findings {
		f := &pkg.Findings[i]
		for _, r := range p.index.kinds[f.Kind] {
			out = append(out, match{r, string(f.Kind), Site{f.File, f.Line, f.Column, f.Excerpt}})
		}
	}
	for i := range pkg.Calls {
		c := &pkg.Calls[i]
		for _, r := range p.calls(&c.CallSite) {
			out = append(out, match{r, "", Site{c.File, c.Line, c.Column, c.Excerpt}})
		}
	}
	for i, u := range pkg.Unparsed {
		if i > 0 && pkg.Unparsed[i-1].File == u.File {
			continue // one file is one place: what is behind the first error is a consequence
		}
		how := "part"
		if u.Line == 0 {
			how = "file"
		}
		for _, r := range p.index.unread[how] {
			out = append(out, match{r, "", Site{u.File, u.Line, u.Column, u.Why}})
		}
	}
	return out
}

// judge decides about one version of a package.
func (r *Result) judge(p *Policy, a *artefact, date time.Time, used []bool) {
	candidates := p.candidates(a.purl, date)
	covers := make([]int, len(a.matches)) // the exception that each match falls under, -1 for none
	sites := map[int][]Site{}             // of each exception
	for i, m := range a.matches {
		covers[i] = -1
		for _, c := range candidates {
			if x := &p.allow[c]; slices.Contains(x.Rules, p.rules[m.rule].ID) || m.kind != "" && slices.Contains(x.Kinds, m.kind) {
				covers[i] = c
				sites[c] = append(sites[c], m.site)
				break
			}
		}
	}
	have := map[int]int{}
	for _, c := range candidates {
		if have[c] = len(distinct(sites[c])); have[c] == 0 {
			continue
		}
		used[c] = true
		if x := &p.allow[c]; int64(have[c]) < x.Sites && !ended(x, date) {
			r.Stale = append(r.Stale, Stale{Allow: x, Purl: a.purl, Have: have[c]})
		}
	}
	for i := 0; i < len(a.matches); {
		j := i + 1
		for j < len(a.matches) && a.matches[j].rule == a.matches[i].rule {
			j++
		}
		for _, c := range append([]int{-1}, candidates...) {
			d := Decision{Rule: p.rules[a.matches[i].rule].Rule, Purl: a.purl, Path: a.path}
			for k := i; k < j; k++ {
				if covers[k] == c {
					d.Sites = append(d.Sites, a.matches[k].site)
				}
			}
			if d.Sites = distinct(d.Sites); len(d.Sites) == 0 {
				continue
			}
			if c >= 0 {
				d.Allow, d.Have, d.Cause = &p.allow[c], have[c], Covered
			}
			switch {
			case c < 0:
			case ended(d.Allow, date):
				d.Cause = Expired
			case d.Allow.Sites > 0 && int64(d.Have) > d.Allow.Sites:
				d.Cause = MoreSites
			}
			r.add(d)
		}
		i = j
	}
}

func (r *Result) add(d Decision) {
	switch {
	case d.Cause == Covered:
		r.Allowed = append(r.Allowed, d)
	case d.Rule.Severity == rulefile.Warn:
		r.Warned = append(r.Warned, d)
	default:
		r.Denied = append(r.Denied, d)
	}
}

// distinct sorts places and drops those that stand twice.
func distinct(sites []Site) []Site {
	slices.SortFunc(sites, compareSites)
	return slices.CompactFunc(sites, func(a, b Site) bool { return compareSites(a, b) == 0 })
}

// candidates returns the exceptions that name a version of a package, the one to go
// by first: those in force before those that have ended, those for this version
// before those for any, then in the order of the file.
func (p *Policy) candidates(purl string, date time.Time) []int {
	var out []int
	for i := range p.allow {
		if Means(p.allow[i].Purl, purl) {
			out = append(out, i)
		}
	}
	rank := func(i int) int {
		a := &p.allow[i]
		n := 0
		if ended(a, date) {
			n += 2
		}
		if _, version := splitPurl(a.Purl); version == "" {
			n++
		}
		return n
	}
	slices.SortStableFunc(out, func(a, b int) int { return rank(a) - rank(b) })
	return out
}
