package denote

import (
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/js"
)

// memberExpression returns the values of a.b or a[b].
func (d *Denoter) memberExpression(r js.Ref) set {
	n := &d.tree.Nodes[r]
	object := n.First
	base := d.eval(object)
	property := &d.tree.Nodes[d.tree.Nodes[object].Next]
	plain := n.Flags&js.FlagComputed == 0
	if base <= none && d.tree.Nodes[object].Kind != js.ThisExpression {
		// Nothing is known of the object, and yet: the constructor of a constructor
		// is Function, whatever it is.
		if plain && property.Kind == js.Name && d.tree.Name(js.Atom(property.Value)) != "constructor" {
			return none
		}
		switch d.tree.Nodes[object].Kind {
		case js.MemberExpression, js.ChainExpression: // folding costs time, so only where it can matter
			if name, ok := d.folder.Member(r); ok && name == "constructor" && d.isConstructorOf(object) {
				return d.path("Function", ViaConstructor)
			}
		case js.Identifier:
			return d.wrapperArgument(r)
		}
		return none
	}
	names := d.memberNames(r)
	out := none
	for _, name := range names {
		out = d.union(out, d.each(base, func(id valueID) set { return d.member(id, name) }))
		out = d.union(out, d.assigned(object, name))
		if name == "constructor" && d.isConstructorOf(object) {
			out = d.union(out, d.path("Function", ViaConstructor))
		}
	}
	return out
}

// memberNames returns the constant names that a member expression may ask for.
func (d *Denoter) memberNames(r js.Ref) []string {
	n := &d.tree.Nodes[r]
	property := d.tree.Nodes[n.First].Next
	if n.Flags&js.FlagComputed == 0 {
		if d.tree.Nodes[property].Kind == js.PrivateName {
			return []string{"#" + d.tree.Text(property)}
		}
		return []string{d.tree.Text(property)}
	}
	if name, ok := d.folder.Member(r); ok {
		return []string{name}
	}
	values, _ := d.folder.Strings(property)
	return values[:min(len(values), maxSet)]
}

// isConstructorOf reports whether a node is a member expression .constructor.
func (d *Denoter) isConstructorOf(r js.Ref) bool {
	if d.tree.Nodes[r].Kind == js.ChainExpression {
		r = d.tree.Nodes[r].First
	}
	if d.tree.Nodes[r].Kind != js.MemberExpression {
		return false
	}
	name, ok := d.folder.Member(r)
	return ok && name == "constructor"
}

// wrapperArgument is arguments[1] and arguments[2] of the CommonJS wrapper itself.
func (d *Denoter) wrapperArgument(r js.Ref) set {
	n := &d.tree.Nodes[r]
	object := &d.tree.Nodes[n.First]
	if n.Flags&js.FlagComputed == 0 || object.Kind != js.Identifier || d.tree.Goal != js.CommonJS ||
		d.tree.Name(js.Atom(object.Value)) != "arguments" || d.function(r) != 0 {
		return none
	}
	switch name, _ := d.folder.Member(r); name {
	case "1":
		return d.globalNamed("require", ViaComputed)
	case "2":
		return d.globalNamed("module", ViaComputed)
	}
	return none
}

// common are the methods that values of the language's own types have: each is a
// function, whose constructor is Function.
var common = wordSet("toString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString " +
	"at concat filter find forEach map reduce slice join push pop shift unshift sort splice some every flat flatMap fill keys " +
	"values entries includes indexOf lastIndexOf sub sup bold link anchor big blink fixed italics small strike charAt " +
	"charCodeAt codePointAt endsWith startsWith match matchAll normalize padEnd padStart repeat replace replaceAll search " +
	"split substr substring toLowerCase toUpperCase trim trimEnd trimStart toFixed toPrecision toExponential test exec then " +
	"catch finally apply call bind next return throw get set has add delete clear __defineGetter__ __defineSetter__")

// member returns the values of a member of a value.
func (d *Denoter) member(id valueID, name string) set {
	v := d.values[id]
	switch name {
	case "call", "apply", "bind":
		if v.form == functionForm || v.form == boundForm || v.form == methodForm || v.form == classForm ||
			v.form == pathForm && d.callable(id) || v.form == returnsForm {
			return d.one(value{form: methodForm, parent: id, name: name})
		}
	}
	switch v.form {
	case pathForm:
		return d.pathMember(id, name)
	case functionForm:
		return d.typeMember(d.functionType(v.ref), name)
	case classForm:
		if s := d.static(v.ref, name); s > none {
			return s
		}
		return d.typeMember("Function", name)
	case methodForm, boundForm, returnsForm:
		return d.typeMember("Function", name)
	case objectForm:
		return d.property(v.ref, name)
	case arrayForm:
		if i, err := strconv.ParseUint(name, 10, 16); err == nil {
			return d.element(v.ref, int(i))
		}
		return d.typeMember("Array", name)
	case allForm:
		if i, err := strconv.ParseUint(name, 10, 16); err == nil {
			return d.unwrap(d.element(v.ref, int(i)))
		}
	case instanceForm:
		return d.typeMember(v.name, name)
	case promiseForm:
		return d.typeMember("Promise", name)
	case descriptorForm:
		if name == "value" || name == "get" {
			return set(v.parent)
		}
	}
	return none
}

// typeMember returns a member of some value of a type.
func (d *Denoter) typeMember(typ, name string) set {
	switch {
	case name == "constructor":
		return d.path(typ, ViaConstructor)
	case name == "__proto__":
		return d.one(value{form: pathForm, parent: valueID(d.path(typ, 0)), name: "prototype"})
	case name == "length":
		return d.instance("Number")
	case common[name]:
		return d.instance("Function")
	}
	return none
}

// callable reports whether a path may be a function.
func (d *Denoter) callable(id valueID) bool {
	v := &d.values[id]
	if v.parent == 0 {
		k := globals[v.name]
		return k == aFunction || k == aType || v.name == "require" || strings.HasPrefix(v.name, "npm:") ||
			strings.HasSuffix(v.name, "Function") || v.name == "node:module" || v.name == "node:events" || v.name == "node:assert"
	}
	return true
}

// pathMember returns a member of a global, a module or one of their members.
func (d *Denoter) pathMember(id valueID, name string) set {
	v := d.values[id]
	root := v.parent == 0
	if root && v.name == "globalThis" {
		if name == "exports" {
			return none
		}
		return d.globalNamed(name, v.via)
	}
	switch name {
	case "default":
		if root && (strings.HasPrefix(v.name, "npm:") || strings.HasPrefix(v.name, "node:") || v.name == "process") {
			return set(id)
		}
	case "module.exports": // a name that Node's ESM namespaces of CommonJS have
		return set(id)
	case "constructor":
		switch {
		case root && v.name == "module":
			return d.path("node:module", ViaConstructor)
		case !root && v.name == "prototype":
			return d.constructed(v.parent)
		case strings.HasPrefix(v.name, "npm:") || !root && strings.HasPrefix(d.text(id), "npm:"):
			return none // it may be anything
		case !d.callable(id), v.name == "exports":
			return d.path("Object", ViaConstructor)
		}
		return d.path("Function", ViaConstructor)
	case "__proto__":
		of := "Object"
		switch {
		case root && v.name == "module":
			of = "node:module"
		case root && d.callable(id):
			of = "Function"
		}
		return d.one(value{form: pathForm, parent: valueID(d.path(of, 0)), name: "prototype"})
	}
	if v.name == "children" && d.isRoot(v.parent, "module") {
		return d.path("module", 0)
	}
	if v.name == "module" && root && name == "require" {
		return d.path("require", ViaCreated)
	}
	if depth := d.segments(id); depth >= maxSegments {
		return none
	}
	if root {
		if other, ok := same[v.name+"."+name]; ok {
			return d.path(other, v.via)
		}
		if v.name == "module" && moduleMethods[name] {
			prototype := d.one(value{form: pathForm, parent: valueID(d.path("node:module", 0)), name: "prototype"})
			return d.one(value{form: pathForm, parent: valueID(prototype), name: name})
		}
	}
	return d.one(value{form: pathForm, parent: id, name: name})
}

// moduleMethods are those of Module.prototype.
var moduleMethods = wordSet("_compile load")

// constructed returns a constructor that was reached as prototype.constructor.
func (d *Denoter) constructed(id valueID) set {
	v := d.values[id]
	if v.parent == 0 {
		return d.path(v.name, v.via|ViaConstructor)
	}
	return set(id)
}

func (d *Denoter) segments(id valueID) int {
	n := 0
	for ; id != 0; id = d.values[id].parent {
		n++
	}
	return n
}

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
