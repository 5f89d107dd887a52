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
		// Nothing is known about the object, and yet: the constructor of a constructor
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
			if d.isConstructorOf(object) {
				if name, ok := d.folder.Member(r); ok && name == "constructor" {
					return d.path("Function", ViaConstructor)
				}
			}
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
	case common()[name]:
		return d.instance("Function")
	}
	return none
}

// callable reports whether a path may be a function.
func (d *Denoter) callable(id valueID) bool {
	v := &d.values[id]
	if v.parent == 0 {
		k := globals()[v.name]
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
		if v.name == "module" && moduleMethods()[name] {
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
