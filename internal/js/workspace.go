package js

// Workspace is the memory of a tree and its scopes, for readers of many files: what
// one file took serves the next, so that nothing has to be made, cleared by the
// collector and given back for each. The zero value is ready.
//
// A Tree, and the Scopes of it, are good until the Workspace parses again; strings
// that were taken from them stay. It may not be used from two goroutines at once.
type Workspace struct {
	nodes   []Node
	cooked  []string
	names   []string
	slots   []slot
	arena   []byte
	offsets []uint32

	declarer  declarer
	of        []VariableID
	in        []ScopeID
	variables []Variable
	innermost []uint32
	counts    []uint32
	bound     []uint32
	uses      []Ref
	useStart  []uint32
	bindings  []Ref
	bindStart []uint32
}

// Parse is the function Parse, in this memory.
func (w *Workspace) Parse(src []byte, goal Goal) *Tree {
	if goal != Detect {
		return newParser(w, src, goal).parse()
	}
	p := newParser(w, src, CommonJS)
	p.detect = true
	tree := p.parse()
	switch {
	case p.moduleSyntax:
		return newParser(w, src, Module).parse()
	case len(tree.Errors) > 0 && p.sawAwait || rebindsWrapper(tree):
		if m := newParser(&Workspace{}, src, Module).parse(); len(m.Errors) == 0 {
			return m
		}
	}
	return tree
}

// room returns a slice of no elements that n fit into.
func room[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, 0, n)
	}
	return old[:0]
}

// zeros returns n zero values.
func zeros[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n)
	}
	old = old[:n]
	clear(old)
	return old
}
