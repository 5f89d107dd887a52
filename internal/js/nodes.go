package js

// list is a chain of siblings that is being made.
type list struct{ first, last Ref }

// node makes a node that starts at an offset and ends with the token before. Where
// nothing was read since start, it is empty and stands behind that token.
func (p *parser) node(k Kind, start uint32) Ref {
	p.nodes = append(p.nodes, Node{Kind: k, Start: min(start, p.prevEnd), End: p.prevEnd})
	return Ref(len(p.nodes) - 1)
}

// leaf makes a node of the current token, and reads on.
func (p *parser) leaf(k Kind, value uint32) Ref {
	p.nodes = append(p.nodes, Node{Kind: k, Start: p.start, End: p.end, Value: value})
	p.next()
	return Ref(len(p.nodes) - 1)
}

// named makes a node of the current token, a name, and reads on.
func (p *parser) named(k Kind) Ref {
	n := Node{Kind: k, Start: p.start, End: p.end, Value: uint32(p.atom)}
	if p.escaped {
		n.Flags = FlagEscaped
	}
	p.nodes = append(p.nodes, n)
	r := Ref(len(p.nodes) - 1)
	p.next()
	return r
}

// empty makes the node that stands for a missing part.
func (p *parser) empty() Ref {
	p.nodes = append(p.nodes, Node{Kind: Empty, Start: p.prevEnd, End: p.prevEnd})
	return Ref(len(p.nodes) - 1)
}

func (p *parser) emptyAt(at uint32) Ref {
	p.nodes = append(p.nodes, Node{Kind: Empty, Start: at, End: at})
	return Ref(len(p.nodes) - 1)
}

// node1 makes a node of one child.
func (p *parser) node1(k Kind, op Op, start uint32, a Ref) Ref {
	p.nodes = append(p.nodes, Node{Kind: k, Op: op, Start: min(start, p.prevEnd), End: p.prevEnd, First: a})
	r := Ref(len(p.nodes) - 1)
	p.nodes[a].Parent = r
	return r
}

// node2 makes a node of two children.
func (p *parser) node2(k Kind, op Op, start uint32, a, b Ref) Ref {
	p.nodes = append(p.nodes, Node{Kind: k, Op: op, Start: min(start, p.prevEnd), End: p.prevEnd, First: a})
	r := Ref(len(p.nodes) - 1)
	first := &p.nodes[a]
	first.Parent, first.Next = r, b
	p.nodes[b].Parent = r
	return r
}

// node3 makes a node of three children.
func (p *parser) node3(k Kind, op Op, start uint32, a, b, c Ref) Ref {
	r := p.node2(k, op, start, a, b)
	p.nodes[b].Next = c
	p.nodes[c].Parent = r
	return r
}

// add puts a node at the end of a list.
func (p *parser) add(l *list, r Ref) {
	if l.last == 0 {
		l.first = r
	} else {
		p.nodes[l.last].Next = r
	}
	l.last = r
}

// nodeList makes a node of a list of children.
func (p *parser) nodeList(k Kind, start uint32, l list) Ref {
	r := p.node(k, start)
	p.closeList(r, l)
	return r
}

// closeList makes a list the children of a node, which ends here.
func (p *parser) closeList(r Ref, l list) {
	p.nodes[r].First = l.first
	p.nodes[r].End = p.prevEnd
	for c := l.first; c != 0; c = p.nodes[c].Next {
		p.nodes[c].Parent = r
	}
}

func (p *parser) kind(r Ref) Kind { return p.nodes[r].Kind }

func (p *parser) parenthesized(r Ref) bool { return p.nodes[r].Flags&FlagParenthesized != 0 }

// inside saves the surroundings with some bits changed, and returns those before.
func (p *parser) inside(clear, set context) context {
	before := p.ctx
	p.ctx = before&^clear | set
	return before
}
