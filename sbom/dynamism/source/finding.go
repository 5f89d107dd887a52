package source

import (
	"cmp"
	"slices"
	"strings"
)

// Finding is one place. File is relative to the package, with slashes; Line and
// Column count from 1 and are 0 where they are not known, Column in UTF-16 units.
// Excerpt is what stands there: of an install script "EVENT: its text", of a line of
// JavaScript that line, cut to bounds.ExcerptRunes around the column.
type Finding struct {
	Kind    Kind   `json:"kind"`
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Excerpt string `json:"excerpt"`

	// Symbol is the canonical name of what is called or referred to
	// ("node:child_process.exec", "eval"); see internal/js/denote.Name. "" where the
	// finding is no name, as of an install script.
	Symbol string `json:"symbol,omitempty"`
	// Through names the package that gives the capability ("execa"), "" where the
	// file has it from Node or the language itself.
	Through string `json:"through,omitempty"`
}

// rank is the order of the kinds.
var rank = func() map[Kind]int {
	m := map[Kind]int{}
	for i, k := range Kinds() {
		m[k] = i
	}
	return m
}()

// Sort sorts by kind, then place.
func Sort(fs []Finding) {
	slices.SortFunc(fs, func(a, b Finding) int {
		return cmp.Or(
			rank[a.Kind]-rank[b.Kind],
			strings.Compare(a.File, b.File),
			a.Line-b.Line,
			a.Column-b.Column,
			strings.Compare(a.Excerpt, b.Excerpt),
			strings.Compare(a.Symbol, b.Symbol),
		)
	})
}
