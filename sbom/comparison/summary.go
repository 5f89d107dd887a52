package comparison

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// summaryLines is how many lines a summary has at most: one that counts, rows, and one
// that counts the rows that are left out.
const summaryLines = 12

// summaryNames is how many packages a row names.
const summaryNames = 2

// row is what changed in one way: changes of one class, severity and side.
type row struct {
	severity Severity
	class    Class
	what     string // the class, with the kind of finding where it is new-dynamism
	own      bool   // of the project's own code
	tests    bool   // only in tests of packages
	n        int
	names    []string
}

// summary is what a reader sees first, in at most summaryLines lines: how many changes
// there are, then what they are, the worst first, the project's own code before
// packages, and what is only in the tests of packages last.
func (d Diff) summary() []string {
	count := map[Severity]int{}
	var rows []*row
	for i := range d.Changes {
		c := &d.Changes[i]
		count[c.Severity]++
		one := c.row()
		at := slices.IndexFunc(rows, func(r *row) bool {
			return r.severity == one.severity && r.what == one.what && r.own == one.own && r.tests == one.tests
		})
		if at < 0 {
			rows = append(rows, one)
			at = len(rows) - 1
		}
		rows[at].n++
		if name := c.subject(); !slices.Contains(rows[at].names, name) {
			rows[at].names = append(rows[at].names, name)
		}
	}
	slices.SortStableFunc(rows, func(a, b *row) int {
		return cmp.Or(
			number(a.tests)-number(b.tests),
			slices.Index(severities, a.severity)-slices.Index(severities, b.severity),
			number(b.own)-number(a.own),
			a.class.rank()-b.class.rank(),
			strings.Compare(a.what, b.what),
		)
	})
	var counts []string
	for _, s := range severities {
		if count[s] > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", count[s], s))
		}
	}
	noun := "changes"
	if len(d.Changes) == 1 {
		noun = "change"
	}
	out := []string{fmt.Sprintf("%d %s: %s", len(d.Changes), noun, strings.Join(counts, ", "))}
	if len(d.Changes) == 1 {
		return out // the change itself follows
	}
	left := 0
	if most := summaryLines - 1; len(rows) > most {
		left = len(rows) - most + 1
		rows = rows[:most-1]
	}
	for _, r := range rows {
		out = append(out, r.text())
	}
	if left > 0 {
		out = append(out, "  and "+diag.Count(left, "more kind")+" of change")
	}
	return out
}

func (r *row) text() string {
	names := strings.Join(r.names[:min(len(r.names), summaryNames)], ", ")
	if n := len(r.names) - summaryNames; n > 0 {
		names += fmt.Sprintf(" and %d more", n)
	}
	if r.tests {
		names = "only in tests: " + names
	}
	return fmt.Sprintf("  %-8s  %-32s %4d  %s", r.severity, diag.Clean(r.what), r.n, diag.Clean(names))
}

// row is the row that a change belongs to, without the change.
func (c *Change) row() *row {
	r := &row{severity: c.Severity, class: c.Class, what: string(c.Class), own: c.Purl == "" || strings.HasPrefix(c.Purl, "pkg:generic/")}
	if c.Class != NewDynamism || c.To == nil {
		return r
	}
	first, rest, _ := strings.Cut(*c.To, "\n")
	kind, _, _ := strings.Cut(first, ":")
	r.what += " " + kind
	r.tests = !r.own && (kind == "test-code" || inTests(rest))
	return r
}

// inTests reports whether there are places, and all of them stand in tests.
func inTests(places string) bool {
	for line := range strings.Lines(places) {
		file, _, _ := strings.Cut(line, ":")
		if !dynamism.IsTest(file) {
			return false
		}
	}
	return places != ""
}

// subject names what a change is of, as short as a row has room for.
func (c *Change) subject() string {
	if c.Purl == "" {
		return c.Path
	}
	name := strings.TrimPrefix(strings.TrimPrefix(c.Purl, "pkg:"), "npm/")
	name, _, _ = strings.Cut(name, "?")
	return strings.ReplaceAll(name, "%40", "@")
}

// number is 1 of what is true, and 0 of what is not.
func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
