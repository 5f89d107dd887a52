package guard

// strings_ turn strings into code.
var strings_ = []attack{
	{name: "eval", kinds: "eval", code: `eval('console.log("PWNED")')`},
	{name: "indirect eval", kinds: "eval", code: `(0, eval)('console.log("PWNED")')`},
	{name: "eval by Reflect", kinds: "eval", code: `Reflect.apply(globalThis['ev' + 'al'], null, ['console.log("PWNED")'])`},
	{name: "Function", kinds: "eval", code: `Function('console.log("PWNED")')()`},
	{name: "new Function", kinds: "eval", code: `new Function('a', 'console.log("PWNED")')()`},
	{name: "Function through constructors", kinds: "eval", code: `
		for (const f of [() => {}, async () => {}, function* () {}, async function* () {}, class {}, Math.max, require, console.log.bind(null)]) {
			try { let g = f.constructor('console.log("PWNED")')(); g && g.next && g.next(); } catch (e) { say(e); }
			try { let g = Object.getPrototypeOf(f).constructor('console.log("PWNED")')(); g && g.next && g.next(); } catch (e) { say(e); }
			try { let g = Reflect.construct(f.constructor, ['console.log("PWNED")'])(); g && g.next && g.next(); } catch (e) { say(e); }
		}
		try { [].constructor.constructor('console.log("PWNED")')(); } catch (e) { say(e); }
		try { ''.sub.constructor('console.log("PWNED")')(); } catch (e) { say(e); }
		try { Object.getPrototypeOf((async () => {}).constructor)('console.log("PWNED")')(); } catch (e) { say(e); }
		try { Object.getPrototypeOf(Object.getPrototypeOf(async () => {}).constructor)('console.log("PWNED")')(); } catch (e) { say(e); }
		class F extends Function {} ; try { new F('console.log("PWNED")')(); } catch (e) { say(e); }
		try { Reflect.construct(Function, ['console.log("PWNED")'], Array)(); } catch (e) { say(e); }`},
	{name: "timers with strings", kinds: "", code: `
		for (const f of [setTimeout, setInterval, setImmediate]) { try { f('console.log("PWNED")', 1); } catch (e) { say(e); } } await wait(50)`},
	{name: "a string that answers twice", kinds: "eval", code: `
		let n = 0; const s = { toString: () => n++ ? 'console.log("PWNED")' : '1' };
		try { Function(s)(); } catch (e) { say(e); } try { new (require('vm').Script)(s).runInThisContext(); } catch (e) { say(e); }`},
	{name: "vm.Script", kinds: "eval", code: `new (require('vm').Script)('console.log("PWNED")').runInThisContext()`},
	{name: "vm through node:vm", kinds: "eval", code: `(await import('node:vm')).runInThisContext('console.log("PWNED")')`},
	{name: "vm by name of an import", kinds: "eval", code: `const { Script } = await import('vm'); new Script('console.log("PWNED")').runInThisContext()`},
	{name: "vm through getBuiltinModule", kinds: "eval", since: 22, code: `process.getBuiltinModule('vm').runInThisContext('console.log("PWNED")')`},
	{name: "vm.compileFunction", kinds: "eval", code: `require('vm').compileFunction('console.log("PWNED")')()`},
	{name: "vm.compileFunction with code in a parameter", kinds: "eval", code: `require('vm').compileFunction('', ['a = console.log("PWNED")'])()`},
	{name: "vm.runInNewContext", kinds: "eval", code: `require('vm').runInNewContext('log("PWNED")', { log: console.log })`},
	{name: "vm.runInContext", kinds: "eval", code: `const vm = require('vm'); vm.runInContext('log("PWNED")', vm.createContext({ log: console.log }))`},
	{name: "a context's own Function", kinds: "eval", code: `
		const vm = require('vm'); const c = vm.createContext({}); const F = vm.runInContext('Function', c); F('return process')(); console.log('PWNED')`},
	{name: "the global object of a new context", kinds: "", code: `
		const g = require('vm').runInNewContext('this', undefined, { contextCodeGeneration: { strings: true } }); for (const f of [() => g.Function('return 1')(), () => g.eval('1'), () => g.Array.constructor('return 1')()]) { try { f(); console.log('PWNED ' + f); } catch (e) { say(e); } }`},
	{name: "a context's constructor through its sandbox", kinds: "", code: `
		const vm = require('vm'); const c = vm.createContext({}, { codeGeneration: { strings: true } });
		for (const k of Reflect.ownKeys(c)) { try { c[k].constructor.constructor('console.log("PWNED")')(); } catch (e) { say(e); } }
		try { c.constructor.constructor('console.log("PWNED")')(); } catch (e) { say(e); }
		if (vm.constants && vm.constants.DONT_CONTEXTIFY) { const g = vm.createContext(vm.constants.DONT_CONTEXTIFY); try { g.Function('return 1')(); console.log('PWNED'); } catch (e) { say(e); } try { g.eval('1'); console.log('PWNED'); } catch (e) { say(e); } }`},
	{name: "the class beneath vm.Script", kinds: "eval", code: `
		const { Script } = require('vm'); const ways = [Object.getPrototypeOf(Script), Object.getPrototypeOf(Script.prototype).constructor, Script.prototype.constructor];
		for (const C of ways) { try { const s = Reflect.construct(C, ['console.log("PWNED")', 'x', 0, 0], Script); s.runInThisContext(); } catch (e) { say(e); } try { const s = new C('console.log("PWNED")', 'x', 0, 0, undefined, false, undefined); Script.prototype.runInThisContext.call(s); } catch (e) { say(e); } }`},
	{name: "vm.Script called by a subclass", kinds: "eval", code: `
		const { Script } = require('vm'); class S extends Script {} new S('console.log("PWNED")').runInThisContext()`},
	{name: "vm.SourceTextModule", kinds: "", code: `
		const vm = require('vm'); const M = vm.SourceTextModule; if (!M) return; const m = new M('console.log("PWNED")'); await m.link(() => {}); await m.evaluate()`},
	{name: "bytecode from v8's cache", kinds: "eval", code: `
		const vm = require('vm'); new vm.Script('1', { cachedData: Buffer.alloc(10) })`},
	{name: "the powers of an approved module by name", kinds: "", code: `
		for (const k of ['nbuild:powers', 'nbuild:hook']) { if (module[k] || process[k]) console.log('PWNED'); }
		const again = Reflect.ownKeys(process).filter((k) => String(k).includes('nbuild')); if (again.length) console.log('PWNED')`},
	{name: "engine flags", kinds: "flag", code: `
		const v8 = require('v8'); for (const f of ['--no-disallow-code-generation-from-strings', '--allow-natives-syntax', '--no_disallow_code_generation_from_strings', '--expose_gc --no-disallow-code-generation-from-strings', '--harmony-shadow-realm', '--expose-internals']) { try { v8.setFlagsFromString(f); console.log('took', f); } catch (e) { say(e); } }
		const { Worker } = require('worker_threads'); new Worker(here + '/worker-eval.js')`},
	{name: "WebAssembly.Module", kinds: "wasm", code: `
		const b = Buffer.from('AGFzbQEAAAABBQFgAAF/AwIBAAcFAQFmAAAKBgEEAEEqCw==', 'base64');
		if (new WebAssembly.Instance(new WebAssembly.Module(b)).exports.f() === 42) console.log('PWNED')`},
	{name: "WebAssembly by every way", kinds: "wasm", code: `
		const b = Buffer.from('AGFzbQEAAAABBQFgAAF/AwIBAAcFAQFmAAAKBgEEAEEqCw==', 'base64'); const ab = b.buffer.slice(b.byteOffset, b.byteOffset + b.length);
		const M = WebAssembly.Module; const shared = new SharedArrayBuffer(b.length); b.copy(new Uint8Array(shared));
		const ways = [() => WebAssembly.compile(b), () => WebAssembly.instantiate(ab), () => WebAssembly.instantiate(new DataView(ab)), () => new M.prototype.constructor(b), () => Reflect.construct(M, [b], class extends M {}), () => WebAssembly.compile(shared), () => WebAssembly.instantiate(new Uint16Array(ab.slice(0, ab.byteLength & ~1)), {}),
			() => { class X extends M {} return new X(b); }, () => WebAssembly.compileStreaming(new Response(b, { headers: { 'content-type': 'application/wasm' } })), () => WebAssembly.instantiateStreaming(new Response(b, { headers: { 'content-type': 'application/wasm' } })),
			() => { const u = new Uint8Array(ab); Object.setPrototypeOf(u, { __proto__: Uint8Array.prototype, length: 0, byteLength: 0, buffer: new ArrayBuffer(0) }); return WebAssembly.compile(u); }];
		for (const w of ways) { try { await w(); console.log('PWNED ' + w); } catch (e) { say(e); } }`},
	{name: "WASI brings no module of its own", kinds: "wasm", code: `
		const { WASI } = require('wasi'); const w = new WASI({ version: 'preview1' }); const b = Buffer.from('AGFzbQEAAAABBQFgAAF/AwIBAAcFAQFmAAAKBgEEAEEqCw==', 'base64');
		w.start(await WebAssembly.instantiate(await WebAssembly.compile(b))); console.log('PWNED')`},
	{name: "ShadowRealm", kinds: "", code: `if (typeof ShadowRealm === 'function') { new ShadowRealm().evaluate('1'); console.log('PWNED'); }`},
	{name: "stripTypeScriptTypes runs nothing", kinds: "", since: 22, code: `if (Module.stripTypeScriptTypes) Module.stripTypeScriptTypes('console.log("PWNED")')`},
}
