package js

// Part is a piece of a Pattern: constant text, or a hole, which is an expression that
// may be anything.
type Part struct {
	Text string
	Hole Ref // 0 for text
}

// Pattern returns what is constant in text that is put together: './lang/' + x +
// '.js' is the text ./lang/, a hole and the text .js. No two texts stand beside each
// other. For an expression that is one constant it is that text. For one that is not
// text put together it is one hole.
func (f *Folder) Pattern(r Ref) []Part {
	var parts []Part
	f.pieces(r, &parts, 0)
	return parts
}

const maxParts = 64

func (f *Folder) pieces(r Ref, parts *[]Part, depth int) {
	if s, ok := f.String(r); ok {
		f.text(s, parts)
		return
	}
	nodes := f.tree.Nodes
	n := &nodes[r]
	if depth < maxFoldDepth && len(*parts) < maxParts && f.pay(0) {
		switch n.Kind {
		case BinaryExpression:
			if n.Op == OpAdd {
				for _, t := range f.terms(r) {
					f.pieces(t, parts, depth+1)
				}
				return
			}
		case TemplateLiteral:
			for c := n.First; c != 0; c = nodes[c].Next {
				if nodes[c].Kind == TemplateElement {
					f.text(f.tree.Text(c), parts)
				} else {
					f.pieces(c, parts, depth+1)
				}
			}
			return
		case ChainExpression, AwaitExpression:
			f.pieces(n.First, parts, depth+1)
			return
		case SequenceExpression:
			last := n.First
			for nodes[last].Next != 0 {
				last = nodes[last].Next
			}
			f.pieces(last, parts, depth+1)
			return
		case CallExpression:
			if object, name := f.method(n.First); name == "concat" && f.made(object) {
				f.pieces(object, parts, depth+1)
				for a := nodes[n.First].Next; a != 0; a = nodes[a].Next {
					f.pieces(a, parts, depth+1)
				}
				return
			}
		case Identifier:
			// A variable that is given one text put together.
			v := &f.scopes.variables[f.scopes.of[r]]
			d := &nodes[nodes[v.Declaration].Parent]
			if v.Writes == 1 && !v.Dynamic && v.Declaration != 0 && d.Kind == VariableDeclarator && d.First == v.Declaration {
				if value := nodes[v.Declaration].Next; value != 0 && f.made(value) {
					f.pieces(value, parts, depth+1)
					return
				}
			}
		}
	}
	if last := len(*parts) - 1; last < 0 || (*parts)[last].Hole == 0 {
		*parts = append(*parts, Part{Hole: r})
	}
}

// made says whether an expression is text put together.
func (f *Folder) made(r Ref) bool {
	n := &f.tree.Nodes[r]
	switch n.Kind {
	case String, TemplateLiteral:
		return true
	case BinaryExpression:
		return n.Op == OpAdd
	case CallExpression:
		object, name := f.method(n.First)
		return name == "concat" && f.tree.Nodes[object].Kind == String
	}
	return false
}

func (f *Folder) text(s string, parts *[]Part) {
	if s == "" {
		return
	}
	if last := len(*parts) - 1; last >= 0 && (*parts)[last].Hole == 0 {
		(*parts)[last].Text = joinPairs((*parts)[last].Text, s)
		return
	}
	*parts = append(*parts, Part{Text: s})
}
