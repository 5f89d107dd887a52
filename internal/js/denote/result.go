package denote

import (
	"github.com/nbuild/nbuild/internal/js"
)

// target is one thing that a call calls, behind call, apply, bind and Reflect.
type target struct {
	id   valueID
	this js.Ref // the receiver, 0 where there is none or it is not known
	args []js.Ref
	new  bool
	// handed says that this was handed to call, apply, bind or Reflect, so that a
	// method of functions works on it, whatever function it was read from.
	handed bool
}

// maxIndirection bounds how many times over a callee may be wrapped.
const maxIndirection = 8

// targets resolves what a call calls. The slice is empty where nothing is known.
func (d *Denoter) targets(call js.Ref) []target {
	n := &d.tree.Nodes[call]
	callee := n.First
	s := d.eval(callee)
	if s <= none {
		return nil
	}
	args, _ := d.arguments(d.tree.Nodes[callee].Next)
	this := js.Ref(0)
	if k := &d.tree.Nodes[callee]; k.Kind == js.MemberExpression {
		this = k.First
	}
	var out []target
	for _, id := range d.list(s) {
		out = d.resolve(out, target{id: id, this: this, args: args, new: n.Kind == js.NewExpression}, 0)
	}
	return out
}

// resolve adds what a target calls in the end.
func (d *Denoter) resolve(out []target, at target, depth int) []target {
	if depth > maxIndirection || len(out) >= maxSet {
		return out
	}
	v := d.values[at.id]
	switch v.form {
	case methodForm:
		if at.handed {
			// Function.prototype.call.call(f, …): the function is the receiver.
			for _, id := range d.list(d.eval(at.this)) {
				method := d.intern(value{form: methodForm, parent: id, name: v.name})
				out = d.resolve(out, target{id: method, this: at.this, args: at.args, new: at.new}, depth+1)
			}
			return out
		}
		inner := target{id: v.parent, this: first(at.args), new: at.new, handed: true}
		switch v.name {
		case "call":
			inner.args = rest(at.args)
		case "apply":
			if len(at.args) > 1 {
				if literal := d.arrayLiteral(at.args[1]); literal != 0 {
					inner.args, _ = d.arguments(d.tree.Nodes[literal].First)
				}
			}
		default: // bind calls nothing
			return append(out, at)
		}
		return d.resolve(out, inner, depth+1)
	case boundForm:
		bound, _ := d.arguments(d.tree.Nodes[d.tree.Nodes[v.ref].First].Next)
		args := append(append([]js.Ref{}, rest(bound)...), at.args...)
		return d.resolve(out, target{id: v.parent, this: first(bound), args: args, new: at.new, handed: true}, depth+1)
	case pathForm:
		if v.parent == 0 || !d.isRoot(v.parent, "Reflect") || v.name != "apply" && v.name != "construct" {
			return append(out, at)
		}
		list := 2
		if v.name == "construct" {
			list = 1
		}
		inner := target{new: list == 1, handed: list == 2}
		if list == 2 && len(at.args) > 1 {
			inner.this = at.args[1]
		}
		if len(at.args) > list {
			if literal := d.arrayLiteral(at.args[list]); literal != 0 {
				inner.args, _ = d.arguments(d.tree.Nodes[literal].First)
			}
		}
		for _, id := range d.list(d.eval(first(at.args))) {
			inner.id = id
			out = d.resolve(out, inner, depth+1)
		}
		return out
	}
	return append(out, at)
}

func first(args []js.Ref) js.Ref {
	if len(args) == 0 {
		return 0
	}
	return args[0]
}

func rest(args []js.Ref) []js.Ref {
	if len(args) == 0 {
		return nil
	}
	return args[1:]
}

// interop are the helpers that compilers put around a module.
var interop = wordSet("_interopRequireDefault _interopRequireWildcard _interopNamespace _interopNamespaceDefault " +
	"_interopDefault _interopDefaultLegacy _interopDefaultCompat _interopNamespaceCompat _interopNamespaceDefaultOnly " +
	"__importStar __importDefault __toESM __toModule interopDefault interopRequireDefault _interopRequire " +
	"_getRequireWildcardCache getDefaultExportFromCjs getAugmentedNamespace promisify promisifyAll esModuleInterop")

// result returns what a call gives.
func (d *Denoter) result(call js.Ref) set {
	t := d.tree
	callee := t.Nodes[call].First
	arg := t.Nodes[callee].Next
	if arg != 0 && d.passesThrough(callee) {
		return d.eval(arg)
	}
	out := none
	for _, at := range d.targets(call) {
		out = d.union(out, d.resultOf(call, at))
	}
	if k := &t.Nodes[callee]; k.Kind == js.MemberExpression && d.eval(k.First) > none {
		out = d.union(out, d.methodResult(callee, arg))
	}
	return out
}

// passesThrough reports whether a callee is a helper that gives back the module that
// it is given, by its name.
func (d *Denoter) passesThrough(callee js.Ref) bool {
	n := &d.tree.Nodes[callee]
	for n.Kind == js.SequenceExpression { // (0, helpers.interop)(…)
		callee = d.last(callee)
		n = &d.tree.Nodes[callee]
	}
	switch n.Kind {
	case js.Identifier:
		return interop()[d.tree.Name(js.Atom(n.Value))]
	case js.MemberExpression:
		property := &d.tree.Nodes[d.tree.Nodes[n.First].Next]
		return property.Kind == js.Name && interop()[d.tree.Name(js.Atom(property.Value))]
	}
	return false
}

// methodResult is what methods of promises and arrays give.
func (d *Denoter) methodResult(callee, arg js.Ref) set {
	base := d.eval(d.tree.Nodes[callee].First)
	out := none
	for _, id := range d.list(base) {
		v := d.values[id]
		switch v.form {
		case promiseForm:
			switch name, _ := d.folder.Member(callee); name {
			case "then":
				if arg == 0 {
					break
				}
				for _, f := range d.list(d.eval(arg)) {
					if g := d.values[f]; g.form == functionForm {
						out = d.union(out, d.promise(d.returned(g.ref, nil)))
					}
				}
			case "catch", "finally":
				out = d.union(out, set(id))
			}
		case arrayForm:
			switch name, _ := d.folder.Member(callee); name {
			case "pop", "shift", "at", "find":
				out = d.union(out, d.element(v.ref, -1))
			case "concat", "slice", "reverse", "sort", "filter":
				out = d.union(out, set(id))
			case "join":
				out = d.union(out, d.instance("String"))
			}
		case instanceForm, pathForm:
			if v.form == instanceForm && v.name != "String" && v.name != "RegExp" {
				continue
			}
			switch name, _ := d.folder.Member(callee); name {
			case "toString", "slice", "substring", "substr", "replace", "replaceAll", "trim", "concat", "toLowerCase", "toUpperCase",
				"repeat", "padStart", "padEnd", "charAt":
				if v.form == instanceForm {
					out = d.union(out, d.instance("String"))
				}
			}
		}
	}
	return out
}

// resultOf returns what one target gives.
func (d *Denoter) resultOf(call js.Ref, at target) set {
	v := d.values[at.id]
	switch v.form {
	case methodForm: // bind; call and apply were resolved
		return d.one(value{form: boundForm, parent: v.parent, ref: call})
	case returnsForm:
		return set(v.parent)
	case functionForm:
		if at.args == nil {
			at.args = []js.Ref{}
		}
		return d.returned(v.ref, at.args)
	case pathForm:
		return d.resultOfPath(at)
	}
	return none
}

// given are functions that give back their argument, or an object with its members.
var given = wordSet("Object.freeze Object.seal Object.preventExtensions Object.setPrototypeOf Object.defineProperty " +
	"Object.defineProperties Object Proxy node:util.promisify node:util.callbackify node:util.deprecate node:util.inherits " +
	"npm:pify npm:util.promisify npm:es6-promisify.promisify npm:es6-promisify npm:util-promisify npm:thenify npm:thenify-all " +
	"npm:bluebird.promisify npm:bluebird.promisifyAll npm:universalify.fromCallback npm:universalify.fromPromise npm:graceful-fs.gracefulify " +
	"npm:tslib.__importStar npm:tslib.__importDefault npm:once npm:lodash.once npm:interop-require-default npm:es-interop-require")

// textual are functions whose result is a string.
var textual = wordSet("String JSON.stringify atob btoa escape unescape encodeURI encodeURIComponent decodeURI decodeURIComponent " +
	"String.fromCharCode String.fromCodePoint String.raw node:util.format node:util.inspect node:path.join node:path.resolve")

// resultOfPath returns what a call of a global or a member of a module gives.
func (d *Denoter) resultOfPath(at target) set {
	path := d.text(at.id)
	arg := first(at.args)
	switch path {
	case "require", "node:module._load", "node:module.prototype.require", "process.getBuiltinModule":
		return d.modules(arg)
	case "node:module.createRequire", "node:module.createRequireFromPath":
		return d.path("require", ViaCreated)
	case "node:module":
		return d.path("module", 0)
	case "Object.getPrototypeOf", "Reflect.getPrototypeOf":
		return d.each(d.eval(arg), func(id valueID) set { return d.member(id, "__proto__") })
	case "Reflect.get", "Object.getOwnPropertyDescriptor", "Reflect.getOwnPropertyDescriptor":
		if len(at.args) < 2 {
			return none
		}
		out := none
		names, _ := d.folder.Strings(at.args[1])
		for _, name := range names[:min(len(names), maxSet)] {
			out = d.union(out, d.each(d.eval(arg), func(id valueID) set {
				s := d.member(id, name)
				if path == "Reflect.get" {
					return s
				}
				return d.each(s, func(id valueID) set { return d.one(value{form: descriptorForm, parent: id}) })
			}))
		}
		return out
	case "Object.assign":
		out := none
		for i, a := range at.args[:min(len(at.args), maxSet)] {
			if i == 0 {
				out = d.eval(a)
				continue
			}
			out = d.union(out, d.copied(d.eval(a)))
		}
		return out
	case "Object.create":
		return d.copied(d.eval(arg))
	case "Object.values":
		return d.valuesOf(arg)
	case "Promise.resolve":
		return d.promise(d.eval(arg))
	case "Promise.all":
		if literal := d.arrayLiteral(arg); literal != 0 {
			return d.promise(d.one(value{form: allForm, ref: literal}))
		}
		return none
	case "Promise.race", "Promise.any":
		return d.promise(d.unwrap(d.elements(d.eval(arg))))
	case "Function", "AsyncFunction", "GeneratorFunction", "AsyncGeneratorFunction":
		return d.made(at)
	case "eval":
		return d.evaluated(arg)
	case "npm:esm", "npm:import-lazy", "npm:lazy-cache", "npm:lazy-req", "npm:import-cwd", "npm:jiti":
		return d.each(d.eval(arg), func(id valueID) set {
			if d.isRoot(id, "module") || d.isRoot(id, "require") {
				return d.path("require", ViaCreated)
			}
			return none
		})
	}
	if textual()[path] {
		return d.instance("String")
	}
	if given()[path] {
		return d.eval(arg)
	}
	if at.new {
		if v := &d.values[at.id]; v.parent == 0 && globals()[v.name] == aType {
			return d.instance(v.name)
		}
	}
	return none
}

// valuesOf returns an array whose elements are the values of an object literal.
func (d *Denoter) valuesOf(arg js.Ref) set {
	return d.each(d.eval(arg), func(id valueID) set {
		if v := d.values[id]; v.form == arrayForm {
			return set(id)
		}
		return none
	})
}
