package denote

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/js"
)

// last returns what the last expression statement of a source denotes: paths, sorted.
func last(t *testing.T, src string, goal js.Goal) []string {
	t.Helper()
	tree := js.Parse([]byte(src), goal)
	if len(tree.Errors) > 0 {
		t.Fatalf("%v", tree.Errors)
	}
	scopes := js.Resolve(tree)
	d := New(tree, scopes, js.NewFolder(tree, scopes))
	var statement js.Ref
	for c := range tree.Children(tree.Root) {
		if tree.Kind(c) == js.ExpressionStatement {
			statement = tree.Nodes[c].First
		}
	}
	var out []string
	for _, n := range d.Of(statement) {
		out = append(out, n.Path)
	}
	slices.Sort(out)
	return out
}

func TestEveryWayLeadsToOneName(t *testing.T) {
	tests := []struct{ src, want string }{
		{"eval", "eval"},
		{"globalThis.global.window.eval", "eval"},
		{"globalThis", "globalThis"},
		{"const { Reflect: { construct: c } } = self; c", "Reflect.construct"},
		{"Math['ran' + 'dom']", "Math.random"},
		{"require('fs')", "node:fs"},
		{"require('node:fs')", "node:fs"},
		{"require('node:sqlite')", "node:sqlite"},
		{"require('sqlite')", "npm:sqlite"},
		{"require('fs').default.promises.readFile", "node:fs/promises.readFile"},
		{"require('fs/promises').readFile", "node:fs/promises.readFile"},
		{"require('process').env", "process.env"},
		{"require('buffer').Buffer.from", "Buffer.from"},
		{"require('timers').setTimeout", "setTimeout"},
		{"require('lodash').template", "npm:lodash.template"},
		{"require('lodash/template')", "npm:lodash/template"},
		{"require('@a/b/c').d", "npm:@a/b/c.d"},
		{"require('./fs')", ""},
		{"require('/fs')", ""},
		{"require('fs/').x", "npm:fs.x"},
		{"module.require", "require"},
		{"process.mainModule.require", "require"},
		{"require('module').createRequire('/x')", "require"},
		{"require('module').createRequire('/x').resolve", "require.resolve"},
		{"module.constructor", "node:module"},
		{"module.constructor.createRequire", "node:module.createRequire"},
		{"import.meta.resolve", "import.meta.resolve"},
		{"(0, eval)", "eval"},
		{"a ? eval : Function", "Function eval"},
		{"eval.bind(null)", "eval"},
		{"eval.call", "eval.call"},
		{"Object.getPrototypeOf(async () => {}).constructor", "AsyncFunction"},
		{"[].constructor", "Array"},
		{"[].constructor.constructor", "Function"},
		{"const { constructor: { constructor: F } } = x; F", "Function"},
		{"const { constructor: F } = x.constructor; F", "Function"},
		{"const { constructor: F } = x; F", ""},
		{"const C = x?.constructor, D = C; D['constructor']", "Function"},
		{"const { constructor: C = y } = x; C.constructor", "Function"},
		{"let x = y; x = x.constructor; x.constructor", ""},
		{"let f; f = eval; f = isNaN; f", "eval isNaN"},
		{"var o = { a: { b: eval } }; o.a.b", "eval"},
		{"new Proxy(process, {}).env", "process.env"},
		{"Object.assign({}, require('fs')).readFile", "node:fs.readFile"},
		{"Function('return this')().process", "process"},
		{"eval('require')('fs')", "node:fs"},
		{"function id(x) { return x } id(eval)", "eval"},
		{"function id(x) { return x } id(eval); id(isNaN)", "isNaN"},
		{"unknown", ""},
		{"process.a.b.c.d.e.f.g.h", ""},
	}
	for _, test := range tests {
		goal := js.CommonJS
		if strings.Contains(test.src, "import.meta") {
			goal = js.Module
		}
		if diff := cmp.Diff(test.want, strings.Join(last(t, test.src, goal), " ")); diff != "" {
			t.Errorf("%s: %s", test.src, diff)
		}
	}
}

func TestWhatTheFileDeclaresIsNotTheGlobal(t *testing.T) {
	for _, src := range []string{
		"function eval() {} eval",
		"var eval = 1; eval",
		"const require = x => x; require('fs')",
		"class Function {} Function",
		"import_; { let eval; } var { eval } = x; eval",
	} {
		if got := last(t, src, js.CommonJS); len(got) != 0 {
			t.Errorf("%s: %v", src, got)
		}
	}
}

func TestCallsAreSeenThroughWhatWrapsThem(t *testing.T) {
	tests := []struct {
		src, callee string
		arguments   []string
	}{
		{"eval('x')", "eval", []string{"'x'"}},
		{"eval.call(null, 'x')", "eval", []string{"'x'"}},
		{"eval.apply(null, ['x', y])", "eval", []string{"'x'", "y"}},
		{"Reflect.apply(eval, null, ['x'])", "eval", []string{"'x'"}},
		{"Reflect.construct(Function, ['a', 'b'])", "Function", []string{"'a'", "'b'"}},
		{"eval.bind(null, 'x')('y')", "eval", []string{"'x'", "'y'"}},
		{"Function.prototype.call.call(eval, null, 'x')", "eval", []string{"'x'"}},
		{"Function.prototype.apply.call(eval, null, ['x'])", "eval", []string{"'x'"}},
		{"Function.call.bind(eval)(null, 'x')", "eval", []string{"'x'"}},
		{"Function.call.bind(Object.prototype.hasOwnProperty)(a, 'x')", "Object.prototype.hasOwnProperty", []string{"'x'"}},
		{"eval(...['x'])", "eval", []string{"'x'"}},
	}
	for _, test := range tests {
		tree := js.Parse([]byte(test.src), js.CommonJS)
		scopes := js.Resolve(tree)
		d := New(tree, scopes, js.NewFolder(tree, scopes))
		call := tree.Nodes[tree.Nodes[tree.Root].First].First
		c, ok := d.Call(call)
		if !ok || len(c.Callees) != 1 || c.Callees[0].Path != test.callee {
			t.Errorf("%s: %v", test.src, c.Callees)
			continue
		}
		var got []string
		for _, a := range c.Arguments {
			got = append(got, string(tree.Raw(a)))
		}
		if diff := cmp.Diff(test.arguments, got); diff != "" {
			t.Errorf("%s: %s", test.src, diff)
		}
	}
}

func TestTheReceiverOfAResultHasAName(t *testing.T) {
	tests := []struct{ src, want string }{
		{"const token = f().toString(36)", "token"},
		{"this.sessionId = f()", "sessionId"},
		{"x = { secret: `a${f()}` }", "secret"},
		{"function makeId() { return f() }", "makeId"},
		{"const makeId = () => f()", "makeId"},
		{"f()", ""},
	}
	for _, test := range tests {
		tree := js.Parse([]byte(test.src), js.CommonJS)
		scopes := js.Resolve(tree)
		d := New(tree, scopes, js.NewFolder(tree, scopes))
		for c := range d.Calls() {
			if tree.Kind(c.Ref) == js.CallExpression && string(tree.Raw(c.Ref)) == "f()" {
				if got := d.Target(c.Ref); got != test.want {
					t.Errorf("%s: %q, want %q", test.src, got, test.want)
				}
			}
		}
	}
}

func TestPackageOfAName(t *testing.T) {
	for root, want := range map[string]string{
		"npm:lodash": "lodash", "npm:lodash/template": "lodash", "npm:@a/b/c": "@a/b", "npm:socket.io-client": "socket.io-client",
		"node:fs": "", "eval": "",
	} {
		if got := (Name{Root: root}).Package(); got != want {
			t.Errorf("%s: %q, want %q", root, got, want)
		}
	}
}

func FuzzDenoter(f *testing.F) {
	f.Add([]byte("const { ['a' + b]: c } = require('fs'); c.call(null, ...[c])"))
	f.Add([]byte("function f(g) { return f(g(f)) } f(f.bind(f))"))
	f.Fuzz(func(t *testing.T, src []byte) {
		tree := js.Parse(src, js.Detect)
		scopes := js.Resolve(tree)
		d := New(tree, scopes, js.NewFolder(tree, scopes))
		for c := range d.Calls() {
			d.Target(c.Ref)
		}
		for r := range tree.Nodes {
			if len(d.Of(js.Ref(r))) > maxSet {
				t.Error("a set is too large")
			}
		}
	})
}
