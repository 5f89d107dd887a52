package guard

import (
	"strings"
	"testing"
)

// insiders are attacks by a listed module that is on the attacker's side only in
// part: it turns what the guard itself reads, calls or hands on against it.
var insiders = []attack{
	{name: "vm options that hide bytecode the first time", kinds: "", code: `
		const vm = require('vm'); const context = vm.createContext({});
		for (const [name, rest] of [['runInThisContext', []], ['compileFunction', [[]]], ['runInContext', [context]]]) {
			let n = 0; const options = { get cachedData() { return n++ ? Buffer.alloc(64) : undefined; } };
			try { const got = vm[name]('this', ...rest, options); if (n > 1) console.log('PWNED ' + name + ' ' + n + (got && got.cachedDataRejected)); } catch (e) { say(e); }
		}`},
	{name: "vm parameters that change after they are read", kinds: "", code: `
		let n = 0; const p = new Proxy(['a'], { get: (t, k) => k === '0' ? (n++ ? 'a = console.log("PWNED")' : 'a') : t[k], getOwnPropertyDescriptor: (t, k) => k === '0' ? { value: n++ ? 'a = console.log("PWNED")' : 'a', configurable: true, enumerable: true, writable: true } : Reflect.getOwnPropertyDescriptor(t, k) });
		require('vm').compileFunction('this', p)()`},
	{name: "a script run in a new context that may make code", kinds: "", code: `
		const { Script } = require('vm'); for (const o of [undefined, { contextCodeGeneration: { strings: true, wasm: true } }]) { try { const g = new Script('this').runInNewContext({}, o); g.Array.constructor('return 1')(); console.log('PWNED'); } catch (e) { say(e); } }`},
	{name: "an approved module compiled for a module that watches", kinds: "", code: `
		let desc; const m = new Proxy(new Module(here + '/evaluator.js'), { defineProperty(t, k, d) { if (d.get) desc = d; return Reflect.defineProperty(t, k, d); } });
		m.filename = here + '/evaluator.js'; try { m._compile(fs.readFileSync('evaluator.js', 'utf8'), here + '/evaluator.js'); } catch (e) { say(e); }
		if (desc) desc.get()((F) => { F('console.log("PWNED")')(); return () => {}; }, null, [])`},
	{name: "a process that watches an approved module", kinds: "", code: `
		const real = process; globalThis.process = new Proxy({}, { get: (t, k) => String(k).startsWith('nbuild') ? (w) => { const F = real[k](w); F('console.log("PWNED")')(); return F; } : real[k] });
		try { await import('./evaluator.mjs'); } catch (e) { globalThis.process = real; say(e); }`},
	{name: "a wrapper changed between the check and the compiler", kinds: "", code: `
		const p = new Proxy(new Module('x'), { get: (t, k) => { Module.wrap = () => '(function () { console.log("PWNED"); })'; Module.wrapper[0] = '(function () { console.log("PWNED"); '; return t[k]; } });
		Module.prototype._compile.call(p, fs.readFileSync('fine.js', 'utf8'), here + '/fine.js')`},
	{name: "a wrapper changed by a getter that every module inherits", kinds: "", code: `
		const m = new Module('x'); for (const s of [...Object.getOwnPropertySymbols(m), ...Object.getOwnPropertySymbols(require.main)]) try { Object.defineProperty(Object.prototype, s, { configurable: true, get() { Module.wrap = () => '(function () { console.log("PWNED"); })'; } }); } catch (e) { say(e); }
		Module.prototype._compile.call(Object.create(Module.prototype), fs.readFileSync('fine.js', 'utf8'), here + '/fine.js')`},
	{name: "a worker whose eval answers later", kinds: "", code: `
		const { Worker } = require('worker_threads'); let n = 0; new Worker('console.log("PWNED")', { get eval() { return n++ > 0; } }).on('error', say)`},
	{name: "a worker whose eval is an inherited getter", kinds: "", code: `
		const { Worker } = require('worker_threads'); let n = 0; Object.defineProperty(Object.prototype, 'eval', { configurable: true, get: () => n++ > 0 }); new Worker('console.log("PWNED")', {}).on('error', say)`},
	{name: "a worker whose flags are an inherited getter", kinds: "", code: `
		const { Worker } = require('worker_threads'); for (let k = 1; k < 6; k++) { let n = 0; Object.defineProperty(Object.prototype, 'execArgv', { configurable: true, get: () => n++ < k ? undefined : ['--require', evil + 'evil.js'] }); try { new Worker(here + '/fine.js', {}).on('error', say); } catch (e) { say(e); } } delete Object.prototype.execArgv`},
	{name: "a patched port tells a worker to run a string", kinds: "", code: `
		const { Worker, MessagePort } = require('worker_threads'); const post = MessagePort.prototype.postMessage;
		MessagePort.prototype.postMessage = function (m, ...r) { if (m && m.filename) m = { ...m, doEval: 'classic', filename: 'console.log("PWNED")' }; return post.call(this, m, ...r); };
		new Worker(here + '/fine.js').on('error', say)`},
	{name: "a setter tells a worker to run a string", kinds: "", code: `
		const { Worker } = require('worker_threads'); const w = new Worker(here + '/fine.js'); w.on('error', say);
		for (const s of Object.getOwnPropertySymbols(w)) { const p = w[s]; if (p && p.postMessage) for (const doEval of [true, 'classic', 'module']) try { p.postMessage({ type: 'loadScript', filename: 'console.log("PWNED")', doEval, argv: [], environmentData: new Map(), hasStdin: false, publicPort: null }); } catch (e) { say(e); } }`},
	{name: "the handle beneath a worker", kinds: "", code: `
		const { Worker } = require('worker_threads'); const w = new Worker(here + '/fine.js'); w.on('error', say); let Impl;
		for (const s of Object.getOwnPropertySymbols(w)) if (w[s] && w[s].startThread) Impl = w[s].constructor;
		if (!Impl) { require('async_hooks').createHook({ init(i, t, g, r) { if (t === 'WORKER') Impl = r.constructor; } }).enable(); new Worker(here + '/fine.js'); }
		if (Impl) { let h; try { h = new Impl(null, null, undefined, [], new Float64Array(4), true, false); } catch (e) { say(e); return; } if (h && h.startThread) console.log('PWNED ' + Object.keys(h)); }`},
	{name: "a URL class of its own", kinds: "", code: `
		const url = require('url'); const U = url.URL; url.URL = function () { return new U('data:text/javascript,console.log("PWNED")'); }; url.URL.prototype = U.prototype;
		new (require('worker_threads').Worker)(new U('file://' + here + '/fine.js')).on('error', say)`},
	{name: "variables that answer twice", kinds: "", code: `
		const c = require('child_process'); for (let k = 1; k < 5; k++) { let n = 0; const v = { toString: () => n++ < k ? '--require ' + evil + 'evil.js' : '' }; try { console.log(String(c.spawnSync(process.execPath, ['fine.js'], { env: { NODE_OPTIONS: v } }).stdout)); } catch (e) { say(e); } }
		for (let k = 1; k < 5; k++) { let n = 0; const v = { toString: () => n++ < k ? '' : '--require ' + evil + 'evil.js' }; try { console.log(String(c.spawnSync(process.execPath, ['fine.js'], { env: { NODE_OPTIONS: v } }).stdout)); } catch (e) { say(e); } }`},
	{name: "variables that a child inherits from a prototype", kinds: "", code: `
		Object.prototype.NODE_OPTIONS = '--require ' + evil + 'evil.js'; try { console.log(String(require('child_process').spawnSync(process.execPath, ['fine.js'], { env: Object.create(null) }).stdout)); } finally { delete Object.prototype.NODE_OPTIONS; }`},
	{name: "flags behind two dashes and behind a value", kinds: "", code: `
		const c = require('child_process'); for (const a of [['--', '-e', 'console.log("PWNED")'], ['--trace-event-categories', 'v8', '-e', 'console.log("PWNED")'], ['--allow-fs-read', '*', '-e', 'console.log("PWNED")'], ['--', '--require', evil + 'evil.js', 'fine.js']]) try { console.log(String(c.spawnSync(process.execPath, a).stdout)); } catch (e) { say(e); }`},
	{name: "a condition named require", kinds: "unlisted flag", code: `
		try { console.log(String(require('child_process').spawnSync(process.execPath, ['--conditions=require', 'imports.mjs']).stdout)); } catch (e) { say(e); }
		const r = require('child_process').spawnSync(process.execPath, ['imports.mjs']); process.stderr.write(r.stderr)`},
	{name: "a listed module required that imports an unlisted one", kinds: "unlisted", since: 22, code: `require('./imports.mjs')`},
	{name: "the same in a child that is told to require modules", kinds: "unlisted esm", code: `
		if (process.argv[2]) return require('./imports.mjs');
		const r = require('child_process').spawnSync(process.execPath, ['--experimental-require-module', 'attack.js', 'again']); process.stdout.write(r.stdout); process.stderr.write(r.stderr)`},
	{name: "a worker whose arguments name a listed file", kinds: "", code: `
		const { Worker } = require('worker_threads');
		for (const file of ['evil.mjs', 'evil.js']) {
			const w = new Worker(evil + file, { argv: [__filename] });
			w.on('error', say); await new Promise((done) => w.on('exit', done));
		}`},
	{name: "a module that loads a plain script first", kinds: "unlisted", code: `
		const r = require('child_process').spawnSync(process.execPath, ['importer.mjs']); process.stdout.write(r.stdout); process.stderr.write(r.stderr);
		const w = new (require('worker_threads').Worker)(here + '/importer.mjs'); w.on('error', say); await new Promise((done) => w.on('exit', done))`},
	{name: "a script that turns out to import", kinds: "unlisted", code: `require('./fine.js'); require('./later.js'); await wait(100)`},
	{name: "the program started once more", kinds: "unlisted", code: `
		Module._findPath = () => evil + 'evil.mjs'; for (const f of [undefined, here + '/good.mjs', evil + 'evil.mjs']) { try { Module.runMain(f); } catch (e) { say(e); } }; await wait(100)`},
	{name: "an approved string that imports near the end of the stack", kinds: "unlisted", said: true, code: `
		const { run } = require('./evaluator.js'); const load = "return import('" + evil + "evil.mjs').catch((e) => console.log(e.code))";
		const deep = (f) => { try { deep(f); } catch { try { f(); } catch {} } };
		for (let i = 0; i < 40; i++) { const pad = (n) => n ? pad(n - 1) : deep(() => run(load)); pad(i); }
		await run(load)`},
	{name: "an addon whose name holds a zero", kinds: "", code: `
		fs.writeFileSync('evil.node', 'x'); try { process.dlopen({ exports: {} }, here + '/evil.node\0'); } catch (e) { say(e); if (/evil\.node/.test(e.message) && e.code !== 'ERR_NBUILD_GUARD') console.log('PWNED'); }`},
	{name: "a library found by its name alone", kinds: "", code: `
		try { process.dlopen({ exports: {} }, 'libm.so.6'); console.log('PWNED'); } catch (e) { say(e); if (e.code !== 'ERR_NBUILD_GUARD') console.log('PWNED'); }`},
	{name: "an addon too large to be read", kinds: "", code: `
		fs.writeFileSync('evil.node', 'x'); fs.truncateSync('evil.node', 2 ** 31 + 10); try { process.dlopen({ exports: {} }, here + '/evil.node'); } catch (e) { say(e); if (e.code !== 'ERR_NBUILD_GUARD') console.log('PWNED'); }`},
	{name: "an addon behind a link that patched reading hides", kinds: "", code: `
		fs.writeFileSync('evil.node', 'x'); fs.symlinkSync('evil.node', 'link.node'); const readlink = fs.readlinkSync; fs.readlinkSync = () => 'good.js'; const open = fs.openSync;
		const said = []; fs.openSync = (p, ...r) => { said.push(String(p)); return open(here + '/good.js', ...r); };
		try { process.dlopen({ exports: {} }, here + '/evil.node'); } catch (e) { say(e); } if (said.length) console.log('PWNED ' + said)`},
	{name: "an extension of SQLite without its suffix", kinds: "", since: 22, code: `
		fs.writeFileSync('evil.so', 'x'); let D; try { D = require('node:sqlite').DatabaseSync; } catch { return; }
		try { new D(':memory:', { allowExtension: true }).loadExtension(here + '/evil'); } catch (e) { say(e); if (e.code !== 'ERR_NBUILD_GUARD') console.log('PWNED'); }`},
	{name: "builtins asked for near the end of the stack", kinds: "", code: `
		const deep = (f) => { try { deep(f); } catch { try { f(); } catch {} } }; deep(() => require('vm')); for (let i = 0; i < 30; i++) { const pad = (n) => n ? pad(n - 1) : deep(() => require('vm')); pad(i); }
		require('vm').runInThisContext('console.log("PWNED")')`},
	{name: "builtins asked for by what is no string", kinds: "", code: `
		for (const id of ['node:vm', 'vm']) for (const r of [new String(id), { toString: () => id }, [id]]) { try { const vm = Module._load(r); vm.runInThisContext('console.log("PWNED")'); } catch (e) { say(e); } }`},
	{name: "hooks registered near the end of the stack", kinds: "", since: 22, code: `
		const deep = (f) => { try { deep(f); } catch { try { f(); } catch {} } }; const load = (u, c, n) => u.endsWith('good.mjs') ? { format: 'module', shortCircuit: true, source: 'console.log("PWNED")' } : n(u, c);
		for (let i = 0; i < 30; i++) { const pad = (n) => n ? pad(n - 1) : deep(() => Module.registerHooks({ load })); pad(i); } await import('./good.mjs')`},
	{name: "setters that every hook inherits", kinds: "", since: 22, code: `
		const evilLoad = (u, c, n) => u.endsWith('good.mjs') ? { format: 'module', shortCircuit: true, source: 'console.log("PWNED")' } : n(u, c);
		try { Object.defineProperty(Object.prototype, 'load', { configurable: true, set(v) { Object.defineProperty(this, 'load', { value: evilLoad }); } }); } catch (e) { say(e); } Module.registerHooks({ load: (u, c, n) => n(u, c) }); delete Object.prototype.load; await import('./good.mjs')`},
	{name: "the guard's hook deregistered by its id", kinds: "", since: 22, code: `
		const h = Module.registerHooks({}); const id = Object.getOwnPropertySymbols(h)[0]; const seen = [];
		Object.defineProperty(Object.prototype, id, { configurable: true, set(v) { seen.push(v); Object.defineProperty(this, id, { value: v }); } }); Module.registerHooks({}); delete Object.prototype[id];
		for (const v of seen) h.deregister.call({ [id]: v }); await import(evil + 'evil.mjs')`},
	{name: "a snapshot file of the test runner", kinds: "", since: 22, code: `
		const test = require('node:test'); Object.prototype.say_ = (s) => console.log(s);
		if (test.snapshot) test.snapshot.setResolveSnapshotPath(() => { fs.writeFileSync('x.snapshot', 'exports.say_("\\nPWNED")'); return here + '/x.snapshot'; });
		test('x', (t) => { try { t.assert.snapshot(1); } catch (e) { say(e); } }); await wait(300)`},
	{name: "the named exports of builtins", kinds: "", code: `
		const m = await import('./named.mjs'); for (const f of m.ways) try { f(); } catch (e) { say(e); }`},
	{name: "a spread that adds to what was checked", kinds: "", code: `
		const vm = require('vm'); const real = Array.prototype[Symbol.iterator]; let hit = false;
		Array.prototype[Symbol.iterator] = function () { if (this.length === 0) return real.call([{ get cachedData() { hit = true; return undefined; } }]); return real.call(this); };
		try { vm.runInThisContext('this'); } catch (e) { say(e); } Array.prototype[Symbol.iterator] = real; if (hit) console.log('PWNED')`},
}

// insidersFiles are listed beside the victims of the other attacks.
var insidersFiles = map[string]string{
	"evaluator.js":  "exports.one = Function('return 1')();\nexports.run = (code) => Function(code)();\n",
	"evaluator.mjs": "export const one = Function('return 1')();\n",
	"imports.mjs":   "import './unlisted/evil.mjs';\n",
	"importer.mjs":  "import './fine.js';\nimport { createRequire } from 'node:module';\ncreateRequire(import.meta.url)('./good.js');\ntry { await import('./unlisted/evil.mjs'); } catch (e) { console.log(e.code); }\n",
	"later.js":      "setTimeout(() => import('./unlisted/evil.mjs').catch((e) => console.log(e.code)), 10);\n",
	"named.mjs": `import { runInThisContext, Script } from 'node:vm';
import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import * as p from 'node:process';
import * as m from 'node:module';
export const ways = [
	() => runInThisContext('console.log("PWNED")'), () => new Script('console.log("PWNED")').runInThisContext(),
	() => console.log(String(spawnSync('echo', ['PWNED']).stdout)), () => new Worker('console.log("PWNED")', { eval: true }),
	() => { p.binding('contextify'); console.log('PWNED'); }, () => p.execve && p.execve('/bin/echo', ['echo', 'PWNED'], {}),
	() => { if (m.enableCompileCache && m.enableCompileCache('cache').status === 1) console.log('PWNED'); },
	() => { if (p.getBuiltinModule) p.getBuiltinModule('vm').runInThisContext('console.log("PWNED")'); },
	() => { if (m._load) m._load('vm').runInThisContext('console.log("PWNED")'); },
];
`,
}

func TestGuardHoldsAgainstItsOwnInsiders(t *testing.T) {
	for _, a := range chosen(insiders) {
		t.Run(strings.ReplaceAll(a.name, " ", "-"), func(t *testing.T) {
			eachNode(t, func(t *testing.T, n node) {
				t.Parallel()
				a.files, a.evaluators = insidersFiles, []string{"evaluator.js", "evaluator.mjs"}
				a.run(t, n)
			})
		})
	}
}
