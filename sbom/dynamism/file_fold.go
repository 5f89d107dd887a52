package dynamism

import "github.com/nbuild/nbuild/internal/js"

type interimFolder struct {
	t     *js.Tree
	s     *js.Scopes
	depth int
}

func (f *interimFolder) Member(r js.Ref) (string, bool) {
	n := &f.t.Nodes[r]
	p := f.t.Nodes[n.First].Next
	if n.Flags&js.FlagComputed == 0 {
		return f.t.Text(p), f.t.Kind(p) == js.Name
	}
	v, ok := f.Strings(p)
	if ok && len(v) == 1 {
		return v[0], true
	}
	return "", false
}

func (f *interimFolder) Strings(r js.Ref) ([]string, bool) {
	if f.depth > 40 || r == 0 {
		return nil, false
	}
	f.depth++
	defer func() { f.depth-- }()
	t := f.t
	n := &t.Nodes[r]
	switch n.Kind {
	case js.String:
		return []string{t.Text(r)}, true
	case js.NumericLiteral:
		return []string{string(t.Raw(r))}, true
	case js.TemplateLiteral:
		if t.Nodes[n.First].Next == 0 {
			return []string{t.Text(n.First)}, true
		}
		out := ""
		for c := n.First; c != 0; c = t.Nodes[c].Next {
			if t.Kind(c) == js.TemplateElement {
				out += t.Text(c)
				continue
			}
			v, ok := f.Strings(c)
			if !ok || len(v) != 1 {
				return nil, false
			}
			out += v[0]
		}
		return []string{out}, true
	case js.BinaryExpression:
		if n.Op != js.OpAdd {
			return nil, false
		}
		a, ok1 := f.Strings(n.First)
		b, ok2 := f.Strings(t.Nodes[n.First].Next)
		if ok1 && ok2 && len(a) == 1 && len(b) == 1 {
			return []string{a[0] + b[0]}, true
		}
	case js.ConditionalExpression:
		a, ok1 := f.Strings(t.Child(r, 1))
		b, ok2 := f.Strings(t.Child(r, 2))
		return append(append([]string{}, a...), b...), ok1 && ok2
	case js.LogicalExpression:
		a, ok1 := f.Strings(t.Child(r, 0))
		b, ok2 := f.Strings(t.Child(r, 1))
		return append(append([]string{}, a...), b...), ok1 && ok2
	case js.Identifier:
		v := f.s.Of(r)
		if v == 0 {
			return nil, false
		}
		info := f.s.Variable(v)
		if info.Writes == 1 && info.Declaration != 0 {
			d := &t.Nodes[info.Declaration]
			if t.Kind(d.Parent) == js.VariableDeclarator && d.Next != 0 {
				return f.Strings(d.Next)
			}
		}
	}
	return nil, false
}
