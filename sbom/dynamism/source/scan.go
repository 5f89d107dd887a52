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
// what it denotes. A finding is where a thing is used: called, constructed or handed
// to something unknown. Where it is only brought in (require, import, an alias), that
// place is kept, and counts if nothing in the file uses what it brought.
//
// It only goes round. What there is to see is asked of the parts, each of which knows
// one thing about the same program and writes into the same findings.
type scan struct {
	*findings
	fates    fates
	loads    loads
	patches  patches
	disguise disguise
	sites    sites

	origin func(uint32) int // an offset of the tree's text in the text as people read it, negative where it has no place there
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
	p := &program{tree: t, scopes: scopes, folder: folder, denoter: &w.denoter, meanings: map[uint32]meaning{}}
	f := &findings{program: p, seen: map[hitKey]int{}, used: map[useKey]bool{}}
	return &scan{
		findings: f, fates: fates{p}, loads: loads{f}, patches: patches{f},
		disguise: disguise{findings: f, written: written, translated: translated, origin: origin},
		sites:    sites{shapes: shapes{p}, origin: origin},
		origin:   origin,
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

// run fills a report. at gives places in the written text.
func (s *scan) run(report *Report, name string, at *placer) {
	s.nodes()
	s.disguise.find()
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
	s.sites.fill(report, at)
}

// nodes visits every node.
func (s *scan) nodes() {
	nodes := s.tree.Nodes
	for i := 1; i < len(nodes); i++ {
		r := js.Ref(i)
		switch nodes[i].Kind {
		case js.Identifier:
			if read, write := s.scopes.Access(r); write {
				s.patches.globalWrite(r)
				if !read {
					continue
				}
			}
			s.value(r)
		case js.MemberExpression:
			if s.isTarget(r) {
				s.patches.patch(r)
			}
			s.value(r)
		case js.CallExpression, js.NewExpression, js.TaggedTemplateExpression:
			s.call(r)
			s.value(r)
		case js.AssignmentExpression:
			s.sites.assignment(r)
		case js.RegExpLiteral:
			s.sites.expression(r)
		case js.ImportExpression:
			s.loads.dynamicImport(r)
			s.value(r)
		case js.AwaitExpression:
			if k := nodes[nodes[i].First].Kind; k == js.ImportExpression || k == js.CallExpression {
				s.value(r)
			}
		case js.ObjectPattern:
			s.nested(r)
		case js.ImportDeclaration, js.ExportNamedDeclaration, js.ExportAllDeclaration:
			s.loads.declaration(r)
		}
	}
}

// value looks at an expression that denotes something and is not called.
func (s *scan) value(r js.Ref) {
	for _, n := range s.denoter.Of(r) {
		m := s.meaning(n)
		if !m.known && n.Path != "require" {
			continue
		}
		u := s.fates.fate(r, n, m)
		if m.kind == "" {
			if n.Path == "require" {
				// What createRequire gives is reported where it is made.
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
		s.keep(r, n, m, u)
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

// keep keeps what a use shows.
func (s *scan) keep(r js.Ref, n denote.Name, m meaning, u fate) {
	h := hit{kind: m.kind, start: s.tree.Nodes[r].Start, symbol: n.Path, through: m.through, root: n.Root}
	switch u {
	case nowhere:
	case handedOn:
		if h.kind == CtorTrick {
			return // to compare with, as a rule; what it makes is reported
		}
		s.pending = append(s.pending, h)
	default:
		s.add(h)
	}
}

// call looks at a call or construction: each thing that is called is reported by itself.
func (s *scan) call(r js.Ref) {
	c, ok := s.denoter.Call(r)
	if !ok {
		return
	}
	if len(c.Callees) == 0 {
		s.loads.constructorCall(r)
	}
	for _, n := range c.Callees {
		m := s.meaning(n)
		s.patches.patchCall(r, n, c.Arguments)
		switch n.Path {
		case "require", "process.getBuiltinModule":
			s.loads.require(r, n, c.Arguments)
			continue
		case "setTimeout", "setInterval", "setImmediate":
			if len(c.Arguments) > 0 && c.Arguments[0] != 0 && s.string(c.Arguments[0]) {
				s.addAt(r, StringTimer, n)
			}
			continue
		case "importScripts":
			for _, a := range c.Arguments {
				if values, complete := s.folder.Strings(a); !complete || foreign(values) {
					s.addAt(r, NonliteralImport, n)
				}
			}
			continue
		}
		switch {
		case m.kind == CtorTrick && len(c.Arguments) > 0 && s.noString(c.Arguments[len(c.Arguments)-1]):
			continue // new x.constructor({ … }): some other constructor
		case c.Method == "bind" && strings.HasSuffix(n.Path, ".bind"):
			continue // what it gives is looked at
		}
		if m.kind == "" {
			if m.known {
				s.use("", n.Root)
			}
			continue
		}
		s.add(hit{kind: m.kind, start: s.tree.Nodes[r].Start, symbol: n.Path, through: m.through, root: n.Root, ref: r})
	}
	s.sites.record(c)
}
