package guard

// hooksAttacks turn Node's own loader against the list.
var hooksAttacks = []attack{
	{name: "Module._extensions replaced", kinds: "", code: `
		try { Module._extensions['.js'] = (m, f) => m._compile('console.log("PWNED")', f); } catch (e) { say(e); }
		try { require.extensions['.json'] = (m, f) => { m.exports = {}; m._compile('console.log("PWNED")', f); }; } catch (e) { say(e); }
		try { Object.defineProperty(Module._extensions, '.js', { value: (m, f) => m._compile('console.log("PWNED")', f) }); } catch (e) { say(e); }
		try { delete Module._extensions['.js']; } catch (e) { say(e); }
		try { Module._extensions = { '.js': (m, f) => m._compile('console.log("PWNED")', f) }; } catch (e) { say(e); }
		require('./good.js'); require('./good.json')`},
	{name: "an extension of its own", kinds: "unlisted", code: `require.extensions['.txt'] = require.extensions['.js']; require(evil + 'evil.txt')`},
	{name: "an extension that compiles other text", kinds: "changed unlisted made", code: `
		require.extensions['.txt'] = (m, f) => m._compile('console.log("PWNED")', here + '/good.js'); require(evil + 'evil.txt')`},
	{name: "_compile with other text", kinds: "changed made", code: `new Module('x')._compile('console.log("PWNED")', here + '/good.js')`},
	{name: "_compile with other text as a module", kinds: "changed format made", code: `new Module('x')._compile('console.log("PWNED")', here + '/good.mjs', 'module')`},
	{name: "_compile with another file's text", kinds: "changed made", code: `new Module('x')._compile(fs.readFileSync('fine.js', 'utf8').replace('fine', 'PWNED'), here + '/good.js')`},
	{name: "_compile with an object that changes", kinds: "", code: `
		let n = 0; const good = fs.readFileSync('good.js', 'utf8');
		new Module('x')._compile({ toString: () => n++ ? 'console.log("PWNED")' : good, [Symbol.toPrimitive]: () => n++ ? 'console.log("PWNED")' : good }, here + '/good.js')`},
	{name: "_compile with a file name that changes", kinds: "", code: `
		let n = 0; new Module('x')._compile('console.log("PWNED")', { toString: () => n++ ? here + '/x.js' : here + '/good.js' })`},
	{name: "_compile with a format that changes", kinds: "", code: `
		let n = 0; new Module('x')._compile(fs.readFileSync('good.js', 'utf8'), here + '/good.js', { toString: () => n++ ? 'module' : 'commonjs' }); `},
	{name: "the original _compile from anywhere", kinds: "", code: `
		const seen = new Set(); const queue = [Module, Module.prototype, module, require, process];
		while (queue.length) { const o = queue.pop(); if (o === null || (typeof o !== 'object' && typeof o !== 'function') || seen.has(o) || seen.size > 20000) continue; seen.add(o);
			for (const k of Reflect.ownKeys(o)) { let d; try { d = Object.getOwnPropertyDescriptor(o, k); } catch { continue; } if (!d) continue;
				for (const v of [d.value, d.get, d.set]) { if (v) queue.push(v);
					if (typeof v === 'function' && /_compile|ompile/.test(v.name) && v !== Module.prototype._compile) { try { Reflect.apply(v, new Module('x'), ['console.log("PWNED")', here + '/x.js']); } catch {} } } }
			queue.push(Object.getPrototypeOf(o)); }`},
	{name: "Module.wrapper with other code", kinds: "wrapper", code: `Module.wrapper[0] = '(function (exports, require, module, __filename, __dirname) { console.log("PWNED");'; require('./good.js')`},
	{name: "Module.wrapper replaced", kinds: "wrapper", code: `Module.wrapper = ['(function () { console.log("PWNED");', '})']; require('./good.js')`},
	{name: "Module.wrap replaced", kinds: "wrapper", code: `Module.wrap = () => '(function () { console.log("PWNED") })'; require('./good.js')`},
	{name: "Module.wrapper defined by a getter", kinds: "wrapper", code: `
		let n = 0; const real = Module.wrapper[0];
		Object.defineProperty(Module.wrapper, 0, { configurable: true, get: () => n++ < 1 ? real : '(function () { console.log("PWNED");' }); require('./good.js')`},
	{name: "registerHooks with load", kinds: "changed unlisted made", since: 22, code: `
		Module.registerHooks({ load(url, c, next) { if (/good\.m?js$/.test(url)) return { format: url.endsWith('mjs') ? 'module' : 'commonjs', shortCircuit: true, source: 'console.log("PWNED")' }; return next(url, c); } });
		try { require('./good.js'); } catch (e) { say(e); } await import('./good.mjs')`},
	{name: "registerHooks with load for builtins", kinds: "", since: 22, code: `
		Module.registerHooks({ load(url, c, next) { if (url === 'node:path') return { format: 'commonjs', shortCircuit: true, source: 'console.log("PWNED")' }; return next(url, c); } });
		require('path'); await import('node:path'); await import('node:dgram')`},
	{name: "registerHooks with resolve to an unlisted file", kinds: "unlisted", since: 22, code: `
		Module.registerHooks({ resolve(s, c, next) { if (s === 'x') return { url: 'file://' + evil + 'evil.mjs', format: 'module', shortCircuit: true }; return next(s, c); } });
		await import('x')`},
	{name: "registerHooks with resolve to another format", kinds: "format unlisted changed made", since: 22, code: `
		Module.registerHooks({ resolve(s, c, next) { if (s === 'x') return { url: 'file://' + here + '/good.js', format: 'module', shortCircuit: true }; if (s === 'y') return { url: 'file://' + evil + 'evil.mjs', format: 'builtin', shortCircuit: true }; return next(s, c); } });
		try { await import('y'); } catch (e) { say(e); } await import('x')`},
	{name: "registerHooks with a source that answers twice", kinds: "changed made", since: 22, code: `
		const good = fs.readFileSync('good.mjs', 'utf8');
		Module.registerHooks({ load(url, c, next) { if (!url.endsWith('good.mjs')) return next(url, c); let n = 0; return { shortCircuit: true, format: 'module', get source() { return n++ < 3 ? good : 'console.log("PWNED")'; } }; } });
		try { await import('./good.mjs'); } catch (e) { say(e); } fs.writeFileSync('good.mjs', ''); await import('./good.mjs?x')`},
	{name: "registerHooks with bytes that change", kinds: "", since: 22, code: `
		const good = fs.readFileSync('good.mjs'); const shared = new SharedArrayBuffer(64); const view = new Uint8Array(shared); good.copy(view); view.fill(32, good.length);
		Module.registerHooks({ load(url, c, next) { if (!url.endsWith('good.mjs')) return next(url, c); return { shortCircuit: true, format: 'module', source: view }; } });
		setImmediate(() => Buffer.from('console.log("PWNED")').copy(view)); await import('./good.mjs')`},
	{name: "the class of the hooks", kinds: "", since: 22, code: `
		const h = Module.registerHooks({}); const C = h.constructor;
		try { new C(undefined, (url, c, next) => /good/.test(url) ? { format: 'module', shortCircuit: true, source: 'console.log("PWNED")' } : next(url, c)); } catch (e) { say(e); }
		await import('./good.mjs')`},
	{name: "deregister of every hook there is", kinds: "unlisted", since: 22, code: `
		const h = Module.registerHooks({ load: (u, c, n) => n(u, c) }); const P = Object.getPrototypeOf(h);
		try { P.deregister = function () {}; } catch (e) { say(e); }
		for (let i = 0; i < 5; i++) { h.deregister(); Module.registerHooks({ load: (u, c, n) => n(u, c) }).deregister(); }
		await import(evil + 'evil.mjs')`},
	{name: "module.register of a listed loader", kinds: "hooks", code: `
		try { Module.register('./loader.mjs', 'file://' + here + '/'); } catch (e) { say(e); }
		try { await import('./good.js'); } catch (e) { say(e); } await import('./good.mjs'); fs.writeFileSync('good.mjs', '//'); await import('./good.mjs?x')`},
	{name: "module.register of an unlisted loader", kinds: "", code: `
		try { Module.register('./unlisted/loader.mjs', 'file://' + here + '/'); } catch (e) { say(e); } await import('./good.mjs')`},
	{name: "module.register of a data address", kinds: "", code: `
		try { Module.register('data:text/javascript,console.log("PWNED");export const load = () => ({ format: "module", shortCircuit: true, source: "console.log(1)" })'); } catch (e) { say(e); } await import('./good.mjs')`},
	{name: "Module._load told to skip the hooks", kinds: "unlisted", code: `
		for (const f of ['evil.js', 'evil.json']) { try { const m = Module._load(evil + f, null, false, { shouldSkipModuleHooks: true }); if (m.evil) console.log('PWNED'); } catch (e) { say(e); } }`},
	{name: "Module._load told the source", kinds: "", code: `
		Module._load(here + '/good.js', null, false, { __proto__: null, shouldSkipModuleHooks: true, source: 'console.log("PWNED")', resolved: { filename: here + '/good.js', format: 'commonjs', url: 'file://' + here + '/good.js' } })`},
	{name: "a source left on the module by its symbol", kinds: "", code: `
		const m = new Module(here + '/good.js'); m.filename = here + '/good.js'; Module._cache[here + '/good.js'] = m; m.load(here + '/good.js');
		const n = new Module(here + '/good.js'); for (const s of Object.getOwnPropertySymbols(m)) { try { n[s] = 'console.log("PWNED")'; } catch {} }
		try { n.load(here + '/good.js'); } catch (e) { say(e); }
		Module._extensions['.js'](n, here + '/good.js')`},
	{name: "the compile cache", kinds: "compile-cache", since: 22, code: `console.log(Module.enableCompileCache(here + '/cache').status); if (Module.getCompileCacheDir()) console.log('PWNED')`},
	{name: "the guard's module in the cache", kinds: "unlisted", code: `
		for (const k of Object.keys(require.cache)) if (k.endsWith('guard.cjs')) { console.log(Object.keys(require.cache[k].exports)); delete require.cache[k]; }
		require(evil + 'evil.js')`},
	{name: "the guard loaded a second time", kinds: "unlisted", code: `
		try { require(path.join(here, '..', 'nbuild', 'guard.cjs')); } catch (e) { say(e); } require(evil + 'evil.js')`},
}
