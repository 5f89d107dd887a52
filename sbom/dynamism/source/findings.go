package source

import (
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/js/denote"
)

// findings are what was found in a program so far.
type findings struct {
	*program
	hits    []hit
	seen    map[hitKey]int  // where in hits
	pending []hit           // brought in, and findings if not used
	used    map[useKey]bool // kinds and roots that a use was seen of
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

// add keeps a finding, once a kind and place.
func (s *findings) add(h hit) {
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
// brings it in is not reported.
func (s *findings) use(kind Kind, root string) {
	if base, _, ok := strings.Cut(root, "/"); ok && strings.HasPrefix(root, "node:") {
		root = base // node:fs/promises
	}
	s.used[useKey{kind, root}] = true
	if f, ok := families[root]; ok {
		s.used[useKey{f.kind, root}] = true
	}
}

// isUsed reports whether what a place brings in is used.
func (s *findings) isUsed(kind Kind, root string) bool {
	if base, _, ok := strings.Cut(root, "/"); ok && strings.HasPrefix(root, "node:") {
		root = base
	}
	return s.used[useKey{kind, root}]
}

func (s *findings) addAt(r js.Ref, kind Kind, n denote.Name) {
	s.add(hit{kind: kind, start: s.tree.Nodes[r].Start, symbol: n.Path, root: n.Root, ref: r})
}
