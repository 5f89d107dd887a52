package source

import (
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/js"
)

// maxTexts and maxText bound the constants that are kept of one argument.
const (
	maxTexts = 8
	maxText  = 200
)

// argument returns what is known about one.
func (s *shapes) argument(r js.Ref) Argument {
	a := Argument{Shape: s.shape(r)}
	t := s.tree
	switch a.Shape {
	case ShapeConstant:
		values, _ := s.folder.Strings(r)
		if len(values) == 0 {
			values = []string{string(t.Raw(r))}
			if pattern, _ := t.RegExp(r); pattern != "" {
				values[0] = pattern
			}
		}
		a.Values = clipped(values)
	case ShapeBuilt:
		a.Values = clipped(s.parts(r))
	case ShapeObject:
		object := r
		if t.Kind(object) == js.Identifier {
			object = t.Nodes[s.scopes.Variable(s.scopes.Of(r)).Declaration].Next
		}
		for c := t.Nodes[object].First; c != 0 && len(a.Properties) < 64; c = t.Nodes[c].Next {
			a.Properties = append(a.Properties, s.properties(c)...)
		}
		slices.SortStableFunc(a.Properties, func(x, y Property) int { return strings.Compare(x.Name, y.Name) })
	}
	return a
}

// properties returns what is known about a property of an object literal: one for each
// constant that it can be, or one for a string that is built.
func (s *shapes) properties(c js.Ref) []Property {
	t := s.tree
	n := &t.Nodes[c]
	if n.Kind != js.Property || n.Flags&js.FlagComputed != 0 {
		return nil
	}
	value := t.Nodes[n.First].Next
	switch t.Kind(n.First) {
	case js.Name, js.String, js.Identifier:
	default:
		return nil
	}
	name := clip(t.Text(n.First))
	switch v := &t.Nodes[value]; v.Kind {
	case js.BooleanLiteral, js.NullLiteral:
		return []Property{{Name: name, Value: string(t.Raw(value))}}
	case js.UnaryExpression: // !0 and !1
		switch inner := string(t.Raw(v.First)); {
		case v.Op == js.OpNot && inner == "0":
			return []Property{{Name: name, Value: "true"}}
		case v.Op == js.OpNot && inner == "1":
			return []Property{{Name: name, Value: "false"}}
		}
		return nil
	}
	switch s.shape(value) {
	case ShapeConstant:
		values, _ := s.folder.Strings(value)
		var out []Property
		for _, v := range values[:min(len(values), maxTexts)] {
			out = append(out, Property{Name: name, Value: clip(v)})
		}
		return out
	case ShapeBuilt:
		return []Property{{Name: name, Value: clip(strings.Join(s.parts(value), "…")), Built: true}}
	}
	return nil
}

// parts returns the constant parts of a built string, in order.
func (s *shapes) parts(r js.Ref) []string {
	t := s.tree
	var out []string
	var walk func(r js.Ref, depth int)
	walk = func(r js.Ref, depth int) {
		if depth > 32 || len(out) >= maxTexts {
			return
		}
		if values, complete := s.folder.Strings(r); complete && len(values) > 0 {
			out = append(out, values[0])
			return
		}
		switch n := &t.Nodes[r]; n.Kind {
		case js.Identifier:
			from, _ := s.made(r)
			for _, e := range from {
				walk(e, depth+8)
			}
		case js.ConditionalExpression, js.LogicalExpression:
			for _, b := range s.branches(r) {
				walk(b, depth+1)
			}
		case js.BinaryExpression:
			walk(n.First, depth+1)
			walk(t.Nodes[n.First].Next, depth+1)
		case js.TemplateLiteral:
			for c := n.First; c != 0; c = t.Nodes[c].Next {
				if t.Kind(c) == js.TemplateElement {
					if text := t.Text(c); text != "" && len(out) < maxTexts {
						out = append(out, text)
					}
				}
			}
		case js.CallExpression:
			if t.Kind(n.First) == js.MemberExpression {
				walk(t.Nodes[n.First].First, depth+1)
			}
		case js.ArrayExpression:
			for c := n.First; c != 0; c = t.Nodes[c].Next {
				walk(c, depth+1)
			}
		}
	}
	walk(r, 0)
	return out
}

func clipped(values []string) []string {
	out := make([]string, 0, min(len(values), maxTexts))
	for _, v := range values[:min(len(values), maxTexts)] {
		out = append(out, clip(v))
	}
	return out
}

// clip cuts a text to maxText bytes, between characters, and keeps it valid UTF-8.
func clip(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxText)], "")
}
