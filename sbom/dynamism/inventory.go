package dynamism

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// Inventory is what was found in many packages, sorted by path, then purl.
type Inventory struct {
	Packages []Package
}

// Package is what was found in one package at one place. The same artefact gives the
// same Package, except for Purl and Path, on every machine and however often.
type Package struct {
	Purl string // with the version; "" of a single file, and of a project's own files
	Path string // the install path ("node_modules/a"), "" of the project itself

	Findings []source.Finding // by package and by file, sorted by kind, then place
	Calls    []Call           // what rules may ask about, sorted by file, then in source order
	Unparsed []Unparsed       // what was not read, or not all of it, sorted by file, then place
	Files    int              // that were analysed
	Bytes    int64            // their length together
}

// Join adds what was found in more files of the same package, under other paths.
func (p *Package) Join(o Package) {
	p.Findings = slices.Concat(p.Findings, o.Findings)
	source.Sort(p.Findings)
	p.Calls = slices.Concat(p.Calls, o.Calls)
	slices.SortStableFunc(p.Calls, func(a, b Call) int { return strings.Compare(a.File, b.File) })
	p.Unparsed = slices.Concat(p.Unparsed, o.Unparsed)
	slices.SortStableFunc(p.Unparsed, func(a, b Unparsed) int { return strings.Compare(a.File, b.File) })
	p.Files, p.Bytes = p.Files+o.Files, p.Bytes+o.Bytes
}

// Call is a CallSite and the file that it stands in, relative to the package.
type Call struct {
	File string `json:"file"`
	source.CallSite
}

// Unparsed is a file that was not analysed, or a place in one that could not be
// read: what stands behind it may be missing from the findings. Line and Column
// count from 1 and are 0 where all of the file is meant.
type Unparsed struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Why    string `json:"why"`
}

// Count is how many findings of a kind there are.
type Count struct {
	Kind  source.Kind
	Sites int
}

// Counts returns how many findings there are of each kind, in the order of Kinds,
// without the kinds that have none.
func Counts(findings []source.Finding) []Count {
	sites := map[source.Kind]int{}
	for i := range findings {
		sites[findings[i].Kind]++
	}
	var out []Count
	for _, k := range source.Kinds() {
		if sites[k] > 0 {
			out = append(out, Count{k, sites[k]})
		}
	}
	return out
}

// Totals returns how many findings of each kind all packages have together.
func (v *Inventory) Totals() []Count {
	sites := map[source.Kind]int{}
	for i := range v.Packages {
		for _, f := range v.Packages[i].Findings {
			sites[f.Kind]++
		}
	}
	var out []Count
	for _, k := range source.Kinds() {
		if sites[k] > 0 {
			out = append(out, Count{k, sites[k]})
		}
	}
	return out
}

// Sort puts the packages into their order.
func (v *Inventory) Sort() {
	slices.SortFunc(v.Packages, func(a, b Package) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Purl, b.Purl))
	})
}
