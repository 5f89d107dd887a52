package scan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/sbom/dynamism"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// summaryLines is how many lines a summary has at most: one that counts, rows, one that
// counts the rows that are left out, and one for the tests of packages.
const summaryLines = 12

// summaryNames is how many packages a row names.
const summaryNames = 3

// Where a finding stands, in the order in which a reader looks.
const (
	inOwn      = iota // the project's own files
	inPackages        // files of packages
	inTests           // files of packages that are there to test them
)

// side says where a finding of a package stands. What is at the root is the project's
// own, unless it is one package that is scanned by itself.
func (r *Result) side(p *dynamism.Package, f *source.Finding) int {
	switch {
	case p.Path == "" && (p.Purl == "" || len(r.Packages) > 1):
		return inOwn
	case f.Kind == source.TestCode || dynamism.IsTest(f.File):
		return inTests
	}
	return inPackages
}

// row is what was found of one kind on one side.
type row struct {
	side  int
	kind  source.Kind
	n     int
	names []string // packages, or the places in own files
}

// summary is what a reader sees first, in at most summaryLines lines: how much was
// found, then what, the worst first, the project's own files before packages, and the
// tests of packages last.
func (r *Result) summary() []string {
	var rows []*row
	count := map[source.Severity]int{}
	total, tests := 0, 0
	for i := range r.Packages {
		p := &r.Packages[i]
		for j := range p.Findings {
			f := &p.Findings[j]
			at := r.side(p, f)
			if total++; at == inTests {
				tests++
				continue
			}
			count[f.Kind.Severity()]++
			k := slices.IndexFunc(rows, func(o *row) bool { return o.side == at && o.kind == f.Kind })
			if k < 0 {
				k = len(rows)
				rows = append(rows, &row{side: at, kind: f.Kind})
			}
			rows[k].n++
			name := short(p)
			if at == inOwn {
				name = r.place(p, f.File, f.Line, f.Column)
			}
			if !slices.Contains(rows[k].names, name) {
				rows[k].names = append(rows[k].names, name)
			}
		}
	}
	if total == 0 {
		return nil
	}
	severities, kinds := source.Severities(), source.Kinds()
	slices.SortStableFunc(rows, func(a, b *row) int {
		return cmp.Or(
			slices.Index(severities, a.kind.Severity())-slices.Index(severities, b.kind.Severity()),
			a.side-b.side, slices.Index(kinds, a.kind)-slices.Index(kinds, b.kind))
	})
	var counts []string
	for _, s := range severities {
		if count[s] > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", count[s], s))
		}
	}
	most, last := summaryLines-1, ""
	if tests > 0 {
		most--
		last = fmt.Sprintf("  and %s in tests of packages", countOf(tests, "finding"))
		counts = append(counts, fmt.Sprintf("%d in tests of packages", tests))
	}
	out := []string{countOf(total, "finding") + ": " + strings.Join(counts, ", ")}
	left := 0
	if len(rows) > most {
		left = len(rows) - most + 1
		rows = rows[:most-1]
	}
	for _, one := range rows {
		out = append(out, one.text())
	}
	if left > 0 {
		out = append(out, "  and "+diag.Count(left, "more kind"))
	}
	if last != "" && len(rows) > 0 {
		out = append(out, last)
	}
	return out
}

func (o *row) text() string {
	where := "packages"
	if o.side == inOwn {
		where = "own files"
	}
	names := strings.Join(o.names[:min(len(o.names), summaryNames)], ", ")
	if n := len(o.names) - summaryNames; n > 0 {
		names += fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("  %-6s  %-9s  %-18s %5d  %s", o.kind.Severity(), where, o.kind, o.n, names)
}

// short names a package in a row.
func short(p *dynamism.Package) string {
	if p.Purl == "" {
		return printable(p.Path)
	}
	return printable(strings.ReplaceAll(strings.TrimPrefix(strings.TrimPrefix(p.Purl, "pkg:"), "npm/"), "%40", "@"))
}
