package js

import (
	"math"
	"strconv"
)

// table is an object or an array of a variable that is given nothing else. Safe says
// that the file only reads its members.
type table struct {
	literal Ref
	safe    bool
	index   map[string]Ref // of an object's members: the Property
}

// literal returns the ObjectExpression or ArrayExpression that an expression is, and
// its table where a variable has it.
func (f *Folder) literal(r Ref) (Ref, *table) {
	nodes := f.tree.Nodes
	for depth := 0; depth < maxFoldDepth; depth++ {
		n := &nodes[r]
		switch n.Kind {
		case ObjectExpression, ArrayExpression:
			return r, nil
		case ChainExpression:
			r = n.First
			continue
		case CallExpression:
			if object, name := f.method(n.First); (name == "freeze" || name == "seal") && f.global(object, "Object") {
				r = nodes[n.First].Next
				continue
			}
		case Identifier:
			if t := f.table(f.scopes.of[r]); t != nil && t.literal != 0 {
				return t.literal, t
			}
		case MemberExpression:
			if key, ok := f.plainMember(r); ok {
				if outer, t := f.literal(n.First); outer != 0 {
					if v := f.find(outer, t, key); v != 0 && (nodes[v].Kind == ObjectExpression || nodes[v].Kind == ArrayExpression) {
						return v, &table{literal: v} // which others may change
					}
				}
			}
		}
		return 0, nil
	}
	return 0, nil
}

// plainMember is Member for what needs no folding, so that looking for a literal
// stays cheap.
func (f *Folder) plainMember(r Ref) (string, bool) {
	n := &f.tree.Nodes[r]
	property := f.tree.Nodes[n.First].Next
	if n.Flags&FlagComputed == 0 || f.tree.Nodes[property].Kind == String {
		return f.tree.Text(property), true
	}
	return "", false
}

func (f *Folder) table(v VariableID) *table {
	if v == 0 {
		return nil
	}
	if t, ok := f.tables[v]; ok {
		return t
	}
	if f.tables == nil {
		f.tables = map[VariableID]*table{}
	}
	f.tables[v] = nil // where it is defined by itself
	declared := &f.scopes.variables[v]
	nodes := f.tree.Nodes
	p := &nodes[nodes[declared.Declaration].Parent]
	if declared.Writes != 1 || p.Kind != VariableDeclarator || p.First != declared.Declaration || !f.pay(0) {
		return nil
	}
	literal, _ := f.literal(nodes[p.First].Next)
	if literal == 0 || nodes[p.First].Next == 0 {
		return nil
	}
	t := &table{literal: literal, safe: !declared.Dynamic && !f.exported(declared.Declaration) && !(f.tree.Goal == Script && declared.Scope == 1)}
	if k := nodes[nodes[p.First].Next].Kind; k == Identifier || k == MemberExpression {
		t.safe = false // one more name of the same object
	}
	for use := range f.scopes.Uses(v) {
		f.work--
		t.safe = t.safe && f.harmless(use)
	}
	f.tables[v] = t
	return t
}

// harmless says whether a use of a table leaves it as it is: a member is read, or a
// method called that changes nothing.
func (f *Folder) harmless(use Ref) bool {
	nodes := f.tree.Nodes
	member := nodes[use].Parent
	if nodes[member].Kind != MemberExpression || nodes[member].First != use {
		return nodes[member].Kind == ForOfStatement && nodes[nodes[member].First].Next == use ||
			nodes[member].Kind == ForInStatement && nodes[nodes[member].First].Next == use
	}
	for nodes[nodes[member].Parent].Kind == MemberExpression && nodes[nodes[member].Parent].First == member {
		member = nodes[member].Parent
		f.work--
	}
	if access(nodes, member)&writes != 0 {
		return false
	}
	p := &nodes[nodes[member].Parent]
	switch {
	case p.Kind == UnaryExpression:
		return p.Op != OpDelete
	case p.Kind == CallExpression && p.First == member:
		name, ok := f.plainMember(member)
		if !ok {
			// A member that is called may be any method, but of an object none that changes it.
			return nodes[nodes[member].First].Kind != Identifier || nodes[f.initialiser(use)].Kind == ObjectExpression
		}
		switch name {
		case "push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin":
			return false
		}
	}
	return true
}

// initialiser is the literal that a use's variable is declared with.
func (f *Folder) initialiser(use Ref) Ref {
	d := f.scopes.variables[f.scopes.of[use]].Declaration
	return f.tree.Nodes[d].Next
}

// find returns the value of a literal's constant member, 0 where it has none that is
// an expression.
func (f *Folder) find(literal Ref, t *table, key string) Ref {
	nodes := f.tree.Nodes
	if nodes[literal].Kind == ArrayExpression {
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || strconv.Itoa(i) != key {
			return 0
		}
		for c := nodes[literal].First; c != 0; c = nodes[c].Next {
			f.work--
			if nodes[c].Kind == SpreadElement {
				return 0
			}
			if i == 0 {
				if nodes[c].Kind == Hole {
					return 0
				}
				return c
			}
			i--
		}
		return 0
	}
	if t == nil || t.index == nil {
		index := map[string]Ref{}
		for c := nodes[literal].First; c != 0; c = nodes[c].Next {
			f.work -= 4
			name, ok := "", false
			if nodes[c].Kind == Property {
				name, ok = f.Key(c)
			}
			if !ok {
				clear(index) // it may be any member
				continue
			}
			index[name] = c
		}
		if t == nil {
			t = &table{}
		}
		t.index = index
	}
	property := t.index[key]
	if property == 0 || nodes[property].Flags&(FlagGetter|FlagSetter|FlagMethod) != 0 {
		return 0
	}
	return nodes[nodes[property].First].Next
}

// lookup folds a member of an object or array that the file writes down.
func (f *Folder) lookup(object Ref, keys result) result {
	literal, t := f.literal(object)
	if literal == 0 {
		return f.pairs(f.eval(object), keys, f.at)
	}
	if !keys.complete {
		res := f.all(literal)
		res.complete = res.complete && (t == nil || t.safe)
		return res
	}
	res := result{complete: t == nil || t.safe}
	for _, k := range keys.values {
		key, ok := k.text()
		if !ok {
			return none
		}
		v := f.find(literal, t, key)
		if v != 0 {
			res = res.join(f.eval(v))
			continue
		}
		if f.tree.Nodes[literal].Kind == ArrayExpression {
			// A spread is no literal's element, but may be known as a whole.
			if known := f.pairs(f.eval(literal), one(k), f.at); len(known.values) > 0 {
				res = res.join(known)
				continue
			}
		}
		res.complete = false
	}
	return res
}

// all joins the values of all members.
func (f *Folder) all(literal Ref) result {
	nodes := f.tree.Nodes
	res := result{complete: true}
	for c := nodes[literal].First; c != 0; c = nodes[c].Next {
		v := c
		switch nodes[c].Kind {
		case Hole:
			continue
		case SpreadElement:
			res = res.join(f.elements(nodes[c].First))
			continue
		case Property:
			if nodes[c].Flags&(FlagGetter|FlagSetter|FlagMethod) != 0 {
				res.complete = false
				continue
			}
			v = nodes[nodes[c].First].Next
		}
		res = res.join(f.eval(v))
		if !f.pay(len(res.values)) {
			return none
		}
		if !res.complete && len(res.values) == maxValues {
			break
		}
	}
	return res
}

// array folds an array whose elements are one constant each.
func (f *Folder) array(r Ref) result {
	nodes := f.tree.Nodes
	list := []value{}
	size := 0
	for c := nodes[r].First; c != 0; c = nodes[c].Next {
		f.work--
		if nodes[c].Kind == Hole {
			list = append(list, value{})
			continue
		}
		e := c
		if nodes[c].Kind == SpreadElement {
			e = nodes[c].First
		}
		res := f.eval(e)
		if !res.complete || len(res.values) != 1 {
			return none
		}
		v := res.values[0]
		if e == c {
			list = append(list, v)
		} else {
			more, ok := v.elements()
			if !ok {
				return none
			}
			list = append(list, more...)
		}
		if size += v.size(); size > maxText || len(list) > maxElements {
			return none
		}
	}
	return one(value{kind: listKind, list: list})
}

// elements is what spreading a value gives.
func (v value) elements() ([]value, bool) {
	switch v.kind {
	case listKind:
		return v.list, true
	case textKind:
		var list []value
		for s := v.str; s != ""; {
			_, n := decodeWTF8(s)
			list = append(list, textValue(s[:n]))
			s = s[n:]
		}
		return list, true
	case bytesKind:
		var list []value
		for i := range len(v.str) {
			list = append(list, numberValue(float64(v.str[i])))
		}
		return list, true
	}
	return nil, false
}

// member folds object.name and object[key].
func (f *Folder) member(r Ref) result {
	nodes := f.tree.Nodes
	n := &nodes[r]
	property := nodes[n.First].Next
	if n.Flags&FlagComputed != 0 {
		return f.lookup(n.First, f.eval(property))
	}
	if nodes[property].Kind != Name {
		return none
	}
	return f.lookup(n.First, one(textValue(f.tree.Text(property))))
}

// at is a member of a constant.
func (f *Folder) at(v, key value) (value, bool) {
	name, ok := key.text()
	if !ok {
		return value{}, false
	}
	if name == "length" {
		switch v.kind {
		case textKind:
			return numberValue(float64(lengthUnits(v.str))), true
		case listKind:
			return numberValue(float64(len(v.list))), true
		case bytesKind:
			return numberValue(float64(len(v.str))), true
		}
		return value{}, false
	}
	i := parseNumber(name)
	if name == "" || i != math.Trunc(i) || i < 0 || i > maxText || numberText(i) != name {
		if name == "" && v.kind == listKind {
			return value{}, true // [][[]], the undefined of those who hide letters
		}
		return value{}, false
	}
	switch v.kind {
	case textKind:
		if s := cutUnits(v.str, int(i), int(i)+1); s != "" {
			return textValue(s), true
		}
		return value{}, true
	case listKind:
		if int(i) < len(v.list) {
			return v.list[int(i)], true
		}
		return value{}, true
	case bytesKind:
		if int(i) < len(v.str) {
			return numberValue(float64(v.str[int(i)])), true
		}
		return value{}, true
	}
	return value{}, false
}
