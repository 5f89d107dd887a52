package guard

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// inBuildHCL are the attributes and blocks of build.hcl that a refusal may name.
var inBuildHCL = regexp.MustCompile(`load "GLOB"|evaluator "|generated "|instrumenter "|guarding \{|guard = "report"|node = "22"`)

// helpful holds what the guard said to its rules: no line names it twice, and each
// refusal says what in build.hcl would allow it.
func helpful(t *testing.T, stderr string) {
	t.Helper()
	for line := range strings.SplitSeq(stderr, "\n") {
		if strings.Count(line, "nbuild guard:") > 1 {
			t.Errorf("a line names the guard twice: %s", line)
		}
		var event struct{ Schema, Event, Allow string }
		if json.Unmarshal([]byte(line), &event) == nil && event.Schema == EventSchema && event.Allow == "" {
			t.Errorf("an event does not say what would allow it: %s", line)
		}
		if strings.Contains(line, "Error: nbuild guard: ") && !inBuildHCL.MatchString(line) {
			t.Errorf("a refusal names nothing in build.hcl: %s", line)
		}
	}
}

const wrapping = `
-- package.json --
{"name": "app"}
-- wrap.js --
'use strict';
const Module = require('module');
const seen = new Set();
const wrap = (object, name) => {
  const original = object[name];
  object[name] = function (...args) { seen.add(name); return new.target ? Reflect.construct(original, args) : original.apply(this, args); };
};
wrap(Module, '_load'); wrap(Module.prototype, 'require'); wrap(Module.prototype, '_compile'); wrap(Module._extensions, '.js'); wrap(Module._extensions, '.json');
if (process.getBuiltinModule) { wrap(process, 'getBuiltinModule'); process.getBuiltinModule('fs'); } else seen.add('getBuiltinModule');
wrap(console, 'warn'); wrap(require('child_process'), 'execFileSync'); wrap(require('worker_threads'), 'Worker');
const js = Module._extensions['.js'];
Module._extensions['.js'] = (module, file) => { // as hooks on a single module do
  const own = module._compile;
  module._compile = function (...args) { seen.add('its own _compile'); return own.apply(this, args); };
  return js(module, file);
};
exports.seen = seen;
-- server.js --
const { seen } = require('./wrap.js');
require('./lib.js'); require('./data.json'); console.warn('said');
require('child_process').execFileSync(process.execPath, ['lib.js']);
new (require('worker_threads').Worker)('./lib.js').on('exit', () => console.log([...seen].sort().join(' ')));
-- lib.js --
exports.name = 'lib';
-- data.json --
{}
`

// What instrumentation wraps it may wrap, since what lies beneath only the guard has.
func TestTheLoaderMayBeWrapped(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		w := newWorld(t, wrapping)
		w.o.Console = "module"
		got := w.run(n, "server.js")
		const want = ".js .json Worker _compile _load execFileSync getBuiltinModule its own _compile require warn\n"
		if got.exit != 0 || got.stdout != want && !strings.HasSuffix(got.stdout, "] "+want) || strings.Contains(got.stderr, EventSchema) {
			t.Errorf("exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
		}
	})
}

// Where Node would ignore an assignment in silence, the guard says that it stands there.
func TestWhatTheGuardHoldsIsNotReplacedInSilence(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		got := newWorld(t, `
-- package.json --
{"name": "app"}
-- server.js --
process.dlopen = function () {};
`).run(n, "server.js")
		if got.exit == 0 || !strings.Contains(got.stderr, `"event":"denied","kind":"replaced"`) || !strings.Contains(got.stderr, "nbuild guard: dlopen is where the guard stands") || !strings.Contains(got.stderr, `/app/server.js"`) {
			t.Errorf("exit %d, stderr %s", got.exit, got.stderr)
		}
		helpful(t, got.stderr)
	})
}

// On Node 20 require takes no ECMAScript module under the guard: its refusal stays
// Node's, for programs that then import, and says who asked for it and the way out.
func TestARequiredModuleOnNode20NamesTheGuardAndTheWayOut(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		if n.major != 20 {
			return
		}
		const files = `
-- package.json --
{"name": "app"}
-- caught.js --
try { require('only'); } catch (e) { import('only').then((m) => console.log(e.code, m.name)); }
-- server.js --
require('./between.js');
-- between.js --
require('only');
-- node_modules/only/package.json --
{"name": "only", "type": "module", "exports": "./index.js"}
-- node_modules/only/index.js --
export const name = 'only';
`
		got := newWorld(t, files).run(n, "server.js")
		for _, want := range []string{`"kind":"esm"`, "nbuild guard: it is an ECMAScript module", `node = "22"`, "import()", "[ERR_REQUIRE_ESM]"} {
			if got.exit == 0 || !strings.Contains(got.stderr, want) {
				t.Errorf("%q: exit %d, stderr %s", want, got.exit, got.stderr)
			}
		}
		helpful(t, got.stderr)
		if got := newWorld(t, files).run(n, "caught.js"); got.exit != 0 || got.stdout != "ERR_REQUIRE_ESM only\n" {
			t.Errorf("exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
		}
	})
}

// What a process is told before its program is held to the list, in it, its workers and
// its children.
func TestModulesThatNodeLoadsFirstAreHeld(t *testing.T) {
	const files = `
-- package.json --
{"name": "app"}
-- first.js --
globalThis.first = 'required';
-- first.mjs --
globalThis.second = 'imported';
-- server.js --
console.log(first, second, process.execArgv.length);
if (process.argv[2]) {
  const { Worker } = require('worker_threads'); const { fork } = require('child_process');
  new Worker('./inner.js', { execArgv: process.execArgv }).on('exit', () => new Worker('./inner.js').on('exit', () => fork('./inner.js')));
}
-- inner.js --
console.log(first, second);
`
	eachNode(t, func(t *testing.T, n node) {
		w := newWorld(t, files)
		got := w.run(n, "--require", "./first.js", "--import=./first.mjs", "server.js", "more")
		if want := "required imported 3\n" + strings.Repeat("required imported\n", 3); got.exit != 0 || got.stdout != want {
			t.Errorf("exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
		}
		for _, name := range []string{"first.js", "first.mjs"} {
			w := newWorld(t, files)
			w.list()
			w.write(name, "globalThis.first = globalThis.second = 'PWNED';\n")
			got := w.start(n, "-r", "./first.js", "--import", "./first.mjs", "server.js")
			if got.exit == 0 || got.stdout != "" || !strings.Contains(got.stderr, "is not the file that was signed") {
				t.Errorf("%s: exit %d, stdout %q, stderr %s", name, got.exit, got.stdout, got.stderr)
			}
			helpful(t, got.stderr)
		}
	})
}
