package guard

import (
	"strings"
	"testing"
)

// realms are ways to what Node keeps to itself: its loader, its bindings, and the classes
// beneath its modules, which compile any text and start any program.
var realms = []attack{
	{name: "a script that a setter is handed before vm was asked for", code: `
		let Base; Object.defineProperty(Object.prototype, 'sourceMapURL', { configurable: true, set() { Base = this.constructor; } });
		require('./evaluator.js').run('return 1'); delete Object.prototype.sourceMapURL; if (!Base) { console.log('none'); return; }
		for (let C = Base; typeof C === 'function' && C !== Function.prototype; C = Object.getPrototypeOf(C)) {
			try { new C('console.log("PWNED")').runInThisContext(); } catch (e) { say(e); }
			for (const n of [6, 7, 8]) try { const s = new C(...['console.log("PWNED")', 'x', 0, 0, undefined, false, undefined, Symbol('x')].slice(0, n)); Object.getPrototypeOf(Object.getPrototypeOf(s)).runInContext.call(s, null, -1, true, false, false); } catch (e) { say(e); }
		}`},
	{name: "a message that names Node's own loader", kinds: "internals", code: `
		const sent = marked(new Blob(['x'])); let Builtin;
		Object.defineProperty(Object.prototype, 'loaded', { configurable: true, set() { Builtin = this.constructor; }, get() {} });
		try { sent('internal/bootstrap/realm:BuiltinModule'); } catch (e) { say(e); }
		if (!Builtin || !Builtin.exposeInternals) return; Builtin.exposeInternals(); console.log('PWNED')`},
	{name: "a message that runs a program of Node's own", kinds: "internals", code: `
		const sent = marked(new Blob(['x'])); const { Readable } = require('stream');
		Object.defineProperty(process, 'stdin', { value: Readable.from(['console.log("PW" + "NED")']) });
		for (const m of ['eval_stdin', 'eval_string', 'repl', 'run_main_module']) try { sent('internal/main/' + m + ':x'); } catch (e) { say(e); } await wait(200)`},
	{name: "a message to another context that names Node's own loader", kinds: "internals", code: `
		const { MessageChannel, moveMessagePortToContext, receiveMessageOnPort } = require('worker_threads'); const { port1, port2 } = new MessageChannel(); const o = new Blob(['x']); marked(o); let Builtin;
		Object.defineProperty(o, mark(o, 'clone'), { value: () => ({ data: {}, deserializeInfo: 'internal/bootstrap/realm:BuiltinModule' }) });
		Object.defineProperty(Object.prototype, 'loaded', { configurable: true, set() { Builtin = this.constructor; }, get() {} });
		port1.postMessage(o); try { receiveMessageOnPort(port2); } catch (e) { say(e); } delete Object.prototype.loaded;
		if (Builtin && Builtin.exposeInternals) console.log('PWNED')`},
	{name: "a message whose name answers twice", code: `
		const o = new Blob(['x']); let n = 0; Object.defineProperty(o, mark(o, 'clone'), { value: () => ({ data: {}, get deserializeInfo() { return n++ ? 'internal/bootstrap/realm:BuiltinModule' : 'internal/blob:Blob'; } }) });
		let Builtin; Object.defineProperty(Object.prototype, 'loaded', { configurable: true, set() { Builtin = this.constructor; }, get() {} });
		for (let i = 0; i < 3; i++) try { structuredClone(o); } catch (e) { say(e); } if (Builtin && Builtin.exposeInternals) console.log('PWNED')`},
	{name: "a function that Node's module loader is bound by", since: 22, code: `
		let loader; const real = Function.prototype.bind; try { Function.prototype.bind = function (self, ...r) { if (self && typeof self.eval === 'function' && self.import) loader = self; return Reflect.apply(real, this, [self, ...r]); }; } catch (e) { say(e); }
		Module.registerHooks({ load: (u, c, n) => n(u, c), resolve: (s, c, n) => n(s, c) }); await import('./good.mjs'); try { require('./again.mjs'); } catch (e) { say(e); }
		if (loader) { console.log('reached'); await loader.eval('console.log("PWNED")', 'file:///x.mjs'); }`},
	{name: "a promise of Node's that brings its module loader", code: `
		const { createHook } = require('async_hooks'); const { promiseHooks } = require('v8'); const seen = new Set(); const look = (p) => { if (!seen.has(p)) seen.add(p); };
		createHook({ init(i, type, t, resource) { if (type === 'PROMISE') look(resource); } }).enable(); promiseHooks.onInit(look);
		await import('./again.mjs'); for (const p of [...seen]) { let v; try { v = await Promise.race([p, wait(1)]); } catch { continue; }
			const l = v && (typeof v === 'object') && (v.loader || (v.eval && v)); if (l) { console.log('reached'); for (const [k, ...args] of [['eval', 'console.log("PWNED")', 'file:///x.mjs'], ['import', 'data:text/javascript,console.log("PWNED")', 'file:///x.mjs', {}], ['getOrCreateModuleJob', 'file://' + here + '/x.mjs', { specifier: 'file://' + evil + 'evil.mjs', attributes: {}, phase: 2 }, 0]]) try { const j = await l[k](...args); if (j && j.run) await j.run(); } catch (e) { say(e); } break; } }`},
	{name: "a binding that is read for what it lacks", code: `
		let reached; for (const k of ['configs', 'kEvaluationPhase', 'kSourcePhase', 'setImportModuleDynamicallyCallback', 'compileFunctionForCJSLoader']) Object.defineProperty(Object.prototype, k, { configurable: true, get() { if (this && (this.compileFunction || this.ModuleWrap || this.ContextifyScript)) reached = this; return undefined; } });
		await import('./good.mjs'); try { require('./again.mjs'); } catch (e) { say(e); } const b = new Uint8Array(4096); try { await WebAssembly.compile(b); } catch (e) { say(e); } try { await fetch('http://127.0.0.1:1/'); } catch (e) { say(e); } if (reached) console.log('PWNED')`},
	{name: "an iterator that is handed Node's own modules", code: `
		let Builtin, job; for (const P of [new Map().values(), new Set().values(), [].values()].map(Object.getPrototypeOf)) { const real = P.next; try { P.next = function () { const r = Reflect.apply(real, this, []); const v = r.value; if (v && v.compileForInternalLoader) Builtin = v; if (v && v.loader) job = v; return r; }; } catch (e) { say(e); } }
		Module.syncBuiltinESMExports(); await import('./good.mjs'); if (Builtin) console.log('PWNED ' + Object.keys(Builtin)); if (job) console.log('PWNED ' + Object.keys(job))`},
	{name: "the memory of the process as a file", kinds: "memory", code: memory + `
		const os = require('os').constants; fs.symlinkSync('/proc/self/mem', here + '/link'); const known = fs.openSync('/proc/self/mem');
		const { O_RDWR, O_WRONLY } = fs.constants;
		for (const f of ['/proc/self/mem', '/proc/' + process.pid + '/mem', '/proc/thread-self/mem', '/proc/self/root/proc/self/mem', here + '/link', '/proc/self/fd/' + known, '/dev/fd/' + known, Buffer.from('/proc/self/mem'), new URL('file:///proc/self/mem')])
			for (const flags of ['r+', 'w', 'a', O_RDWR, O_WRONLY]) { try { over(fs.openSync(f, flags)); } catch (e) { say(e); } try { over(await new Promise((go, no) => fs.open(f, flags, (e, fd) => (e ? no(e) : go(fd))))); } catch (e) { say(e); } try { over((await fs.promises.open(f, flags)).fd); } catch (e) { say(e); } }
		try { const s = fs.createWriteStream('/proc/self/mem', { flags: 'r+', start: at }); s.on('error', say); await new Promise((go) => { s.on('error', go); s.write(was, go); }); if (s.bytesWritten) console.log('PWNED'); } catch (e) { say(e); }
		try { over(fs.openSync({ toString: () => '/proc/self/mem' }, 'r+')); } catch (e) { say(e); } fs.realpathSync.native = () => '/'; try { over(fs.openSync('/proc/self/mem', 'r+')); } catch (e) { say(e); }`},
	{name: "the memory of the process from its folder", kinds: "memory", notIn: "worker", code: memory + `
		process.chdir('/proc/self'); for (const f of ['mem', './mem', 'task/../mem']) try { over(fs.openSync(f, 'r+')); } catch (e) { say(e); }`},
	{name: "files are written as before", wants: "written\n", code: `
		fs.writeFileSync('x.txt', 'a'); const fd = fs.openSync('x.txt', 'r+'); fs.writeSync(fd, 'written', 0); fs.closeSync(fd); const h = await fs.promises.open('x.txt', 'a'); await h.write('\n'); await h.close(); process.stdout.write(fs.readFileSync('x.txt')); if (fs.openSync('/proc/self/mem', 'r') < 0) console.log('PWNED');`},
	{name: "what Node sends of its own still arrives", code: `
		const got = structuredClone(new Blob(['fine'])); if (await got.text() !== 'fine') console.log('PWNED');
		const e = mark(new DOMException(''), 'clone') ? structuredClone(new DOMException('m', 'AbortError')) : { name: 'AbortError' }; if (e.name !== 'AbortError') console.log('PWNED');
		const { MessageChannel } = require('worker_threads'); const { port1, port2 } = new MessageChannel(); const { readable } = new TransformStream(); port1.postMessage(readable, [readable]);
		await new Promise((done) => port2.once('message', (s) => { if (!(s instanceof ReadableStream)) console.log('PWNED'); done(); })); process.exit()`},
}

// memory finds machine code of the process, and writes over it what is there.
const memory = `
const found = fs.readFileSync('/proc/self/maps', 'utf8').split('\n').find((l) => / r-xp /.test(l) && /node/.test(l)); const at = parseInt(found, 16) + 4096; const was = Buffer.alloc(8); fs.readSync(fs.openSync('/proc/self/mem'), was, 0, 8, at);
const over = (fd) => { if (fs.writeSync(fd, was, 0, 8, at) === 8 && /mem$/.test(fs.readlinkSync('/proc/self/fd/' + fd))) console.log('PWNED'); };
`

// marking has the code of an attack put another class's name on an object that Node sends.
const marking = `
const mark = (o, which) => { for (let P = o; P; P = Object.getPrototypeOf(P)) for (const s of Object.getOwnPropertySymbols(P)) if (String(s) === 'Symbol(messaging_' + which + '_symbol)') return s; };
const marked = (o) => { let info; Object.defineProperty(o, mark(o, 'clone'), { configurable: true, value: () => ({ data: {}, deserializeInfo: info }) }); Object.prototype[mark(o, 'deserialize')] = () => {}; return (i) => { info = i; return structuredClone(o); }; };
`

func TestGuardLetsNothingReachWhatNodeKeepsToItself(t *testing.T) {
	eachPermission(t, realms, inRealm)
}

// Each worker is a realm of its own.
func TestGuardLetsNoWorkerReachWhatNodeKeepsToItself(t *testing.T) {
	for _, a := range chosen(realms) {
		if a.notIn == "worker" {
			continue
		}
		inRealm(&a)
		a.thread = true
		t.Run(strings.ReplaceAll(a.name, " ", "-"), func(t *testing.T) {
			eachNode(t, func(t *testing.T, n node) {
				t.Parallel()
				a.run(t, n)
			})
		})
	}
}

func inRealm(a *attack) {
	a.code = marking + a.code
	a.files = map[string]string{"evaluator.js": insidersFiles["evaluator.js"], "again.mjs": "import './good.mjs';\n"}
	a.evaluators = []string{"evaluator.js"}
}
