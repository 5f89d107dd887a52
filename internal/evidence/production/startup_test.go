package production

import (
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/sources/tracefile"
	"github.com/nbuild/nbuild/pipelines"
)

func TestWhatCertainlyRunsIsKnownFromWhatMayNot(t *testing.T) {
	for _, c := range []struct {
		code string
		want bool
	}{
		{"here()", true}, {"const a = new here()", true}, {"module.exports = { a: here() }", true}, {"(function () { here() })()", true},
		{"(() => here())()", true}, {"if (here()) a()", true}, {"here() || a()", true}, {"here() ? a : b", true}, {"for (const a of here()) b()", true},
		{"for (let a = here(); a;) b()", true}, {"switch (here()) { case 1: }", true}, {"{ here() }", true}, {"a: here()", true}, {"a(here())", true},
		{"function f() { return 1 }\nhere()", true}, {"a = () => { throw 1 }; here()", true}, {"export default here()", true},
		{"function f() { here() }", false}, {"() => here()", false}, {"(async () => { here() })()", false}, {"(function* () { here() })()", false},
		{"if (a) here()", false}, {"if (a) b(); else here()", false}, {"a || here()", false}, {"a && here()", false}, {"a ?? here()", false},
		{"a ? here() : b", false}, {"a ??= here()", false}, {"try { here() } catch {}", false}, {"try {} catch { here() }", false},
		{"while (a) here()", false}, {"for (const a of b) here()", false}, {"for (; a; here()) b()", false}, {"switch (a) { case 1: here() }", false},
		{"a?.(here())", false}, {"class A { b = here() }", false}, {"const [a = here()] = b", false}, {"if (a) return\nhere()", false},
		{"if (a) throw 1\nhere()", false}, {"(function () { if (a) return; here() })()", false}, {"f(function () { here() })", false},
	} {
		tree := js.Parse([]byte(c.code), js.Detect)
		if len(tree.Errors) > 0 {
			t.Fatalf("%s: %v", c.code, tree.Errors)
		}
		got, found := false, false
		for i := 1; i < len(tree.Nodes); i++ {
			n := tree.Nodes[i]
			if (n.Kind == js.CallExpression || n.Kind == js.NewExpression) && tree.Kind(n.First) == js.Identifier && tree.Text(n.First) == "here" {
				got, found = certain(tree, js.Ref(i)), true
			}
		}
		if !found || got != c.want {
			t.Errorf("%s: found %v, certain %v, want %v", c.code, found, got, c.want)
		}
	}
}

// What the guard is certain to stop is an error, and says which block allows it; the same
// where it may not run, or is allowed, or the guard would not stop it, is none.
func TestWhatTheGuardWillStopIsAnError(t *testing.T) {
	const project = `
-- package.json --
{"name":"shop"}
-- server.js --
require('a')
-- first.js --
new Function('')
-- node_modules/a/package.json --
{"name":"a","version":"1.0.0"}
-- node_modules/a/index.js --
A
-- node_modules/m/package.json --
{"name":"m","version":"1.0.0","type":"module","exports":"./index.js"}
-- node_modules/m/index.js --
export const m = 1
`
	approved := pipelines.Dynamism{Evaluators: []pipelines.Evaluator{{Purl: "pkg:npm/a", Reason: "x"}}, Instrumenters: []pipelines.Instrumenter{{Purl: "pkg:npm/a", Reason: "x"}}}
	for _, c := range []struct {
		name, a, node, guard, eval string
		command                    []string
		d                          pipelines.Dynamism
		want                       string
	}{
		{name: "code from a string", a: "eval('1')", want: `evaluator "pkg:npm/a"`},
		{name: "... behind a branch", a: "if (x) eval('1')"},
		{name: "... approved", a: "eval('1')", d: approved},
		{name: "... in report", a: "eval('1')", guard: "report"},
		{name: "... where eval is open", a: "eval('1')", eval: "off"},
		{name: "hooks", a: "require('module').registerHooks({})", want: `instrumenter "pkg:npm/a"`},
		{name: "hooks that a function registers", a: "exports.f = () => require('module').registerHooks({})", want: `instrumenter "pkg:npm/a"`},
		{name: "hooks, approved", a: "require('module').registerHooks({})", d: approved},
		{name: "a wrapper of _compile", a: "const M = require('module'); const c = M.prototype._compile; M.prototype._compile = function (...a) { return c.apply(this, a) }", want: `instrumenter "pkg:npm/a"`},
		{name: "a wrapper of require", a: "const M = require('module'); const c = M.prototype.require; M.prototype.require = function (...a) { return c.apply(this, a) }"},
		{name: "a module on Node 20", a: "require('m')", node: "20.20.2", want: `node = "22"`},
		{name: "a module on Node 20, perhaps", a: "try { require('m') } catch {}", node: "20.20.2"},
		{name: "a module on Node 22", a: "require('m')"},
		{name: "what node is given first", a: "", command: []string{"--require", "./first.js", "server.js"}, want: `files  = ["first.js"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			command := c.command
			if command == nil {
				command = []string{"server.js"}
			}
			in := contents(strings.Replace(project, "\nA\n", "\n"+c.a+"\n", 1), command...)
			in.Block.Guard, in.Block.Guarding.Eval = "enforce", c.eval
			if c.guard != "" {
				in.Block.Guard = c.guard
			}
			if c.node != "" {
				in.Node = c.node
			}
			_, err := List(t.Context(), in, c.d, (*tracefile.File)(nil))
			problems := diag.All(err)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if len(problems) != 1 || problems[0].Code != CodeStopped || !strings.Contains(problems[0].Remedy, c.want) {
				t.Errorf("%v", problems)
			}
		})
	}
}
