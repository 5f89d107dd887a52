package guard

import (
	"maps"
	"strings"
	"testing"
)

// outside are attacks by all that Node offers, from the paths of files to what the process
// tells of itself.
var outside = []attack{
	{name: "a URL class whose path lies", code: `
		const { get } = Object.getOwnPropertyDescriptor(URL.prototype, 'pathname'); fs.copyFileSync(here + '/where.mjs', evil + 'where.mjs');
		Object.defineProperty(URL.prototype, 'pathname', { configurable: true, get() { const p = get.call(this); return p.replace('/unlisted/', '/'); } });
		const m = await import(evil + 'where.mjs'); if (/unlisted/.test(m.at)) console.log('PWNED')`},
	{name: "a load hook for addresses of other kinds", since: 22, code: `
		Module.registerHooks({ load(url, c, next) { if (/^(?:https|blob|x|nbuild|node-x):/.test(url)) return { format: 'module', shortCircuit: true, source: 'console.log("PWNED")' }; return next(url, c); }, resolve(s, c, next) { if (s.startsWith('q')) return { url: s.slice(1), format: 'module', shortCircuit: true }; return next(s, c); } });
		for (const s of ['qhttps://a/b.mjs', 'qblob:nodedata:x', 'qx:y', 'qnbuild:module', 'qnode-x:y', 'qFILE://' + here + '/x.mjs', 'qfile:x']) try { await import(s); } catch (e) { say(e); }`},
	{name: "a thread that tells itself to run a string", code: `
		const { Worker } = require('worker_threads'); const w = new Worker(here + '/port.js'); w.on('error', say); w.on('exit', (c) => console.log('exit', c)); await wait(1500); process.exit()`},
	{name: "an import of a source and of what is deferred", since: 22, files: map[string]string{"later2.js": "for (const f of [() => import('./unlisted/evil.mjs')]) setTimeout(() => f().catch((e) => console.log(e.code)), 10);\n"}, code: `
		fs.writeFileSync('evil.wasm', Buffer.from('AGFzbQEAAAABBQFgAAF/AwIBAAcFAQFmAAAKBgEEAEEqCw==', 'base64')); require('./fine.js'); require('./later2.js'); await wait(100)`},
	{name: "packages planted above and beside", code: `
		const up = path.dirname(here); const plant = (dir, name, main) => { fs.mkdirSync(dir + '/node_modules/' + name, { recursive: true }); fs.writeFileSync(dir + '/node_modules/' + name + '/index.js', 'console.log("PWNED")'); fs.writeFileSync(dir + '/node_modules/' + name + '/package.json', JSON.stringify({ name, main: 'index.js', exports: { '.': './index.js', './x': './index.js' }, imports: { '#x': './index.js' } })); };
		plant(up, 'absent'); plant(here, 'planted'); plant(here + '/node_modules/plain', 'absent'); fs.writeFileSync(here + '/package.json', JSON.stringify({ name: 'app', exports: { './self': './unlisted/evil.js' }, imports: { '#self': './unlisted/evil.js', '#vm': 'node:vm' } })); fs.mkdirSync(here + '/.node_modules/h', { recursive: true }); process.env.HOME = here; Module._initPaths();
		for (const s of ['absent', 'planted', 'plain/../absent', 'absent/x', 'app/self', '#self', 'h', '#vm']) { try { const m = require(s); if (m.runInThisContext) m.runInThisContext('console.log("PWNED")'); } catch (e) { say(e); } try { const m = await import(s); if (m.runInThisContext) m.runInThisContext('console.log("PWNED")'); } catch (e) { say(e); } }`},
	{name: "paths in other letters and lengths", code: `
		const long = evil + './'.repeat(5000) + 'evil.js'; fs.mkdirSync(here + '/\u00e9'); fs.mkdirSync(here + '/e\u0301'); fs.writeFileSync(here + '/\u00e9/a.js', 'console.log("PWNED")'); fs.writeFileSync(here + '/GOOD.js', 'console.log("PWNED")'); fs.writeFileSync(here + '/good.js ', 'console.log("PWNED")'); fs.writeFileSync(here + '/good.mjs#x', 'console.log("PWNED")'); fs.writeFileSync(here + '/%67ood.mjs', 'console.log("PWNED")');
		for (const s of [long, here + '/\u00e9/a.js', here + '/e\u0301/a.js', here + '/GOOD.js', here + '/good.js ', here + '/good.js\0', here + '/good.js/../unlisted/evil.js', '/proc/self/cwd/unlisted/evil.js', '/proc/self/root' + evil + 'evil.js', '/dev/fd/../fd/0']) { try { require(s); } catch (e) { say(e); } try { await import(s); } catch (e) { say(e); } }
		for (const s of ['file://' + here + '/good.mjs%23x', 'file://' + here + '/%2567ood.mjs', 'file://' + here + '/%2e/unlisted/evil.mjs', 'file://' + here + '/x%2f..%2funlisted/evil.mjs', 'file://localhost' + evil + 'evil.mjs', 'file:' + evil + 'evil.mjs', 'FILE:///' + evil + 'evil.mjs', 'file://' + here + '/unlisted\\evil.mjs']) try { await import(s); } catch (e) { say(e); }
		const fd = fs.openSync(evil + 'evil.js'); for (const s of ['/proc/self/fd/' + fd, '/dev/fd/' + fd]) { try { require(s); } catch (e) { say(e); } try { await import(s); } catch (e) { say(e); } }`},
	{name: "addresses that hold their text and workers of them", code: `
		const { Worker } = require('worker_threads'); const text = 'console.log("PWNED")'; const blob = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
		for (const s of [blob, 'blob:nodedata:x', 'data:text/javascript,' + text, 'data:application/wasm;base64,AGFzbQEAAAA=', 'javascript:' + text, 'http://127.0.0.1:1/x.mjs']) { try { await import(s); console.log('\nPWNED', s); } catch (e) { say(e); } for (const u of [s, (() => { try { return new URL(s); } catch { return s; } })()]) try { new Worker(u).on('error', say); } catch (e) { say(e); } }
		try { new Worker(new URL(blob)); } catch (e) { say(e); } await wait(100)`},
	{name: "handlers of errors and ends that go on after a denial", kinds: "unlisted", code: `
		process.setUncaughtExceptionCaptureCallback(() => {}); process.on('exit', () => { try { require(evil + 'evil.js'); } catch (e) { say(e); } }); process.on('beforeExit', () => { try { require(evil + 'evil.js'); } catch { } });
		const registry = new FinalizationRegistry(() => { try { require(evil + 'evil.js'); } catch { } }); registry.register({}, 1); Error.captureStackTrace = () => { throw 1; };
		Object.defineProperty(Error, 'stackTraceLimit', { get() { throw new Error('no'); }, set() { throw new Error('no'); } }); try { require(evil + 'evil.js'); } catch (e) { say(e); }
		const asap = new Promise((go) => queueMicrotask(go)); await asap; await import(evil + 'evil.mjs')`},
	{name: "bytecode and profiles made by other doors", code: `
		const v8 = require('v8'); const vm = require('vm'); for (const f of ['setHeapSnapshotNearHeapLimit', 'takeCoverage', 'stopCoverage', 'startCpuProfile']) try { if (v8[f]) v8[f](1); } catch (e) { say(e); }
		for (const f of ['--trace-turbo-path=' + here, '--stack-size=50', '--no-trace-turbo', '--heap-growing-percent=1']) try { v8.setFlagsFromString(f); } catch (e) { say(e); }
		try { v8.startupSnapshot.setDeserializeMainFunction(() => console.log('PWNED')); } catch (e) { say(e); } try { v8.startupSnapshot.addDeserializeCallback(() => console.log('PWNED')); } catch (e) { say(e); }
		const d = new v8.Deserializer(Buffer.from('ff0f5c', 'hex')); try { d.readHeader(); d.readValue(); } catch (e) { say(e); } const { Worker } = require('worker_threads'); const w = new Worker(here + '/worker.js'); w.on('error', say); await new Promise((go) => w.on('exit', go));
		if (Module.flushCompileCache) Module.flushCompileCache(); try { process.report.writeReport(here + '/r.json'); } catch (e) { say(e); } try { require('node:sea').getAsset('x'); } catch (e) { say(e); }`},
	{name: "source maps that name other files", code: `
		process.setSourceMapsEnabled(true); fs.writeFileSync('evil.map', JSON.stringify({ version: 3, sources: ['unlisted/evil.js'], sourcesContent: ['console.log("PWNED")'], mappings: 'AAAA' })); const { findSourceMap, SourceMap } = Module; if (Module.setSourceMapsSupport) Module.setSourceMapsSupport({ enabled: true, nodeModules: true, generatedCode: true });
		require('./mapped.js'); const m = findSourceMap(here + '/mapped.js'); console.log(Boolean(m)); try { throw new Error('x'); } catch (e) { e.stack; } try { require(evil + 'evil.js'); } catch (e) { say(e); }`},
	{name: "timers channels and streams that carry code", code: `
		const { PassThrough, compose, Readable } = require('stream'); for (const f of [() => setTimeout('console.log("PWNED")', 1), () => new (require('events'))().on('x', 'console.log("PWNED")'), () => queueMicrotask('console.log("PWNED")'), () => process.nextTick('console.log("PWNED")'), () => structuredClone(() => console.log('PWNED')), () => require('v8').deserialize(require('v8').serialize({ f: 1 })), () => new Intl.DateTimeFormat('en').format('x'), () => typeof Temporal === 'object' && Temporal.Now.instant('x'), () => new (require('async_hooks').AsyncResource)('X').runInAsyncScope('console.log("PWNED")'), () => require('domain').create().run('console.log("PWNED")'), () => new Readable({ read: 'console.log("PWNED")' }).read(), () => require('util').inspect({ [Symbol.for('nodejs.util.inspect.custom')]: 'console.log("PWNED")' })]) try { f(); } catch (e) { say(e); } await wait(30)`},
	{name: "call sites and callers that lead to the guard", code: `
		const seen = []; Error.prepareStackTrace = (e, frames) => { for (const f of frames) seen.push(f.getThis(), f.getFunction()); return 'x'; }; Error.stackTraceLimit = 100;
		const trap = { get() { try { seen.push(trap.get.caller, trap.get.arguments); } catch {} new Error('x').stack; return undefined; } }; for (const k of ['package', 'made', 'format', 'sha256', 'value', 'exports']) Object.defineProperty(Object.prototype, k, { configurable: true, get: trap.get, set(v) { new Error('x').stack; Object.defineProperty(this, k, { value: v, writable: true, configurable: true, enumerable: true }); } });
		for (const f of [() => require('./good.js'), () => require('./evaluator.js'), () => process.dlopen({}, here + '/x.node'), () => require(evil + 'evil.js'), () => require('child_process').spawnSync('x'), () => new (require('worker_threads').Worker)(here + '/fine.js')]) try { f(); } catch { } for (const k of ['package', 'made', 'format', 'sha256', 'value', 'exports']) delete Object.prototype[k];
		for (const f of seen) if (typeof f === 'function' && /guard|redeem|asker|checked|powersOf/.test(f.name) && f.name !== 'guardedCompile' && f.name !== 'guardedLoad') console.log('PWNED ' + f.name);`},
	{name: "handles that the process tells of", code: `
		const { Worker } = require('worker_threads'); const w = new Worker(here + '/stay.js'); w.on('error', say); await wait(100); const all = [...process._getActiveHandles(), ...process._getActiveRequests()]; const m = { type: 'loadScript', filename: 'console.log("PWNED")', doEval: 'module', argv: [], environmentData: new Map(), hasStdin: true };
		for (const h of all) { console.log(h.constructor.name); for (const s of [...Reflect.ownKeys(h), 'constructor']) { const v = h[s]; if (v && v.postMessage) try { v.postMessage(m); } catch (e) { say(e); } if (v && v.spawn) try { v.spawn({ file: '/bin/echo', args: ['echo', 'PWNED'] }); } catch (e) { say(e); } } if (h.postMessage) try { h.postMessage(m); } catch (e) { say(e); } } await wait(200); process.exit()`},
	{name: "rights that are dropped while the guard is asked", code: `
		if (!process.permission) return; for (const f of ['fs.read', 'fs.write', 'fs', 'child', 'worker', 'addon', 'wasi']) try { if (process.permission.drop) process.permission.drop(f); } catch (e) { say(e); } try { require('./good.js'); } catch (e) { say(e); } try { require(evil + 'evil.js'); } catch (e) { say(e); } try { await import(evil + 'evil.mjs'); } catch (e) { say(e); } try { eval('console.log("PWNED")'); } catch (e) { say(e); }`},
	{name: "a dispatcher and a server that send WebAssembly", code: `
		const b = Buffer.from('AGFzbQEAAAABBQFgAAF/AwIBAAcFAQFmAAAKBgEEAEEqCw==', 'base64'); const http = require('http'); const s = http.createServer((q, r) => { r.setHeader('content-type', 'application/wasm'); r.end(b); }).listen(0, '127.0.0.1'); await new Promise((go) => s.on('listening', go)); const u = 'http://127.0.0.1:' + s.address().port;
		for (const f of [async () => WebAssembly.compileStreaming(fetch(u)), async () => WebAssembly.instantiateStreaming(await fetch(u)), async () => WebAssembly.compile(await (await fetch(u)).arrayBuffer()), async () => new WebAssembly.Module(new Uint8Array(await (await fetch(u)).arrayBuffer())), async () => WebAssembly.instantiate(b, {}, { builtins: ['js-string'] }), async () => import(u), async () => WebAssembly.compile(b.buffer.transfer ? new Uint8Array(b).buffer.transfer(4096) : b), async () => { const r = new ArrayBuffer(b.length, { maxByteLength: 99 }); b.copy(new Uint8Array(r)); return WebAssembly.compile(r); }]) try { await f(); console.log('PWNED ' + f); } catch (e) { say(e); } process.exit()`},
	{name: "a program's own code inside a task of another context", code: `
		const vm = require('vm'); const c = vm.createContext({}, { microtaskMode: 'afterEvaluate' }); const g = vm.runInContext('this', c); let ran = 0;
		const h = Function.prototype.bind.call(g.Function.prototype.call, () => { ran++; for (;;); }); 
		const p = g.Promise.resolve(1); g.Promise.prototype.then.call(p, h); try { vm.runInContext('this', c, { timeout: 20 }); } catch (e) { say(e); } console.log('ran', ran)`},
}

// outsideFiles are listed beside the victims.
var outsideFiles = map[string]string{
	"mapped.js": "exports.a = 1;\n//# sourceMappingURL=evil.map\n",
	"stay.js":   "setTimeout(() => {}, 1000);\n",
	"where.mjs": "export const at = import.meta.url;\n",
	"port.js": `
const p = require('async_hooks').executionAsyncResource(); const { port1 } = new MessageChannel();
console.log('resource', p && p.constructor && p.constructor.name);
const found = [p, ...process._getActiveHandles()];
require('async_hooks').createHook({ init(i, t, g, r) { found.push(r); } }).enable();
for (const o of found) for (const doEval of ['module', 'classic', 'internal', true]) if (o && typeof o.emit === 'function' && o !== process) {
  const message = { type: 'loadScript', filename: 'console.log("PWNED ' + doEval + '")', doEval, argv: [], environmentData: new Map(), hasStdin: true, publicPort: port1, cwdCounter: new Uint32Array(new SharedArrayBuffer(4)), mainThreadPort: new MessageChannel().port1 };
  try { o.emit('message', message); } catch (e) { console.log('emit', e.message); }
  try { const e = new MessageEvent('message', { data: message }); o.dispatchEvent(e); } catch (e) { console.log('dispatch', e.message); }
}
setTimeout(() => process.exit(), 300).unref(); setTimeout(() => { process.exit(); }, 400);
`,
}

// Nothing of these rests on Node's permission model, so each runs without it on two
// versions of Node and with it on the two others.
func TestGuardHoldsAgainstAllThatNodeOffers(t *testing.T) {
	for _, a := range chosen(outside) {
		files := maps.Clone(outsideFiles)
		maps.Copy(files, a.files)
		files["evaluator.js"] = insidersFiles["evaluator.js"]
		a.files, a.evaluators, a.said = files, []string{"evaluator.js"}, true
		t.Run(strings.ReplaceAll(a.name, " ", "-"), func(t *testing.T) {
			eachNode(t, func(t *testing.T, n node) {
				t.Parallel()
				a := a
				a.permission = n.major%4 == 2
				a.run(t, n)
			})
		})
	}
}
