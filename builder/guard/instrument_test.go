package guard

import (
	"strings"
	"testing"
)

// rewriting is a program whose modules are rewritten as they load, in each way in which
// instrumentation does it.
const rewriting = `
-- package.json --
{"name": "app"}
-- compile.js --
const Module = require('module');
const original = Module.prototype._compile;
Module.prototype._compile = function (content, filename, ...rest) {
  return original.call(this, filename.endsWith('lib.js') ? content.replace('plain', 'rewritten') : content, filename, ...rest);
};
const other = Module.Module.prototype._compile;
Module.prototype._compile = function (...args) { return other.apply(this, args); };
-- hooks.js --
const mod = Object.assign({}, require('node:module'));
if (mod.registerHooks) mod.registerHooks({ load(url, context, next) {
  const got = next(url, context);
  if (/lib\.m?js$/.test(url) && got.source) return { ...got, source: String(got.source).replace('plain', 'rewritten'), shortCircuit: true };
  return got;
} });
-- hooks.mjs --
import * as all from 'node:module';
import Module, { registerHooks, createRequire } from 'module';
if (all.registerHooks !== registerHooks || Module.createRequire !== createRequire) throw new Error('not one module');
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return found.url.endsWith('lib.js') && !specifier.includes('?') && !context.parentURL.includes('?') ? { ...found, url: found.url + '?wrapped', format: 'module', shortCircuit: true } : found;
  },
  load: (url, context, next) => (url.endsWith('?wrapped') ? { format: 'module', source: 'import lib from "./lib.js?x"; export default { name: lib.name + " and wrapped" };', shortCircuit: true } : next(url, context)),
});
-- thread.js --
require('module').register('./nowhere.mjs', 'file://' + __dirname + '/');
require('./compile.js');
-- lib.js --
exports.name = 'plain';
-- lib.mjs --
export const name = 'plain';
-- server.js --
require(process.argv[2]);
console.log(require('./lib.js').name);
-- server.mjs --
await import(process.argv[2]);
console.log((await import('./lib.mjs')).name, (await import('./lib.js')).default.name);
`

func TestAnApprovedInstrumenterMayRewriteWhatLoads(t *testing.T) {
	tests := []struct {
		name, program, instrumenter string
		since                       int
		want                        string
		kind                        string // of the event, of what is reported although it is approved
	}{
		{"_compile", "server.js", "./compile.js", 20, "rewritten\n", ""},
		{"hooks for require", "server.js", "./hooks.js", 22, "rewritten\n", ""},
		{"hooks for import", "server.mjs", "./hooks.js", 22, "rewritten rewritten\n", ""},
		{"hooks by a module", "server.mjs", "./hooks.mjs", 22, "plain plain and wrapped\n", ""},
		{"hooks in a thread", "server.js", "./thread.js", 20, "rewritten\n", "hooks"},
	}
	for _, c := range tests {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			eachNode(t, func(t *testing.T, n node) {
				if n.major < c.since {
					return
				}
				for _, eval := range []Mode{Enforce, Off} {
					w := newWorld(t, rewriting)
					w.o.Eval = eval
					w.rewriters = []string{"compile.js", "hooks.js", "hooks.mjs", "thread.js"}
					got := w.run(n, c.program, c.instrumenter)
					if got.exit != 0 || got.stdout != c.want || strings.Contains(got.stderr, EventSchema) != (c.kind != "") || !strings.Contains(got.stderr, c.kind) {
						t.Errorf("approved, eval %s: exit %d, stdout %q, stderr %s", eval, got.exit, got.stdout, got.stderr)
					}
					w.rewriters = nil
					got = w.run(n, c.program, c.instrumenter)
					if got.exit == 0 || strings.Contains(got.stdout, "rewritten") || !strings.Contains(got.stderr, `"event":"denied"`) || !strings.Contains(got.stderr, "instrumenter") && c.kind == "" {
						t.Errorf("not approved: exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
					}
					helpful(t, got.stderr)
					// What was changed on disk is refused, whoever rewrites it.
					w.rewriters = []string{"compile.js", "hooks.js", "hooks.mjs", "thread.js"}
					w.list()
					w.write("lib.js", "exports.name = 'plain and PWNED';\n")
					w.write("lib.mjs", "export const name = 'plain and PWNED';\n")
					got = w.start(n, c.program, c.instrumenter)
					if got.exit == 0 || strings.Contains(got.stdout, "PWNED") || !strings.Contains(got.stderr, "is not the file that was signed") {
						t.Errorf("changed: exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
					}
				}
			})
		})
	}
}
