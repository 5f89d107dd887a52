package recorder

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
)

// Record is what was seen of all processes together, each list sorted and without
// doubles. Paths are absolute, as Node has them.
type Record struct {
	Processes int // and workers
	Loads     []Load
	Edges     []Edge
	Codes     []Code
	Binaries  []Binary
	Changed   []string // files whose text a tool changed before it was compiled
	Blind     bool     // a process could not see strings that became code
}

// Load is a file that was loaded.
type Load struct {
	File   string
	Format string // cjs, esm, json, addon or wasm
	SHA256 cas.Digest
	Size   int64
}

// Edge says that one file asked for another: by require or import, or by starting it
// as a worker or in a process of its own. From is "" where no file did.
type Edge struct{ From, To string }

// Code is a string that became code.
type Code struct {
	Way    string // eval, function, vm or worker
	SHA256 cas.Digest
	Size   int64
	From   string // the file whose code asked for it, "" where none is known
	Local  bool   // it holds the folder that the process ran in, so it is another text elsewhere
	Text   string // how it begins
}

// Binary is WebAssembly that was compiled from bytes.
type Binary struct {
	SHA256 cas.Digest
	From   string
}

// Add joins what another record saw.
func (r *Record) Add(o *Record) {
	r.Processes += o.Processes
	r.Loads, r.Edges, r.Codes = append(r.Loads, o.Loads...), append(r.Edges, o.Edges...), append(r.Codes, o.Codes...)
	r.Binaries, r.Changed = append(r.Binaries, o.Binaries...), append(r.Changed, o.Changed...)
	r.Blind = r.Blind || o.Blind
	r.sort()
}

func (r *Record) sort() {
	slices.SortFunc(r.Loads, func(a, b Load) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(a.Format, b.Format), slices.Compare(a.SHA256[:], b.SHA256[:]))
	})
	r.Loads = slices.Compact(r.Loads)
	r.settle()
	slices.SortFunc(r.Edges, func(a, b Edge) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	r.Edges = slices.Compact(r.Edges)
	slices.SortFunc(r.Codes, func(a, b Code) int {
		return cmp.Or(slices.Compare(a.SHA256[:], b.SHA256[:]), strings.Compare(a.From, b.From), strings.Compare(a.Way, b.Way))
	})
	r.Codes = slices.Compact(r.Codes)
	slices.SortFunc(r.Binaries, func(a, b Binary) int {
		return cmp.Or(slices.Compare(a.SHA256[:], b.SHA256[:]), strings.Compare(a.From, b.From))
	})
	r.Binaries = slices.Compact(r.Binaries)
	slices.Sort(r.Changed)
	r.Changed = slices.Compact(r.Changed)
}

// untold is the format of a file that was compiled without a word on what it is. It was
// CommonJS unless it was seen as something else as well, which Node found in its text.
const untold = "script"

// settle says what scripts were. Loads are sorted by file, and "script" comes last.
func (r *Record) settle() {
	kept := r.Loads[:0]
	for _, l := range r.Loads {
		if l.Format == untold {
			if n := len(kept); n > 0 && kept[n-1].File == l.File && kept[n-1].SHA256 == l.SHA256 {
				continue
			}
			l.Format = "cjs"
		}
		kept = append(kept, l)
	}
	r.Loads = kept
}
