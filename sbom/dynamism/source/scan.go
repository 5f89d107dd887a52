package source

import (
	"cmp"
	"slices"
	"strings"
	"sync"

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
	folder   *js.Folder
	denoter  *denote.Denoter
	meanings map[uint32]meaning // by denote.Name.ID

	hits    []hit
	seen    map[hitKey]int  // where in hits
	pending []hit           // brought in, told if not used
	used    map[useKey]bool // kinds and roots that a use was seen of
	calls   []call

	written    []byte           // the text as people read it: the tree's own, or what that was translated from
	translated bool             // written is not the tree's own
	origin     func(uint32) int // an offset of the tree's text in written, negative where it has no place there
}

// hit is a finding before it has a place.
type hit struct {
	kind    Kind
	start   uint32
	symbol  string
	through string
	root    string
	ref     js.Ref // the call, of a finding that is one
	written bool   // start is an offset of the written text
}

type hitKey struct {
	kind  Kind
	start uint32
}

type useKey struct {
	kind Kind
	root string
}

// newScan makes a scan of a tree, whose text was made of written: origin gives the
// offset there of an offset in the tree's text, negative where it has none. Where the
// tree is of the text itself, both are nil.
func newScan(t *js.Tree, w *workspace, written []byte, origin func(uint32) int) *scan {
	translated := written != nil
	if !translated {
		written, origin = t.Source, func(offset uint32) int { return int(offset) }
	}
	scopes := w.js.Resolve(t)
	folder := js.NewFolder(t, scopes)
	w.denoter.Reset(t, scopes, folder)
	return &scan{
		tree: t, scopes: scopes, folder: folder, denoter: &w.denoter,
		meanings: map[uint32]meaning{}, seen: map[hitKey]int{}, used: map[useKey]bool{},
		written: written, translated: translated, origin: origin,
	}
}

// workspace is the memory that the analysis of one file takes and leaves to the next.
// No report has a part of it.
type workspace struct {
	js      js.Workspace
	denoter denote.Denoter
}

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

// maxReused is how long a text may be whose memory is kept, about 15 bytes for each
// of it.
const maxReused = 1 << 20

// free gives the memory back after a text of n bytes.
func (w *workspace) free(n int) {
	if n <= maxReused {
		workspaces.Put(w)
	}
}

// run fills a report. at tells places in the written text.
func (s *scan) run(report *Report, name string, at *placer) {
	s.nodes()
	s.obfuscation()
	for _, p := range s.pending {
		if !s.isUsed(p.kind, p.root) {
			s.add(p)
		}
	}
	slices.SortFunc(s.hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.start, b.start), strings.Compare(string(a.kind), string(b.kind)))
	})
	for _, h := range s.hits {
		to := int(h.start)
		if !h.written {
			to = s.origin(h.start)
		}
		if to < 0 {
			continue
		}
		f := Finding{Kind: h.kind, File: name, Symbol: h.symbol, Through: h.through}
		f.Line, f.Column = at.place(to)
		f.Excerpt = at.excerpt(to)
		report.Findings = append(report.Findings, f)
	}
	if len(s.hits) == bounds.FileFindings {
		report.Errors = append(report.Errors, Unread{1, 1, "the file has more findings than are kept"})
	}
	Sort(report.Findings)
	s.sites(report, at)
}

// add keeps a finding, once a kind and place.
func (s *scan) add(h hit) {
	s.use(h.kind, h.root)
	key := hitKey{h.kind, h.start}
	if i, ok := s.seen[key]; ok {
		if s.hits[i].through != "" && h.through == "" {
			s.hits[i] = h // that it is had from Node says more
		}
		return
	}
	if len(s.hits) >= bounds.FileFindings {
		return
	}
	s.seen[key] = len(s.hits)
	s.hits = append(s.hits, h)
}

// use notes that what a module or a global gives is used, so that the place that
// brings it in is not told.
func (s *scan) use(kind Kind, root string) {
	if base, _, ok := strings.Cut(root, "/"); ok && strings.HasPrefix(root, "node:") {
		root = base // node:fs/promises
	}
	s.used[useKey{kind, root}] = true
	if f, ok := families[root]; ok {
		s.used[useKey{f.kind, root}] = true
	}
}

// isUsed reports whether what a place brings in is used.
func (s *scan) isUsed(kind Kind, root string) bool {
	if base, _, ok := strings.Cut(root, "/"); ok && strings.HasPrefix(root, "node:") {
		root = base
	}
	return s.used[useKey{kind, root}]
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
		case js.RegExpLiteral:
			s.expression(r)
		case js.ImportExpression:
			s.dynamicImport(r)
			s.value(r)
		case js.AwaitExpression:
			if k := nodes[nodes[i].First].Kind; k == js.ImportExpression || k == js.CallExpression {
				s.value(r)
			}
		case js.ObjectPattern:
			s.nested(r)
		case js.ImportDeclaration, js.ExportNamedDeclaration, js.ExportAllDeclaration:
			s.declaration(r)
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
		u := s.fate(r, n, m)
		if m.kind == "" {
			if n.Path == "require" {
				// What createRequire gives is told where it is made.
				if u == escapes && s.tree.Kind(r) != js.CallExpression {
					s.add(hit{kind: NonliteralRequire, start: s.tree.Nodes[r].Start, symbol: n.Path, root: n.Root})
				}
				continue
			}
			// A harmless member is a use of its module all the same.
			s.use("", n.Root)
			continue
		}
		if m.called && u != inherited || m.kind == CtorTrick && n.Path == "Function" && !s.twice(r) {
			continue
		}
		s.told(r, n, m, u)
	}
}

// nested looks at a pattern inside a pattern, which takes members of what has no
// name: const { env: { HOME } } = process.
func (s *scan) nested(r js.Ref) {
	p := s.tree.Nodes[r].Parent
	if s.tree.Kind(p) != js.PatternProperty {
		return
	}
	for _, n := range s.denoter.Pattern(r) {
		if m := s.meaning(n); m.exact {
			s.add(hit{kind: m.kind, start: s.tree.Nodes[p].Start, symbol: n.Path, through: m.through, root: n.Root})
		}
	}
}

// twice reports whether an expression is the constructor of a constructor.
func (s *scan) twice(r js.Ref) bool {
	if s.tree.Kind(r) != js.MemberExpression {
		return false
	}
	object := s.tree.Nodes[r].First
	if s.tree.Kind(object) != js.MemberExpression {
		return false
	}
	name, ok := s.folder.Member(object)
	return ok && name == "constructor"
}

// told keeps what a use tells.
func (s *scan) told(r js.Ref, n denote.Name, m meaning, u fate) {
	h := hit{kind: m.kind, start: s.tree.Nodes[r].Start, symbol: n.Path, through: m.through, root: n.Root}
	switch u {
	case nowhere:
	case handedOn:
		if h.kind == CtorTrick {
			return // to compare with, as a rule; what it makes is told of
		}
		s.pending = append(s.pending, h)
	default:
		s.add(h)
	}
}
