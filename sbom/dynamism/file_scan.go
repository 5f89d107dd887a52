package dynamism

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/js/denote"
)

// scan looks at every node of a tree once, in the order in which they lie, and asks
// what it denotes. A finding is told where a thing is used: called, constructed or
// handed to something unknown. Where it is only brought in (require, import, an
// alias), that place is kept, and told if nothing in the file uses what it brought.
type scan struct {
	tree     *js.Tree
	scopes   *js.Scopes
	folder   denote.Folder
	denoter  *denote.Denoter
	meanings map[uint32]meaning // by denote.Name.ID

	hits    []hit
	seen    map[hitKey]bool
	pending []hit           // brought in, told if not used
	used    map[useKey]bool // kinds and roots that a use was seen of
	calls   []call
}

// hit is a finding before it has a place.
type hit struct {
	kind    Kind
	start   uint32
	symbol  string
	through string
	root    string
}

type hitKey struct {
	kind  Kind
	start uint32
}

type useKey struct {
	kind Kind
	root string
}

func newScan(t *js.Tree) *scan {
	scopes := js.Resolve(t)
	folder := &interimFolder{t: t, s: scopes}
	return &scan{
		tree: t, scopes: scopes, folder: folder, denoter: denote.New(t, scopes, folder),
		meanings: map[uint32]meaning{}, seen: map[hitKey]bool{}, used: map[useKey]bool{},
	}
}

// run fills a report. offset maps a byte offset of the tree's text to one of the text
// that at is of; a negative one has no place there.
func (s *scan) run(report *FileReport, name string, at *placer, offset func(uint32) int) {
	s.nodes()
	s.obfuscation()
	for _, p := range s.pending {
		if !s.used[useKey{p.kind, p.root}] {
			s.add(p)
		}
	}
	slices.SortFunc(s.hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.start, b.start), strings.Compare(string(a.kind), string(b.kind)))
	})
	for _, h := range s.hits {
		to := offset(h.start)
		if to < 0 {
			continue
		}
		f := Finding{Kind: h.kind, File: name, Symbol: h.symbol, Through: h.through}
		f.Line, f.Column = at.place(to)
		f.Excerpt = at.excerpt(to)
		report.Findings = append(report.Findings, f)
	}
	if len(s.hits) == bounds.FileFindings {
		report.Errors = append(report.Errors, FileError{1, 1, "the file has more findings than are kept"})
	}
	sortFindings(report.Findings)
	s.sites(report, at, offset)
}

// add keeps a finding, once a kind and place.
func (s *scan) add(h hit) {
	key := hitKey{h.kind, h.start}
	if s.seen[key] || len(s.hits) >= bounds.FileFindings {
		return
	}
	s.seen[key] = true
	s.hits = append(s.hits, h)
	s.used[useKey{h.kind, h.root}] = true
}

// nodes visits every node.
func (s *scan) nodes() {
	nodes := s.tree.Nodes
	for i := 1; i < len(nodes); i++ {
		r := js.Ref(i)
		switch nodes[i].Kind {
		case js.Identifier:
			if read, write := s.scopes.Access(r); write {
				s.globalWrite(r)
				if !read {
					continue
				}
			}
			s.value(r)
		case js.MemberExpression:
			if s.isTarget(r) {
				s.patch(r)
			}
			s.value(r)
		case js.CallExpression, js.NewExpression, js.TaggedTemplateExpression:
			s.call(r)
			s.value(r)
		case js.AssignmentExpression:
			s.assignment(r)
		case js.ImportExpression:
			s.dynamicImport(r)
			s.value(r)
		case js.AwaitExpression:
			if k := nodes[nodes[i].First].Kind; k == js.ImportExpression || k == js.CallExpression {
				s.value(r)
			}
		case js.ImportDeclaration, js.ExportNamedDeclaration, js.ExportAllDeclaration:
			s.declaration(r)
		case js.SpreadElement:
		}
	}
}

// meaning returns what a name says, worked out once a name.
func (s *scan) meaning(n denote.Name) meaning {
	m, ok := s.meanings[n.ID]
	if !ok {
		m = meaningOf(n)
		s.meanings[n.ID] = m
	}
	return m
}

// value looks at an expression that denotes something and is not called.
func (s *scan) value(r js.Ref) {
	for _, n := range s.denoter.Of(r) {
		m := s.meaning(n)
		if !m.known && n.Path != "require" {
			continue
		}
		u := s.use(r, n, m)
		if m.kind == "" {
			// A harmless member is a use of its module all the same.
			if f, ok := families[n.Root]; ok {
				s.used[useKey{f.kind, n.Root}] = true
			}
			continue
		}
		if m.called && u != inherited {
			continue
		}
		s.told(r, n, m, u)
	}
	if s.tree.Kind(r) != js.MemberExpression && s.tree.Kind(r) != js.Identifier {
		return
	}
}

// told keeps what a use tells.
func (s *scan) told(r js.Ref, n denote.Name, m meaning, u use) {
	h := hit{kind: m.kind, start: s.tree.Nodes[r].Start, symbol: n.Path, through: m.through, root: n.Root}
	switch u {
	case nowhere:
	case handedOn:
		s.pending = append(s.pending, h)
	default:
		s.add(h)
	}
}
