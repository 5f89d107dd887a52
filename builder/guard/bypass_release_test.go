package guard

import (
	"strings"
	"testing"
)

// releases are attacks on the times when the guard's hooks are out, and on what it asks
// of Node when it puts itself in place late. The code itself imports nothing.
var releases = []attack{
	{name: "the stack ends while a required module is held", kinds: "", since: 22, code: `
		const deep = (f) => { try { deep(f); } catch { try { f(); } catch {} } };
		for (let i = 0; i < 60; i++) { const pad = (n) => n ? pad(n - 1) : deep(() => { delete require.cache[here + '/good.mjs']; require('./good.mjs'); }); pad(i); }
		require('./later.js'); await wait(300)`},
	{name: "the stack ends while imports are taken under the guard", kinds: "", code: `
		const deep = (f) => { try { deep(f); } catch { try { f(); } catch {} } };
		for (let i = 0; i < 60; i++) { const pad = (n) => n ? pad(n - 1) : deep(() => require('./later.js')); pad(i); }
		delete require.cache[here + '/later.js']; require('./later.js'); await wait(500)`},
	{name: "a module loaded as if it were the program", kinds: "unlisted", code: `
		try { Module._load(here + '/imports.mjs', null, true); } catch (e) { say(e); } await wait(300); require(evil + 'evil.js')`},
	{name: "a module marked as the program by Node's symbol", kinds: "unlisted", code: `
		const m = new Module(here + '/imports.mjs'); m.filename = here + '/imports.mjs'; for (const s of Object.getOwnPropertySymbols(module)) if (/Main/.test(String(s))) m[s] = true;
		try { m.load(here + '/imports.mjs'); } catch (e) { say(e); } await wait(300); require(evil + 'evil.js')`},
	{name: "a program that turns out to be a module", kinds: "unlisted", since: 22, code: `
		const r = require('child_process').spawnSync(process.execPath, ['untyped.js']); process.stdout.write(r.stdout); process.stderr.write(r.stderr);`},
	{name: "a worker that turns out to be a module", kinds: "unlisted", since: 22, code: `
		const { Worker } = require('worker_threads'); new Worker(here + '/untyped.js').on('error', say)`},
	{name: "a patched resolution that names a builtin", kinds: "", code: `
		for (const id of ['vm', 'node:vm']) { Module._resolveFilename = () => id; try { require('./zzz' + id).runInThisContext('console.log("PWNED")'); } catch (e) { say(e); } }`},
	{name: "a patched search that names a builtin", kinds: "", code: `
		for (const id of ['vm', 'node:vm']) { Module._findPath = () => id; try { require('./zzz' + id).runInThisContext('console.log("PWNED")'); } catch (e) { say(e); } }`},
	{name: "a remembered path that names a builtin", kinds: "", code: `
		Module._pathCache['./zzz\0' + here] = 'vm'; try { require('./zzz').runInThisContext('console.log("PWNED")'); } catch (e) { say(e); }`},
	{name: "a patched search that names child_process", kinds: "", code: `
		Module._findPath = () => 'child_process'; try { console.log(String(require('./zzz').spawnSync('echo', ['PWNED']).stdout)); } catch (e) { say(e); }`},
	{name: "vm options that are a function", kinds: "", code: `
		const vm = require('vm'); let n = 0; const o = () => {}; Object.defineProperty(o, 'cachedData', { get() { n++; return Buffer.alloc(64); } });
		try { vm.compileFunction('this', [], o); } catch (e) { say(e); } if (n) console.log('PWNED', n);
		try { new vm.Script('this', o); } catch (e) { say(e); } if (n) console.log('PWNED', n);
		try { vm.runInThisContext('this', o); } catch (e) { say(e); } if (n) console.log('PWNED', n);`},
	{name: "the class beneath vm's modules", kinds: "", code: `
		const vm = require('vm'); if (!vm.Module) return;
		class X extends vm.Module { constructor(o) { super(o); } }
		try { const x = new X({ sourceText: 'console.log("PWNED")', lineOffset: 0, columnOffset: 0, identifier: 'x' }); for (const s of Object.getOwnPropertySymbols(x)) { const w = x[s]; if (w && w.instantiate) { w.instantiate(); w.evaluate(-1, false); } } } catch (e) { say(e); }`},
	{name: "the handle beneath vm's modules", kinds: "", code: `
		const vm = require('vm'); if (!vm.SyntheticModule) return;
		const x = new vm.SyntheticModule([], () => {}); for (const s of Object.getOwnPropertySymbols(x)) { let w = x[s]; if (w && w.instantiate) { const C = w.constructor; console.log(C.name); w = new C('x', undefined, 'console.log("PWNED")', 0, 0); w.link(async () => {}); w.instantiate(); w.evaluate(-1, false); } }`},
	{name: "a module that takes the import lent to a deferred script", kinds: "", code: `
		const f = here + '/later.js'; let once = false;
		const m = new Proxy(new Module(f), { get: (t, k) => k === 'nbuild:run' ? (self, lent) => { once = true; lent(evil + 'evil.mjs').catch(say); } : t[k] });
		try { Module.prototype._compile.call(m, fs.readFileSync(f, 'utf8'), f); } catch (e) { say(e); } await wait(300);`},
	{name: "flags that the thread of hooks inherits from a prototype", kinds: "", code: `
		Object.prototype.execArgv = ['--require', evil + 'evil.js']; try { require('./later.js'); } catch (e) { say(e); } await wait(500); delete Object.prototype.execArgv`},
	{name: "variables that the thread of hooks inherits from a prototype", kinds: "", code: `
		Object.prototype.env = { NODE_OPTIONS: '--require ' + evil + 'evil.js' }; try { require('./later.js'); } catch (e) { say(e); } await wait(500); delete Object.prototype.env`},
	{name: "NODE_OPTIONS set before the thread of hooks starts", kinds: "", code: `
		process.env.NODE_OPTIONS = '--require ' + evil + 'evil.js'; try { require('./later.js'); } catch (e) { say(e); } await wait(500);`},
	{name: "a patched port tells a worker to run a string as a module", kinds: "", code: `
		const { Worker, MessagePort } = require('worker_threads'); const post = MessagePort.prototype.postMessage;
		MessagePort.prototype.postMessage = function (m, ...r) { if (m && m.filename) m = { ...m, doEval: 'module', filename: 'console.log("PWNED")' }; return post.call(this, m, ...r); };
		new Worker(here + '/fine.js').on('error', say)`},
	{name: "a port seen by async hooks tells a worker to run a string", kinds: "", code: `
		const { Worker, MessagePort } = require('worker_threads'); const post = MessagePort.prototype.postMessage;
		require('async_hooks').createHook({ init(i, t, g, r) { if (t === 'MESSAGEPORT') r.postMessage = function (m, ...a) { if (m && m.filename) m = { ...m, doEval: 'module', filename: 'console.log("PWNED")' }; return post.call(this, m, ...a); }; } }).enable();
		new Worker(here + '/fine.js').on('error', say)`},
	{name: "a patched port tells the thread of hooks to run a string", kinds: "", code: `
		const { MessagePort } = require('worker_threads'); const post = MessagePort.prototype.postMessage;
		MessagePort.prototype.postMessage = function (m, ...r) { if (m && m.filename) m = { ...m, doEval: 'module', filename: 'import fs from "fs"; fs.writeSync(1, "PWNED\\n")' }; return post.call(this, m, ...r); };
		try { require('./later.js'); } catch (e) { say(e); } await wait(500)`},
	{name: "node's test runner imports in this process", kinds: "", since: 22, code: `
		const { run } = require('node:test'); const s = run({ files: [evil + 'evil.mjs'], isolation: 'none' }); s.on('test:fail', (d) => { const e = d.details.error; say(e.cause || e); }); s.on('error', say); s.resume(); await wait(1000);`},
	{name: "node's test runner imports its setup", kinds: "", since: 22, code: `
		const { run } = require('node:test'); const s = run({ files: [here + '/fine.js'], globalSetupPath: evil + 'evil.mjs' }); s.on('test:fail', (d) => { const e = d.details.error; say(e.cause || e); }); s.on('error', say); s.resume(); await wait(1000);`},
	{name: "JSON read by options that every object inherits", kinds: "", code: `
		const bytes = new Uint8Array(fs.readFileSync('good.json'));
		Object.defineProperty(Object.prototype, 'encoding', { configurable: true, set() {}, get() { return 'latin1'; } });
		const real = Buffer.prototype.toString; Buffer.prototype.toString = function (...a) { if (a[0] !== 'latin1') return real.apply(this, a); const b = new Uint8Array(bytes); b.toString = () => '{"name":"PWNED"}'; return b; };
		let got; try { got = require('./good.json').name; } catch (e) { say(e); } delete Object.prototype.encoding; Buffer.prototype.toString = real; console.log(got)`},
	{name: "the named exports of node:module alone", kinds: "", since: 22, code: `
		const r = require('child_process').spawnSync(process.execPath, ['names.mjs']); process.stdout.write(r.stdout); process.stderr.write(r.stderr);`},
	{name: "a string posted to the port that controls a worker", kinds: "", code: `
		const { Worker, MessagePort, moveMessagePortToContext, MessageChannel } = require('worker_threads'); const vm = require('vm'); const w = new Worker(here + '/stay.js'); w.on('error', say); await wait(200);
		const { port1 } = new MessageChannel(); const there = moveMessagePortToContext(port1, vm.createContext({})); const posts = [MessagePort.prototype.postMessage, there.postMessage];
		let P = Object.getPrototypeOf(there); while (P) { if (P.postMessage) posts.push(P.postMessage); P = Object.getPrototypeOf(P); }
		const msg = { type: 'loadScript', filename: 'console.log("PWNED")', doEval: 'module', argv: [], environmentData: new Map(), hasStdin: false, publicPort: null, cwdCounter: new Uint32Array(new SharedArrayBuffer(4)), workerData: 1 };
		for (const s of Object.getOwnPropertySymbols(w)) { const p = w[s]; if (p && p.postMessage) for (const post of posts) { try { post.call(p, msg); console.log('sent'); } catch (e) { say(e); } } }
		await wait(300); process.exit()`},
	{name: "a module mocked by node's test runner", kinds: "", since: 22, code: `
		const { mock } = require('node:test'); try { mock.module(here + '/good.mjs', { namedExports: { 'x = console.log("PWNED"), y': 1 } }); } catch (e) { say(e); }
		try { await import('./good.mjs'); } catch (e) { say(e); } try { require('./good.mjs'); } catch (e) { say(e); }`},
	{name: "required modules that throw and that are in a cycle", kinds: "", since: 22, code: `
		try { require('./throws.mjs'); } catch (e) { console.log(e.message); } try { require('./cycle.mjs'); } catch (e) { say(e); }
		try { require('./tla.mjs'); } catch (e) { say(e); } await wait(300); require('./later.js'); await wait(300)`},
	{name: "a program started while a module is linked", kinds: "", since: 22, code: `
		try { require('./nested.mjs'); } catch (e) { say(e); } await wait(500)`},
	{name: "a process that says it is another", kinds: "", code: `
		process.execArgv = ['--no-x']; process.version = 'v99.0.0'; process.versions = {}; require('./fine.js'); require('./later.js'); await wait(300)`},
	{name: "a prototype that says a script imports nothing", kinds: "", code: `
		Object.prototype[here + '/later.js'] = false; Array.prototype[here + '/later.js'] = false; String.prototype.exec = () => null; RegExp.prototype.exec = () => null; require('./later.js'); await wait(300)`},
	{name: "a resolution that answers twice", kinds: "", code: `
		for (const id of ['vm', 'child_process']) { let n = 0; const o = { toString: () => n++ ? id : here + '/fine.js', [Symbol.toPrimitive]: () => n++ ? id : here + '/fine.js' };
		for (const r of [new String(id), o]) { const old = Module._resolveFilename; Module._resolveFilename = () => r; try { const m = require('./q' + id); if (m.runInThisContext) m.runInThisContext('console.log("PWNED")'); if (m.spawnSync) console.log(String(m.spawnSync('echo', ['PWNED']).stdout)); } catch (e) { say(e); } } }
		try { Object.defineProperty(Module, '_resolveFilename', { value: () => 'vm' }); } catch (e) { say(e); } try { delete Module._resolveFilename; } catch (e) { say(e); }
		try { require('./zz').runInThisContext('console.log("PWNED")'); } catch (e) { say(e); }`},
	{name: "a package that maps a name to a builtin", kinds: "", code: `
		fs.writeFileSync(here + '/node_modules/plain/package.json', JSON.stringify({ name: 'plain', main: 'index.js', imports: { '#v': 'vm' }, exports: { './v': 'vm' } }));
		const r = Module.createRequire(here + '/node_modules/plain/index.js'); for (const n of ['#v', 'plain/v']) try { r(n).runInThisContext('console.log("PWNED")'); } catch (e) { say(e); }`},
	{name: "a require that lies to the guard", kinds: "", code: `
		const real = Module.prototype.require; Module.prototype.require = function (id) { if (/guard\.cjs/.test(this.filename)) { console.log('asked', id); return { ChildProcess: class { _handle = { __proto__: {} }; }, Script: class {}, Worker: class {}, Session: class {} }; } return real.call(this, id); };
		try { console.log(String(require('child_process').spawnSync('echo', ['PWNED']).stdout)); } catch (e) { say(e); }
		try { const s = new (require('inspector').Session)(); s.connect(); s.post('Runtime.evaluate', { expression: 'console.log("PWNED")' }); } catch (e) { say(e); }`},
	{name: "named exports that are not brought up to date", kinds: "", code: `
		Module.syncBuiltinESMExports = () => {}; const m = await import('./vmnames.mjs'); for (const f of m.ways) try { f(); } catch (e) { say(e); }`},
	{name: "foreign functions asked for twice", kinds: "", since: 26, code: `
		for (const id of ['node:ffi', 'node:ffi']) try { const f = require(id); console.log('PWNED', Object.keys(f)); } catch (e) { say(e); }
		for (const id of ['node:ffi', 'node:ffi']) try { const f = process.getBuiltinModule(id); if (f) console.log('PWNED', Object.keys(f)); } catch (e) { say(e); }`},
	{name: "builtins asked for all along the end of the stack", kinds: "", code: `
		let left; const deep = (f) => { try { deep(f); } catch {} if (left-- > 0) try { f(); } catch {} };
		for (let i = 0; i < 12; i++) { left = 40; const pad = (n) => n ? pad(n - 1) : deep(() => require('vm')); pad(i); }
		try { require('vm').runInThisContext('console.log("PWNED")'); } catch (e) { say(e); }
		for (let i = 0; i < 12; i++) { left = 40; const pad = (n) => n ? pad(n - 1) : deep(() => require('child_process')); pad(i); }
		try { console.log(String(require('child_process').spawnSync('echo', ['PWNED']).stdout)); } catch (e) { say(e); }`},
	{name: "a then that every loaded source inherits", kinds: "", since: 22, code: `
		Object.defineProperty(Object.prototype, 'then', { configurable: true, get() { if (this && typeof this.format === 'string' && /good/.test(this.responseURL || this.source)) return (res) => res({ __proto__: null, format: 'module', source: 'console.log("PWNED")', responseURL: this.responseURL }); } });
		try { await import('./good.mjs'); } catch (e) { say(e); }`},
	{name: "promises that give another source", kinds: "", since: 22, code: `
		const real = Promise.prototype.then; const seen = new Set();
		const swap = (v) => v && typeof v === 'object' && typeof v.format === 'string' && 'source' in v ? { __proto__: null, ...v, format: 'module', source: 'console.log("PWNED")' } : v;
		Promise.prototype.then = function (a, b) { return Reflect.apply(real, this, [typeof a === 'function' ? (v) => a(swap(v)) : a, b]); };
		Object.defineProperty(Promise.prototype, 'constructor', { value: function X() {}, configurable: true, writable: true });
		try { await import('./good.mjs'); } catch (e) { say(e); }`},
	{name: "a thread made by the class beneath Worker", kinds: "", code: `
		const { Worker } = require('worker_threads'); const w = new Worker(here + '/fine.js'); let Impl;
		for (const s of Object.getOwnPropertySymbols(w)) if (w[s] && w[s].startThread) { Impl = w[s].constructor; }
		for (const args of [[null, null, [], new Float64Array(4), true, false], ['file:///x', null, [], new Float64Array(4), true, false, '', false]]) try { const h = new Impl(...args); if (h.messagePort) console.log('PWNED'); } catch (e) { say(e); }`},
}

// releaseFiles are listed beside the victims of the other attacks.
var releaseFiles = map[string]string{
	"imports.mjs": "import './unlisted/evil.mjs';\n",
	"throws.mjs":  "import './good.mjs';\nthrow new Error('thrown');\n",
	"cycle.mjs":   "import './cycle.cjs';\nexport const a = 1;\n",
	"cycle.cjs":   "try { require('./cycle.mjs'); } catch (e) { console.log(e.code); }\n",
	"tla.mjs":     "import './imports.mjs';\nawait 1;\n",
	"nested.mjs":  "import './nested.cjs';\n",
	"nested.cjs":  "const M = require('module'); M._load(__dirname + '/imports.mjs', null, true); try { M._load(__dirname + '/untyped.js', null, true); } catch (e) { console.log(e.code); }\n",
	"stay.js":     "setTimeout(() => {}, 1000);\n",
	"vmnames.mjs": "import { runInThisContext, Script } from 'node:vm';\nexport const ways = [() => runInThisContext('console.log(\"PWNED\")'), () => new Script('console.log(\"PWNED\")').runInThisContext()];\n",
	"untyped.js":  "import './unlisted/evil.mjs';\n",
	"later.js":    "setTimeout(() => import('./unlisted/evil.mjs').catch((e) => console.log(e.code, e.message)), 10);\n",
	"names.mjs": `import { registerHooks, runMain, findPackageJSON } from 'node:module';
import * as p from 'node:process';
import * as m from 'node:module';
console.log(Object.keys(m).filter((k) => k[0] === '_').join());
if (m._load) try { m._load('vm').runInThisContext('console.log("PWNED 1")'); } catch (e) { console.log(e.code); }
try { p.binding('contextify'); console.log('PWNED 2'); } catch (e) { console.log(e.code); }
try { p.getBuiltinModule('vm').runInThisContext('console.log("PWNED 3")'); } catch (e) { console.log(e.code); }
registerHooks({ load(u, c, n) { return u.endsWith('good.mjs') ? { format: 'module', shortCircuit: true, source: 'console.log("PWNED 4")' } : n(u, c); } });
try { await import('./good.mjs'); } catch (e) { console.log(e.code); }
`,
}

func TestGuardHoldsWhileItsHooksAreOut(t *testing.T) {
	for _, a := range chosen(releases) {
		t.Run(strings.ReplaceAll(a.name, " ", "-"), func(t *testing.T) {
			eachNode(t, func(t *testing.T, n node) {
				t.Parallel()
				a.files, a.said = releaseFiles, true
				a.run(t, n)
			})
		})
	}
}
