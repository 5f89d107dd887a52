package js

import (
	"iter"
	"slices"
	"sort"
	"unicode/utf8"
)

// Node returns a node by value. For Ref 0 it is the zero Node, of kind Invalid.
func (t *Tree) Node(r Ref) Node { return t.Nodes[r] }

// Kind returns the kind of a node, Invalid of Ref 0.
func (t *Tree) Kind(r Ref) Kind { return t.Nodes[r].Kind }

// Children iterates over the children of a node in order, Empty ones among them.
func (t *Tree) Children(r Ref) iter.Seq[Ref] {
	return func(yield func(Ref) bool) {
		for c := t.Nodes[r].First; c != 0; c = t.Nodes[c].Next {
			if !yield(c) {
				return
			}
		}
	}
}

// Child returns the n-th child, counted from 0, or 0 where there are fewer.
func (t *Tree) Child(r Ref, n int) Ref {
	c := t.Nodes[r].First
	for ; c != 0 && n > 0; n-- {
		c = t.Nodes[c].Next
	}
	return c
}

// Name returns the text of an atom, escapes decoded; "" for 0.
func (t *Tree) Name(a Atom) string { return t.names[a] }

// Text returns the value of a String, a TemplateElement (cooked), an Identifier,
// Binding, Name or PrivateName (without its #), or the digits of a BigIntLiteral
// (separators and the n left out); "" for any other kind. Escapes are decoded;
// surrogates without their partner are encoded as WTF-8, three bytes each.
func (t *Tree) Text(r Ref) string {
	n := &t.Nodes[r]
	switch n.Kind {
	case Identifier, Binding, Name, PrivateName:
		return t.names[n.Value]
	case String, TemplateElement, BigIntLiteral:
		if n.Value != 0 {
			return t.cooked[n.Value]
		}
		if n.Kind == String {
			return string(t.Source[n.Start+1 : n.End-1])
		}
		return string(t.Source[n.Start:n.End])
	}
	return ""
}

// Raw returns the bytes of a node. They are the tree's and must not be changed.
func (t *Tree) Raw(r Ref) []byte { return t.Source[t.Nodes[r].Start:t.Nodes[r].End] }

// Position returns the line and column of a byte offset, both from 1, the column in
// UTF-16 units as editors count. Lines end as ECMA-262 §12.3 defines it: LF, CR, CRLF,
// U+2028 and U+2029. It may not be called from two goroutines at once.
func (t *Tree) Position(offset uint32) (line, column int) {
	if t.lines == nil {
		t.lines = lineStarts(t.Source)
	}
	offset = min(offset, uint32(len(t.Source)))
	line = sort.Search(len(t.lines), func(i int) bool { return t.lines[i] > offset })
	column = 1
	for _, c := range string(t.Source[t.lines[line-1]:offset]) {
		column++
		if c > 0xffff {
			column++
		}
	}
	return line, column
}

// Line returns the text of a line, counted from 1, without its end.
func (t *Tree) Line(line int) []byte {
	if t.lines == nil {
		t.lines = lineStarts(t.Source)
	}
	if line < 1 || line > len(t.lines) {
		return nil
	}
	start, end := t.lines[line-1], uint32(len(t.Source))
	if line < len(t.lines) {
		end = t.lines[line]
	}
	text := t.Source[start:end]
	for len(text) > 0 {
		c, n := utf8.DecodeLastRune(text)
		if !isLineEnd(c) {
			break
		}
		text = text[:len(text)-n]
	}
	return text
}

func isLineEnd(c rune) bool { return c == '\n' || c == '\r' || c == '\u2028' || c == '\u2029' }

func lineStarts(src []byte) []uint32 {
	starts := make([]uint32, 1, 1+len(src)/32)
	for i := 0; i < len(src); i++ {
		switch src[i] {
		case '\r':
			if i+1 < len(src) && src[i+1] == '\n' {
				i++
			}
			starts = append(starts, uint32(i+1))
		case '\n':
			starts = append(starts, uint32(i+1))
		case 0xe2: // U+2028 and U+2029 are E2 80 A8 and E2 80 A9
			if i+2 < len(src) && src[i+1] == 0x80 && src[i+2]&^1 == 0xa8 {
				i += 2
				starts = append(starts, uint32(i+1))
			}
		}
	}
	return slices.Clip(starts)
}
