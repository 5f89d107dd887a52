package guard

import "testing"

// inside are attacks on what the guard itself keeps, asks and hands on, by code that runs
// while it looks, before it looks and where it can't look to the end.
var inside = []attack{
	{name: "every function that there is, handed to inspect", kinds: "internals", code: `
		const v8 = require('v8'); const custom = Symbol.for('nodejs.util.inspect.custom'); const all = new Set(); if (!v8.queryObjects) return;
		Object.defineProperty(Function.prototype, custom, { configurable: true, value() { all.add(this); return ''; } });
		try { v8.queryObjects(Function, { format: 'summary' }); } catch (e) { say(e); } delete Function.prototype[custom]; console.log('saw', all.size);
		for (const f of all) if (/^(?:internalBinding|_compile|requireBuiltin|compileFunctionForCJSLoader|runInContext)$/.test(f.name) || f.name === '' ) { try { if (f.name === '_compile' && f !== Module.prototype._compile) f.call(new Module('x'), 'console.log("PWNED")', here + '/x.js'); if (f.name === 'internalBinding' && f('spawn_sync')) console.log('PWNED binding'); } catch (e) { say(e); } }`},
	{name: "context options that are a function or a primitive", code: `
		const vm = require('vm'); const open = { strings: true, wasm: true }; const all = [];
		const f = () => {}; Object.defineProperty(f, 'contextCodeGeneration', { get: () => open, set() {} }); all.push(f, new Proxy(function () {}, { get: (t, k) => (k === 'contextCodeGeneration' ? open : undefined), set: () => true }));
		for (const P of [Number, String, Boolean]) Object.defineProperty(P.prototype, 'contextCodeGeneration', { get: () => open, set() {}, configurable: true }); all.push(5, 'x', true);
		for (const o of all) for (const make of [(c) => new vm.Script('this').runInNewContext(c, o), (c) => vm.runInNewContext('this', c, o), (c) => vm.createContext(c, o)]) { const c = {}; try { make(c); } catch (e) { say(e); }
			try { const g = vm.runInContext('this', c); console.log('context'); g.Function('log', 'log("PWNED ' + typeof o + '")')(console.log); } catch (e) { say(e); } }`},
	{name: "a method of scripts that was taken before vm was asked for", code: `
		let S; Object.defineProperty(Object.prototype, 'sourceMapURL', { configurable: true, set() { S = Object.getPrototypeOf(this); } }); require('./evaluator.js').run('return 1'); delete Object.prototype.sourceMapURL; if (!S) { console.log('none'); return; }
		const run = S.runInNewContext; try { Object.defineProperty(S, 'runInNewContext', { value: run, configurable: false, writable: false }); } catch (e) { say(e); }
		const vm = require('vm'); for (const f of [run, vm.Script.prototype.runInNewContext]) try { const g = f.call(new vm.Script('this'), {}, { contextCodeGeneration: { strings: true, wasm: true } }); g.Function('log', 'log("PWNED")')(console.log); } catch (e) { say(e); }`},
	{name: "the word of an evaluator read from the heap", code: `
		globalThis.early = () => { const { Readable } = require('stream'); const v8 = require('v8'); const s = v8.getHeapSnapshot(); let text = ''; let c; s.setEncoding('latin1'); 
			const file = here + '/heap'; try { v8.writeHeapSnapshot(file); text = fs.readFileSync(file, 'latin1'); } catch (e) { say(e); }
			const words = new Set(text.match(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g)); console.log('words', words.size);
			for (const w of words) try { const F = (() => {})['nbuild:powers'](w); if (F) { console.log('power', typeof F); try { F('console.log("PWNED")')(); } catch (e) { say(e); } try { F((G) => { G('console.log("PWNED")')(); return () => {}; }, null, []); } catch (e) { say(e); } } } catch (e) { say(e); } };
		await import('./both.mjs')`},
	{name: "the word of a script that was compiled and not run", code: `
		const f = here + '/evaluator.js'; const m = new Module(f); Object.defineProperty(m, 'exports', { get() { throw new Error('not now'); } });
		try { m._compile(fs.readFileSync(f, 'utf8'), f); } catch (e) { say(e); }
		const v8 = require('v8'); const file = here + '/heap'; v8.writeHeapSnapshot(file); const text = fs.readFileSync(file, 'latin1');
		const words = new Set(text.match(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g)); console.log('words', words.size);
		for (const w of words) try { const F = (() => {})['nbuild:powers'](w); if (F) { console.log('power', typeof F); F((G) => { G('console.log("PWNED")')(); return () => {}; }, null, []); } } catch (e) { say(e); }`},
	{name: "a setter that catches an evaluator's powers", code: `
		let n = 0; for (const k of ['Function', 'AsyncFunction', 'eval', 'global']) Object.defineProperty(Object.prototype, k, { configurable: true, get: () => undefined, set(v) { n++; try { v('console.log("PWNED ' + k + '")')(); } catch (e) { say(e); } } });
		try { require('./evaluator.js'); } catch (e) { say(e); } console.log('caught', n)`},
	{name: "a wrapper whose getter hides behind an inherited value", code: `
		const real = Module.wrapper[0]; const evilText = '(function (exports, require, module, __filename, __dirname) { console.log("PWNED");';
		Object.defineProperty(Module.wrapper, 0, { __proto__: null, configurable: true, get: () => evilText });
		Object.defineProperty(Object.prototype, 'value', { __proto__: null, configurable: true, writable: true, enumerable: false, value: real });
		try { require('./good.js'); } finally { delete Object.prototype.value; }`},
	{name: "a module whose mark hides behind an inherited value", since: 22, code: `
		const marks = Object.getOwnPropertySymbols(require.main).concat(Object.getOwnPropertySymbols(module)); const f = here + '/imports.mjs'; const m = new Module(f); m.filename = f; m.paths = [];
		for (const s of marks) if (/kIsMain/.test(String(s))) Object.defineProperty(m, s, { __proto__: null, configurable: true, get: () => true });
		Object.defineProperty(Object.prototype, 'value', { __proto__: null, configurable: true, writable: true, value: false });
		try { Module.prototype._compile.call(m, fs.readFileSync(f, 'utf8'), f, 'module'); } catch (e) { say(e); } finally { delete Object.prototype.value; } await wait(300)`},
	{name: "a builtin asked for while it is being guarded", code: `
		let done = false; for (const k of ['_events', '_eventsCount', '_maxListeners', 'spawnfile', 'exitCode', 'signalCode', '_handle', '_closesNeeded', 'onexit']) Object.defineProperty(Object.prototype, k, { configurable: true, get() { return undefined; }, set(v) {
			if (!done) { done = true; try { console.log(String(require('child_process').spawnSync('echo', ['PWNED']).stdout)); } catch (e) { say(e); } }
			Object.defineProperty(this, k, { value: v, writable: true, configurable: true, enumerable: true }); } });
		try { require('child_process'); } catch (e) { say(e); } console.log('ran', done)`},
	{name: "a time that ends while a builtin is being guarded", code: `
		const vm = require('vm'); const repl = require('repl'); let tried = 0; let spin = 0;
		const c = vm.createContext(new Proxy({}, { ownKeys() { const end = performance.now() + spin; while (performance.now() < end); require('child_process'); for (;;); }, has: () => true }));
		for (spin = 3.0; spin < 5; spin += 0.1) { try { vm.runInContext('Object.getOwnPropertyNames(globalThis)', c, { timeout: 5 }); } catch (e) { tried++; if (tried < 3) say(e); } }
		try { console.log(String(require('child_process').spawnSync('echo', ['PWNED']).stdout)); } catch (e) { say(e); }`},
	{name: "the inspector's promises asked for along the end of the stack", code: `
		require('inspector'); let left; const deep = (f) => { try { deep(f); } catch {} if (left-- > 0) try { f(); } catch {} };
		for (let i = 0; i < 12; i++) { left = 60; const pad = (n) => n ? pad(n - 1) : deep(() => require('inspector/promises')); pad(i); }
		const { Session } = require('inspector/promises'); const s = new Session(); s.connect(); await s.post('Runtime.evaluate', { expression: 'console.log("PWNED")' })`},
	{name: "a load hook for a builtin with a module's text", since: 22, code: `
		Module.registerHooks({ load(url, c, next) { if (/^node:(dgram|zzz|domain)/.test(url)) return { format: url.endsWith('domain') ? 'commonjs' : 'module', shortCircuit: true, source: 'console.log("PWNED")' }; return next(url, c); }, resolve(s, c, next) { if (s === 'zzz') return { url: 'node:zzz', format: 'module', shortCircuit: true }; return next(s, c); } });
		for (const s of ['node:dgram', 'node:domain', 'zzz']) try { await import(s); } catch (e) { say(e); }`},
	{name: "a message that a getter changes while it is sent", code: `
		const { Worker, MessageChannel } = require('worker_threads'); const first = new Worker(here + '/fine.js'); first.on('error', () => {}); const kPort = Object.getOwnPropertySymbols(first).find((s) => String(s) === 'Symbol(kPort)'); let posted = 0;
		const make = () => { const a = new MessageChannel(); const b = new MessageChannel(); return [{ first: 1, type: 'loadScript', doEval: false, filename: 'console.log("PWNED")', argv: [], environmentData: new Map(), hasStdin: true, publicPort: a.port1, mainThreadPort: b.port1, cwdCounter: new Uint32Array(new SharedArrayBuffer(4)), workerData: 1 }, [a.port1, b.port1]]; };
		const ways = [(m) => Object.defineProperty(m, 'first', { enumerable: true, get() { m.doEval = 'module'; return 1; } }), (m, t) => ({ get transfer() { m.doEval = 'module'; return t; } }), (m, t) => ({ [Symbol.iterator]() { m.doEval = 'module'; return t[Symbol.iterator](); } }), (m) => Object.defineProperty(m, 'doEval', { enumerable: true, get: (n => () => n++ ? 'module' : false)(0) })];
		for (const way of ways) { class W extends Worker {} Object.defineProperty(W.prototype, kPort, { configurable: true, set(p) { const [m, t] = make(); const w = way(m, t); try { p.postMessage(m, w === m ? t : w); posted++; } catch (e) { say(e); } Object.defineProperty(this, kPort, { value: p, writable: true, configurable: true }); } });
			try { const w = new W(here + '/fine.js'); w.on('error', say); } catch (e) { say(e); } }
		await wait(600); console.log('posted', posted)`},
	{name: "a child that numbers on a prototype give no environment", code: `
		const { ChildProcess } = require('child_process'); process.env.NODE_OPTIONS = '--require ' + evil + 'evil.js'; const Process = new ChildProcess()._handle.constructor; const io = [{ type: 'ignore' }, { type: 'inherit', fd: 1 }, { type: 'inherit', fd: 2 }];
		for (const n of [0, 1, 2, 3, 4, 5]) Object.defineProperty(Array.prototype, n, { configurable: true, get() { return undefined; }, set() {} });
		for (const a of [[process.execPath], [process.execPath, ['node', 'fine.js']], [process.execPath, ['node', 'fine.js'], here], [{ file: process.execPath, args: ['node', 'fine.js'], stdio: io }]]) try { new Process().spawn(...a); } catch (e) { say(e); } for (const n of [0, 1, 2, 3, 4, 5]) delete Array.prototype[n]; await wait(200)`},
	{name: "the methods beneath tls reached by a connection", code: `
		const seen = []; require('async_hooks').createHook({ init(i, t, g, r) { if (/TLS|TCP/.test(t)) seen.push(r); } }).enable(); const dc = require('diagnostics_channel'); for (const c of ['net.client.socket', 'undici:client:connected', 'undici:client:connectError']) dc.subscribe(c, (m) => seen.push(m.socket, m));
		fetch('https://127.0.0.1:1/').catch(() => {}); const net = require('net'); const server = net.createServer(() => {}).listen(0, '127.0.0.1', () => fetch('https://127.0.0.1:' + server.address().port).catch(() => {})); await wait(300);
		const done = new Set(); const walk = (o, d) => { if (o === null || typeof o !== 'object' || done.has(o) || d > 6) return; done.add(o); if (typeof o.setClientCertEngine === 'function') { console.log('reached'); try { o.setClientCertEngine(here + '/evil.so', 1); console.log('PWNED'); } catch (e) { say(e); if (e.code !== 'ERR_NBUILD_GUARD') console.log('PWNED ' + e.message); } } for (const k of Reflect.ownKeys(o)) try { walk(o[k], d + 1); } catch {} };
		for (const s of seen) walk(s, 0); console.log('seen', seen.length); process.exit()`},
	{name: "the memory of the process near the end of the stack", code: memory + `
		let left; const fds = []; const deep = (f) => { try { deep(f); } catch {} if (left-- > 0) try { f(); } catch {} };
		for (const open of [() => fds.push(fs.openSync('/proc/self/mem', 'r+')), () => fs.open('/proc/self/mem', 'r+', (e, fd) => fd && fds.push(fd)), () => fs.promises.open('/proc/self/mem', 'r+').then((h) => fds.push(h.fd), () => {})]) for (let i = 0; i < 12; i++) { left = 60; const pad = (n) => n ? pad(n - 1) : deep(open); pad(i); }
		await wait(100); for (const fd of fds) try { over(fd); } catch (e) { say(e); }`},
	{name: "the memory of the process behind a link that moves while it is looked at", code: memory + `
		fs.writeFileSync('harmless', ''); fs.symlinkSync(here + '/harmless', here + '/moving'); const real = Array.prototype[Symbol.iterator]; let armed = true;
		Array.prototype[Symbol.iterator] = function () { if (armed) { armed = false; fs.unlinkSync(here + '/moving'); fs.symlinkSync('/proc/self/mem', here + '/moving'); } return real.call(this); };
		let fd; try { fd = fs.openSync(here + '/moving', 'r+'); } catch (e) { say(e); } Array.prototype[Symbol.iterator] = real; console.log('moved', !armed); if (fd) try { over(fd); } catch (e) { say(e); }`},
	{name: "every other way to write the memory of the process", code: memory + `
		const bytes = Buffer.from('x'); const { execPath } = process; const f = '/proc/self/mem';
		const ways = { write: () => fs.writeFileSync(f, 'x'), bytes: () => fs.writeFileSync(f, bytes), append: () => fs.appendFileSync(f, 'x'), copy: () => fs.copyFileSync(here + '/good.js', f), cp: () => fs.cpSync(here + '/good.js', f, { force: true }), truncate: () => fs.truncateSync(f, 1), report: () => process.report.writeReport(f), heap: () => require('v8').writeHeapSnapshot(f), link: () => fs.linkSync(f, here + '/hard'), rename: () => fs.renameSync(f, here + '/hard'),
			stream: () => new Promise((go) => { const s = fs.createWriteStream(f, { flags: 'r+', start: at }); s.on('error', (e) => { say(e); go(); }); s.write(was, (e) => { if (!e) console.log('PWNED'); go(); }); }), sqlite: () => { let D; try { D = require('node:sqlite').DatabaseSync; } catch { return; } const d = new D(f); d.exec('pragma journal_mode=off'); d.exec('create table a(b)'); console.log('\nPWNED sqlite'); }, attach: () => { let D; try { D = require('node:sqlite').DatabaseSync; } catch { return; } const d = new D(':memory:'); d.exec("attach '" + f + "' as m"); console.log('attached'); d.exec('pragma m.journal_mode=off'); d.exec('create table m.a(b)'); console.log('\nPWNED attach'); } };
		for (const k in ways) try { await ways[k](); console.log('way', k, 'passed'); } catch (e) { console.log('way', k); say(e); }`},
}

// rewriting_ are attacks that have an approved instrumenter rewrite what is not signed.
var rewriting_ = []attack{
	{name: "a URL class that lies about who asks", since: 22, code: `
		const { get } = Object.getOwnPropertyDescriptor(URL.prototype, 'pathname');
		Object.defineProperty(URL.prototype, 'pathname', { configurable: true, get() { const p = get.call(this); return p.endsWith('/attack.js') ? here + '/rewriter.js' : p; } });
		const m = await import('node:module'); Object.defineProperty(URL.prototype, 'pathname', { get, configurable: true }); if (m.registerHooks !== Module.registerHooks) console.log('PWNED view')`},
	{name: "a source that answers an instrumenter twice", since: 22, code: `
		const good = fs.readFileSync('good.mjs', 'utf8'); 
		for (let k = 1; k < 10; k++) { Module.registerHooks({ load(url, c, next) { if (!url.endsWith('good.mjs?' + k)) return next(url, c); let n = 0; return { format: 'module', shortCircuit: true, get source() { return n++ < k ? good : 'console.log("PWNED good")'; } }; } }); }
		require('./rewriter.js'); 
		for (let k = 1; k < 10; k++) try { await import('./good.mjs?' + k); } catch (e) { say(e); }`},
	{name: "a text for an instrumenter that is no string", code: `
		require('./rewriter.js'); const f = here + '/good.js';
		for (const t of [{ replace: () => 'console.log("PWNED")' }, Object.assign([], { replace: () => 'console.log("PWNED")' }), Object.assign(new String(fs.readFileSync(f, 'utf8')), { replace: () => 'console.log("PWNED")' })]) for (const name of [f, new String(f), { toString: () => f, endsWith: () => true }]) try { new Module('x')._compile(t, name); } catch (e) { say(e); }`},
	{name: "an address that a resolve hook changes after it was looked at", since: 22, code: `
		for (let k = 1; k < 12; k++) { let n = 0; const h = Module.registerHooks({ resolve(s, c, next) { if (s !== 'q' + k) return next(s, c); return { get url() { return n++ < k ? 'file://' + here + '/good.mjs' : 'nbuild:module'; }, format: 'module', shortCircuit: true }; } });
			try { const m = await import('q' + k); if (m.registerHooks) { console.log('PWNED view'); } } catch (e) { say(e); } }`},
}

// insideFiles are listed beside the victims.
var insideFiles = map[string]string{
	"evaluator.js":  insidersFiles["evaluator.js"],
	"evaluator.mjs": insidersFiles["evaluator.mjs"],
	"early.mjs":     "globalThis.early();\n",
	"both.mjs":      "import './early.mjs';\nimport { one } from './evaluator.mjs';\nconsole.log('one', one);\n",
	"imports.mjs":   "import './unlisted/evil.mjs';\n",
	"rewriter.js": `
const { Module, registerHooks } = require('module'); const real = Module.prototype._compile;
Module.prototype._compile = function (content, filename, ...rest) { return real.call(this, content.replace('good', 'better'), filename, ...rest); };
if (registerHooks) registerHooks({ load(url, c, next) { const got = next(url, c); return { ...got, source: got.source && String(got.source) + ' // seen' }; } });
`,
}

func TestGuardHoldsInsideItself(t *testing.T) {
	eachPermission(t, inside, func(a *attack) {
		a.files, a.evaluators, a.said = insideFiles, []string{"evaluator.js", "evaluator.mjs"}, true
	})
}

func TestAnInstrumenterIsShownWhatWasSigned(t *testing.T) {
	eachPermission(t, rewriting_, func(a *attack) {
		a.files, a.rewriters, a.said = insideFiles, []string{"rewriter.js"}, true
	})
}
