package rule

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/rulefile"
)

// maxSites is how many places of one problem are shown.
const maxSites = 20

// Problems returns what was denied, a problem for each rule and version of a
// package, with every place and the block to paste. file is the build file, as the
// user would type it.
func (r *Result) Problems(file string) diag.Problems {
	var out diag.Problems
	for i := range r.Denied {
		if len(out) == bounds.Problems {
			out = append(out, &diag.Problem{
				Code: CodeDenied, What: fmt.Sprintf("%d more of this kind", len(r.Denied)-i),
				Why: "no more than these are shown at once", Remedy: "settle these first",
			})
			break
		}
		out = append(out, r.Denied[i].problem(file, r.alike(i)))
	}
	return out
}

// alike reports whether each version of a package that a rule denies has it at as
// many places, so that one exception without a version is exact for all of them.
func (r *Result) alike(of int) bool {
	d := &r.Denied[of]
	name, _ := splitPurl(d.Purl)
	for i := range r.Denied {
		if other, _ := splitPurl(r.Denied[i].Purl); other == name && r.Denied[i].Rule == d.Rule && len(r.Denied[i].Sites) != len(d.Sites) {
			return false
		}
	}
	return true
}

func (d *Decision) problem(file string, alike bool) *diag.Problem {
	first := d.Sites[0]
	p := &diag.Problem{
		Code: CodeDenied, Pos: diag.Pos{File: path.Join(d.Path, first.File), Line: first.Line, Column: first.Column},
		What:    fmt.Sprintf("%s: %s: %s, at %s", d.Rule.ID, d.subject(), d.Rule.Message, diag.Count(len(d.Sites), "place")),
		Why:     d.Rule.Reason,
		Snippet: d.snippet(),
	}
	block := d.Block(alike)
	switch d.Cause {
	case Expired:
		p.Code = CodeExpired
		p.Why += fmt.Sprintf("; the exception of %s ended on %s", d.Allow.At, d.Allow.Expires)
		p.Remedy = fmt.Sprintf("%s; or review it again and put this in place of the exception of %s:\n%s", d.Rule.Remedy, d.Allow.At, block)
	case MoreSites:
		p.Code = CodeSites
		p.Why += fmt.Sprintf("; the exception of %s is for %s, and there are %d", d.Allow.At, diag.Count(int(d.Allow.Sites), "place"), d.Have)
		p.Remedy = fmt.Sprintf("%s; or review what was added and write sites = %d in the exception of %s", d.Rule.Remedy, d.Have, d.Allow.At)
	default:
		p.Remedy = fmt.Sprintf("%s; or review it and add to the dynamism block of %s, with your reason:\n%s", d.Rule.Remedy, file, block)
	}
	return p
}

// subject names the package for a message.
func (d *Decision) subject() string {
	if d.Purl == "" {
		return "the project"
	}
	name, version := splitPurl(d.Purl)
	if version == "" {
		return name
	}
	return name + "@" + version
}

// snippet lists the places with their source lines.
func (d *Decision) snippet() string {
	var out strings.Builder
	for i, s := range d.Sites {
		if i == maxSites {
			fmt.Fprintf(&out, "… and at %s more\n", diag.Count(len(d.Sites)-i, "place"))
			break
		}
		at := diag.Pos{File: path.Join(d.Path, s.File), Line: s.Line, Column: s.Column}
		fmt.Fprintf(&out, "%s | %s\n", at, strings.TrimSpace(s.Excerpt))
	}
	return out.String()
}

// Block returns the exception that would cover the decision and nothing else, in the
// words of build.hcl. Its reason is left to the reader. Without a version it is for
// every version of the package.
func (d *Decision) Block(anyVersion bool) string {
	label := rulefile.Project
	if d.Purl != "" {
		label, _, _ = strings.Cut(d.Purl, "#")
		label, _, _ = strings.Cut(label, "?")
		if i := strings.LastIndexByte(label, '@'); anyVersion && i > len("pkg:npm/") {
			label = label[:i]
		}
	}
	subject := "rules "
	if d.Rule.Kind != "" {
		subject = "kinds "
	}
	return fmt.Sprintf("allow %q {\n  %s = [%q]\n  sites  = %d\n  reason = \"…\"\n}", label, subject, d.Rule.ID, len(d.Sites))
}

// Warnings returns what is only reported: a line for each rule with its packages, then
// one for each exception that is wider than it need be.
func (r *Result) Warnings() []string {
	var out []string
	type line struct {
		rule     *Rule
		sites    int
		packages []string
	}
	var byRule []*line
	at := map[*Rule]*line{}
	for i := range r.Warned {
		d := &r.Warned[i]
		t := at[d.Rule]
		if t == nil {
			t = &line{rule: d.Rule}
			at[d.Rule] = t
			byRule = append(byRule, t)
		}
		t.sites += len(d.Sites)
		if s := d.subject(); len(t.packages) == 0 || t.packages[len(t.packages)-1] != s {
			t.packages = append(t.packages, s)
		}
	}
	slices.SortFunc(byRule, func(a, b *line) int { return byID(*a.rule, *b.rule) })
	for _, t := range byRule {
		names := strings.Join(t.packages[:min(len(t.packages), 4)], ", ")
		if n := len(t.packages) - 4; n > 0 {
			names += fmt.Sprintf(" and %d more", n)
		}
		see := "`nbuild scan`"
		if t.rule.Set != "" || t.rule.Kind != "" { // a project knows its own
			see += " and `nbuild explain " + diag.Word(t.rule.ID) + "`"
		}
		out = append(out, fmt.Sprintf("%s: %s, at %s of %s: see %s", t.rule.ID, t.rule.Message, diag.Count(t.sites, "place"), names, see))
	}
	for _, s := range r.Stale {
		out = append(out, s.text())
	}
	return out
}

func (s *Stale) text() string {
	head := fmt.Sprintf("%s: allow %q", s.Allow.At, s.Allow.Purl)
	switch {
	case s.Have > 0:
		d := Decision{Purl: s.Purl}
		return fmt.Sprintf("%s is for %s, and %s has %d: write sites = %d", head, diag.Count(int(s.Allow.Sites), "place"), d.subject(), s.Have, s.Have)
	case s.Ended:
		return fmt.Sprintf("%s ended on %s and covers nothing: remove it", head, s.Allow.Expires)
	}
	return head + " covers nothing: remove it"
}
