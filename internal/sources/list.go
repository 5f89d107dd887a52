package sources

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
)

// Schema is the name that a list carries.
const Schema = "nbuild.sources/v1"

// List is a production source list. Format and Digest want it sorted and whole, as
// Parse and Sort leave it.
type List struct {
	Node       string // the Node that it is for: "22" or "22.15.0"
	Entries    []Entry
	Evaluators []Evaluator
	Generated  []Generated
	// Instrumenters is written only where there are any.
	Instrumenters []Instrumenter
}

// Entry is one file that may be loaded.
type Entry struct {
	Path    string     // the real path in the image, absolute and clean
	SHA256  cas.Digest // of the file's bytes
	Format  Format
	Package string   // the package.json that governs it, an entry as well; "" where there is none
	Reasons []Reason // in the order of Reasons, at least one
}

// Format is what Node makes of a file that it loads.
type Format string

// The formats.
const (
	CommonJS Format = "cjs"
	Module   Format = "esm"
	JSON     Format = "json"
	Addon    Format = "addon"
	Wasm     Format = "wasm"
	Library  Format = "library" // machine code that an addon links to, which Node itself never loads
)

// Formats lists the formats.
func Formats() []Format { return []Format{CommonJS, Module, JSON, Addon, Wasm, Library} }

// Reason is why a file may be loaded.
type Reason string

// The reasons: the code can reach it from an entry point, it was loaded while the
// project's tests ran, or build.hcl lists it by hand.
const (
	Static Reason = "static"
	Traced Reason = "traced"
	Listed Reason = "listed"
)

// Reasons lists the reasons in the order in which they are written.
func Reasons() []Reason { return []Reason{Static, Traced, Listed} }

// Evaluator is an entry that may turn strings into code, with these bytes and no
// others.
type Evaluator struct {
	Path   string
	SHA256 cas.Digest
	Reason string // a person's, one line
}

// Instrumenter is an entry, with these bytes and no others, that may rewrite what other
// entries are made of while they load.
type Instrumenter struct {
	Path   string
	SHA256 cas.Digest
	Reason string // a person's, one line
}

// Generated is code that no file holds and that any entry may compile: the SHA-256 of
// its text in UTF-8.
type Generated struct {
	SHA256 cas.Digest
	Reason string // a person's, one line
}

// Find returns the entry at a path.
func (l *List) Find(path string) (*Entry, bool) {
	i, ok := slices.BinarySearchFunc(l.Entries, path, func(e Entry, p string) int { return strings.Compare(e.Path, p) })
	if !ok {
		return nil, false
	}
	return &l.Entries[i], true
}

// Sort brings a list into the order in which it is written, and joins what is said
// twice of a string of code. It does not decide between two entries of one path,
// which Format refuses.
func (l *List) Sort() {
	slices.SortStableFunc(l.Entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	for i := range l.Entries {
		l.Entries[i].Reasons = Ordered(l.Entries[i].Reasons)
	}
	slices.SortStableFunc(l.Evaluators, func(a, b Evaluator) int { return strings.Compare(a.Path, b.Path) })
	slices.SortStableFunc(l.Instrumenters, func(a, b Instrumenter) int { return strings.Compare(a.Path, b.Path) })
	slices.SortStableFunc(l.Generated, func(a, b Generated) int {
		return cmp.Or(slices.Compare(a.SHA256[:], b.SHA256[:]), strings.Compare(a.Reason, b.Reason))
	})
	l.Generated = slices.CompactFunc(l.Generated, func(a, b Generated) bool { return a.SHA256 == b.SHA256 })
}

// Ordered returns reasons in the order in which they are written, each once.
func Ordered(reasons []Reason) []Reason {
	var out []Reason
	for _, r := range Reasons() {
		if slices.Contains(reasons, r) {
			out = append(out, r)
		}
	}
	return out
}
