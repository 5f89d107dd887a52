package denote

import "github.com/nbuild/nbuild/internal/js"

// functionType returns the name of the constructor of a function of the file.
func (d *Denoter) functionType(f js.Ref) string {
	switch d.tree.Nodes[f].Flags & (js.FlagAsync | js.FlagGenerator) {
	case js.FlagAsync:
		return "AsyncFunction"
	case js.FlagGenerator:
		return "GeneratorFunction"
	case js.FlagAsync | js.FlagGenerator:
		return "AsyncGeneratorFunction"
	}
	return "Function"
}

// keyName returns the constant name of the key of a Property, PatternProperty,
// MethodDefinition or PropertyDefinition.
func (d *Denoter) keyName(r js.Ref) (string, bool) {
	n := &d.tree.Nodes[r]
	key := n.First
	if n.Flags&js.FlagComputed != 0 {
		values, complete := d.folder.Strings(key)
		if complete && len(values) == 1 {
			return values[0], true
		}
		return "", false
	}
	switch d.tree.Nodes[key].Kind {
	case js.Name, js.String, js.Identifier, js.Binding:
		return d.tree.Text(key), true
	case js.PrivateName:
		return "#" + d.tree.Text(key), true
	case js.NumericLiteral:
		values, complete := d.folder.Strings(key)
		if complete && len(values) == 1 {
			return values[0], true
		}
	}
	return "", false
}

// maxProperties bounds the elements of an array or a pattern that are looked through.
const maxProperties = 1024

// table is the members of an object literal, or the static ones of a class, by name,
// and the objects that are spread into it.
type table struct {
	members map[string]js.Ref // the last Property, MethodDefinition or PropertyDefinition of a name
	spreads []js.Ref
}

// tableOf returns the table of an ObjectExpression or a ClassBody, made once.
func (d *Denoter) tableOf(r js.Ref) *table {
	if made := d.tables[r]; made != nil {
		return made
	}
	made := &table{members: map[string]js.Ref{}}
	static := d.tree.Nodes[r].Kind == js.ClassBody
	for c := d.tree.Nodes[r].First; c != 0; c = d.tree.Nodes[c].Next {
		n := &d.tree.Nodes[c]
		switch n.Kind {
		case js.SpreadElement:
			if len(made.spreads) < maxSet {
				made.spreads = append(made.spreads, n.First)
			}
		case js.Property, js.MethodDefinition, js.PropertyDefinition:
			if static && n.Flags&js.FlagStatic == 0 {
				continue
			}
			if key, ok := d.keyName(c); ok {
				made.members[key] = c
			}
		}
	}
	if d.tables == nil {
		d.tables = map[js.Ref]*table{}
		d.asked = map[memberKey]set{}
	}
	d.tables[r] = made
	return made
}

// memberKey is a question for a member of a literal.
type memberKey struct {
	object js.Ref
	name   string
}

// property returns a member of an object literal: the last property of the name, or
// what a spread brings.
func (d *Denoter) property(object js.Ref, name string) set {
	made := d.tableOf(object)
	key := memberKey{object, name}
	if s, ok := d.asked[key]; ok {
		return s
	}
	if d.depth >= maxDepth {
		return none
	}
	d.asked[key] = none // for an object that is spread into itself
	d.depth++
	out := none
	if c, ok := made.members[name]; ok {
		out = d.memberValue(c)
	} else {
		for _, spread := range made.spreads {
			out = d.union(out, d.each(d.eval(spread), func(id valueID) set { return d.member(id, name) }))
		}
		if out <= none {
			out = d.typeMember("Object", name)
		}
	}
	d.depth--
	d.asked[key] = out
	return out
}

// memberValue returns the value of a Property or of a member of a class.
func (d *Denoter) memberValue(c js.Ref) set {
	n := &d.tree.Nodes[c]
	value := d.tree.Nodes[n.First].Next
	if n.Flags&js.FlagGetter != 0 {
		return d.returned(value, nil)
	}
	return d.eval(value)
}

// element returns the i-th element of an array literal; of any place behind a
// spread nothing is known. A negative i is every element.
func (d *Denoter) element(array js.Ref, i int) set {
	out, at := none, 0
	for c := d.tree.Nodes[array].First; c != 0 && at < maxProperties; c, at = d.tree.Nodes[c].Next, at+1 {
		if d.tree.Nodes[c].Kind == js.SpreadElement {
			break
		}
		if at == i {
			return d.eval(c)
		}
		if i < 0 {
			out = d.union(out, d.eval(c))
		}
	}
	return out
}

// static returns a static member of a class of the file.
func (d *Denoter) static(class js.Ref, name string) set {
	body := d.tree.Child(class, 2)
	if d.tree.Nodes[body].Kind != js.ClassBody {
		return none
	}
	if c, ok := d.tableOf(body).members[name]; ok {
		return d.memberValue(c)
	}
	return none
}
