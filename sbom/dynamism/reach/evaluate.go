package reach

import (
	"strings"

	"github.com/nbuild/nbuild/internal/js"
)

// texts returns what an expression may be as a string: all of it, so that where one
// way to a value is not followed a hole is among them. Numbers are as they are
// written.
func (s *source) texts(r js.Ref) texts {
	if r == 0 || s.asked[r] || s.nested >= maxNested {
		return unknown
	}
	if t, ok := s.memo[r]; ok {
		return t
	}
	if s.work++; s.work > maxWork {
		return unknown
	}
	s.asked[r] = true
	s.nested++
	t := s.evaluate(r)
	s.nested--
	delete(s.asked, r)
	if len(t) == 0 {
		t = unknown
	}
	s.memo[r] = t
	return t
}

func (s *source) evaluate(r js.Ref) texts {
	n := s.tree.Nodes[r]
	switch n.Kind {
	case js.String:
		return texts{s.tree.Text(r)}
	case js.NumericLiteral:
		return texts{string(s.tree.Raw(r))}
	case js.TemplateLiteral:
		out := texts{""}
		for c := n.First; c != 0; c = s.tree.Nodes[c].Next {
			if s.tree.Nodes[c].Kind == js.TemplateElement {
				out = out.then(texts{s.tree.Text(c)})
			} else {
				out = out.then(s.texts(c))
			}
		}
		return out
	case js.BinaryExpression:
		if n.Op == js.OpAdd {
			return s.sum(r)
		}
	case js.ConditionalExpression:
		return s.texts(s.tree.Child(r, 1)).with(s.texts(s.tree.Child(r, 2)))
	case js.LogicalExpression:
		right := s.texts(s.tree.Nodes[n.First].Next)
		if n.Op == js.OpAnd {
			return right
		}
		return s.texts(n.First).with(right)
	case js.ChainExpression, js.AwaitExpression, js.SequenceExpression:
		if inner := s.unwrapped(r); inner != r {
			return s.texts(inner)
		}
	case js.AssignmentExpression:
		if n.Op == js.OpAssign {
			return s.texts(s.tree.Nodes[n.First].Next)
		}
	case js.Identifier:
		if v := s.scopes.Of(r); v != 0 {
			return s.variable(v)
		}
		switch s.tree.Text(r) {
		case "__dirname":
			return texts{slashed(s.dir)}
		case "__filename":
			return texts{slashed(s.file)}
		}
	case js.MemberExpression:
		return s.memberTexts(r)
	case js.CallExpression:
		return s.result(r)
	case js.NewExpression:
		if s.is(n.First, "URL", "node:url.URL") {
			return s.newURL(s.arguments(r))
		}
	}
	return nil
}

// sum is a + b + …, which leans to the left and can be long.
func (s *source) sum(r js.Ref) texts {
	var parts []js.Ref
	for s.tree.Nodes[r].Kind == js.BinaryExpression && s.tree.Nodes[r].Op == js.OpAdd {
		parts = append(parts, s.tree.Nodes[s.tree.Nodes[r].First].Next)
		r = s.tree.Nodes[r].First
	}
	out := s.texts(r)
	for i := len(parts) - 1; i >= 0; i-- {
		out = out.then(s.texts(parts[i]))
	}
	return out
}

func (s *source) memberTexts(r js.Ref) texts {
	object, name := s.member(r)
	if s.tree.Nodes[object].Kind == js.MetaProperty {
		switch name {
		case "url":
			return texts{"file://" + slashed(s.file)}
		case "dirname":
			return texts{slashed(s.dir)}
		case "filename":
			return texts{slashed(s.file)}
		}
		return nil
	}
	switch name {
	case "sep":
		if s.is(r, "node:path.sep", "node:path.posix.sep", "node:path/posix.sep") {
			return texts{"/"}
		}
	case "href":
		if t := s.texts(object); t.known() {
			return t
		}
	case "pathname":
		if t := s.texts(object); t.known() {
			return t.each(fromURL)
		}
	case "filename":
		if s.is(r, "module.filename") {
			return texts{slashed(s.file)}
		}
	case "path":
		if s.is(r, "module.path") {
			return texts{slashed(s.dir)}
		}
	case "length":
		return nil
	}
	var out texts
	for _, o := range s.literals(object) {
		out = out.with(s.at(o, name))
	}
	if out == nil && name != "" {
		if s.tree.Kind(object) == js.ThisExpression {
			for _, value := range s.own(r, name) {
				out = out.with(s.texts(value))
			}
			return out
		}
		return s.valueAt(object, []string{name}, 0)
	}
	return out
}

// at returns the member of an object or array literal; of all members where the
// name is not known.
func (s *source) at(literal js.Ref, name string) texts {
	var out texts
	i := 0
	for c := s.tree.Nodes[literal].First; c != 0; c = s.tree.Nodes[c].Next {
		n := s.tree.Nodes[c]
		switch {
		case n.Kind == js.SpreadElement:
			out = out.with(unknown)
		case s.tree.Nodes[literal].Kind == js.ArrayExpression:
			if name == "" || name == number(i) {
				out = out.with(s.texts(c))
			}
		case n.Kind == js.Property:
			if key, ok := s.key(c); name == "" || !ok || key == name {
				if n.Flags&js.FlagGetter != 0 {
					out = out.with(s.returns(s.tree.Nodes[n.First].Next))
				} else {
					out = out.with(s.texts(s.tree.Nodes[n.First].Next))
				}
			}
		}
		i++
	}
	return out
}

func number(i int) string {
	if i == 0 {
		return "0"
	}
	var b [20]byte
	at := len(b)
	for ; i > 0; i /= 10 {
		at--
		b[at] = byte('0' + i%10)
	}
	return string(b[at:])
}

// key returns the name of a property.
func (s *source) key(property js.Ref) (string, bool) {
	n := s.tree.Nodes[property]
	if n.Flags&js.FlagComputed != 0 {
		t := s.texts(n.First)
		return t[0], len(t) == 1 && !strings.Contains(t[0], hole)
	}
	if s.tree.Nodes[n.First].Kind == js.NumericLiteral {
		return string(s.tree.Raw(n.First)), true
	}
	return s.tree.Text(n.First), true
}

// maxLiterals bounds the literals that one expression may be.
const maxLiterals = 8

// literals returns the object and array literals that an expression may be.
func (s *source) literals(r js.Ref) []js.Ref {
	var out []js.Ref
	s.eachLiteral(r, 0, func(l js.Ref) { out = append(out, l) })
	return out
}

func (s *source) eachLiteral(r js.Ref, depth int, found func(js.Ref)) {
	if s.work++; r == 0 || depth > maxLiterals || s.work > maxWork {
		return
	}
	r = s.unwrapped(r)
	n := s.tree.Nodes[r]
	switch n.Kind {
	case js.ObjectExpression, js.ArrayExpression:
		found(r)
	case js.ConditionalExpression:
		s.eachLiteral(s.tree.Child(r, 1), depth+1, found)
		s.eachLiteral(s.tree.Child(r, 2), depth+1, found)
	case js.LogicalExpression:
		s.eachLiteral(n.First, depth+1, found)
		s.eachLiteral(s.tree.Nodes[n.First].Next, depth+1, found)
	case js.Identifier:
		for _, init := range s.written(s.scopes.Of(r)) {
			s.eachLiteral(init, depth+1, found)
		}
	case js.MemberExpression:
		object, name := s.member(r)
		s.eachLiteral(object, depth+1, func(l js.Ref) {
			for c := s.tree.Nodes[l].First; c != 0; c = s.tree.Nodes[c].Next {
				if s.tree.Nodes[c].Kind == js.Property {
					if key, ok := s.key(c); ok && key == name {
						s.eachLiteral(s.tree.Nodes[s.tree.Nodes[c].First].Next, depth+1, found)
					}
				} else if s.tree.Nodes[l].Kind == js.ArrayExpression && s.tree.Nodes[c].Kind != js.Hole {
					s.eachLiteral(c, depth+1, found)
				}
			}
		})
	case js.CallExpression:
		if s.is(n.First, "Object.freeze", "Object.seal", "Object.assign") {
			for _, a := range s.arguments(r) {
				s.eachLiteral(a, depth+1, found)
			}
		}
	}
}

// literalMember returns the values that literals behind an expression have for a name.
func (s *source) literalMember(r js.Ref, name string) []js.Ref {
	var out []js.Ref
	for _, l := range s.literals(r) {
		if s.tree.Nodes[l].Kind != js.ObjectExpression {
			continue
		}
		for c := s.tree.Nodes[l].First; c != 0; c = s.tree.Nodes[c].Next {
			if s.tree.Nodes[c].Kind == js.Property {
				if key, ok := s.key(c); ok && key == name {
					out = append(out, s.tree.Nodes[s.tree.Nodes[c].First].Next)
				}
			}
		}
	}
	return out
}
