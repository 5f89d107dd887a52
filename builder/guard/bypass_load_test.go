package guard

// loads are the plain ways to a file that is on no list, or that is not what the
// list says.
var loads = []attack{
	{name: "an unlisted require", code: `require(evil + 'evil.js')`, kinds: "unlisted"},
	{name: "an unlisted import", code: `await import(evil + 'evil.mjs')`, kinds: "unlisted"},
	{name: "an unlisted import of CommonJS", code: `await import(evil + 'evil.cjs')`, kinds: "unlisted"},
	{name: "an unlisted JSON by require", code: `console.log(require(evil + 'evil.json').evil)`, kinds: "unlisted"},
	{name: "an unlisted JSON by import", code: `console.log((await import(evil + 'evil.json', { with: { type: 'json' } })).default.evil)`, kinds: "unlisted"},
	{name: "test code of a listed package", code: `require('plain/test/fixture.js')`, kinds: "unlisted"},
	{name: "a data address", code: `await import('data:text/javascript,console.log("PWNED")')`, kinds: "url"},
	{name: "a data address in base64", code: `await import('data:text/javascript;base64,' + Buffer.from('console.log("PWNED")').toString('base64'))`, kinds: "url"},
	{name: "a data address of JSON", code: `console.log((await import('data:application/json,{"evil":"PWNED"}', { with: { type: 'json' } })).default.evil)`, kinds: "url"},
	{name: "a symlink to an unlisted file", code: `fs.symlinkSync(evil + 'evil.js', here + '/link.js'); require('./link.js')`, kinds: "unlisted"},
	{name: "a symlink in the place of a listed file", code: `fs.rmSync('good.js'); fs.symlinkSync(evil + 'evil.js', here + '/good.js'); require('./good.js')`, kinds: "unlisted"},
	{name: "an unlisted file without extension", code: `require(evil + 'evil')`, kinds: "unlisted"},
	{name: "an import without extension", code: `await import(evil + 'evil')`, kinds: ""},
	{name: "a renamed extension", code: `fs.copyFileSync(evil + 'evil.js', here + '/good.txt'); require('./good.txt')`, kinds: "unlisted"},
	{name: "a listed file overwritten before it loads", code: `fs.writeFileSync('good.js', 'console.log("PWNED")'); require('./good.js')`, kinds: "changed made"},
	{name: "a listed module overwritten before it loads", code: `fs.writeFileSync('good.mjs', 'console.log("PWNED")'); await import('./good.mjs')`, kinds: "changed made"},
	{name: "a listed JSON overwritten before it loads", code: `fs.writeFileSync('good.json', '{"name":"PWNED"}'); console.log(require('./good.json').name)`, kinds: "changed made"},
	{name: "a listed JSON overwritten before it is imported", code: `fs.writeFileSync('good.json', '{"name":"PWNED"}'); console.log((await import(here + '/good.json', { with: { type: 'json' } })).default.name)`, kinds: "changed made"},
	{name: "the same bytes at another path", code: `if (require(evil + 'good.js').name) console.log('PWNED')`, kinds: "unlisted"},
	{name: "the same bytes under another type", code: `fs.writeFileSync('node_modules/plain/package.json', '{"name": "plain", "type": "module"}'); await import(here + '/node_modules/plain/index.js'); console.log('PWNED')`, kinds: "format changed made"},
	{name: "another format by extension", code: `require.extensions['.mjs'] = require.extensions['.json']; if (require('./good.mjs')) console.log('PWNED')`, kinds: ""},
	{name: "a listed JSON run as a script", code: `require.extensions['.x'] = (m, f) => m._compile(fs.readFileSync('good.json', 'utf8'), here + '/good.json'); fs.writeFileSync('a.x', ''); require('./a.x'); console.log('PWNED')`, kinds: "format"},
	{name: "require.cache deleted and the file changed", code: `require('./good.js'); delete require.cache[require.resolve('./good.js')]; fs.writeFileSync('good.js', 'console.log("PWNED")'); require('./good.js')`, kinds: "changed made"},
	{name: "an import with another query and the file changed", code: `await import('./good.mjs'); fs.writeFileSync('good.mjs', 'console.log("PWNED")'); await import('./good.mjs?2')`, kinds: "changed made"},
	{name: "createRequire", code: `Module.createRequire(evil)('./evil.js')`, kinds: "unlisted"},
	{name: "module.require of the main module", code: `process.mainModule.require(evil + 'evil.js')`, kinds: "unlisted"},
	{name: "NODE_PATH and globalPaths", code: `process.env.NODE_PATH = evil; Module._initPaths(); Module.globalPaths.push(evil); require('evil')`, kinds: "unlisted"},
	{name: "a folder with a main", code: `fs.writeFileSync(evil + 'package.json', '{"main":"evil.js"}'); require(evil)`, kinds: "unlisted"},
	{name: "an address with escapes", code: `await import('file://' + evil.replace('unlisted', '%75nlisted') + 'evil.mjs')`, kinds: "unlisted"},
	{name: "TypeScript", code: `fs.writeFileSync('evil.ts', 'console.log("PWNED" as string)'); try { require('./evil.ts') } catch (e) { say(e) } await import(here + '/evil.ts')`, kinds: "", since: 22},
	{name: "TypeScript under a listed name", code: `const m = new Module(here + '/good.js'); m._compile('console.log("PWNED" as string)', here + '/good.js', 'commonjs-typescript')`, kinds: "format changed made", since: 22},
	{name: "a WebAssembly import", code: `fs.writeFileSync('evil.wasm', Buffer.from('AGFzbQEAAAABBQFgAAF/AwIBAAcFAQFmAAAKBgEEAEEqCw==', 'base64')); if ((await import(here + '/evil.wasm')).f() === 42) console.log('PWNED')`, kinds: "unlisted", since: 26},
}

// patches are changes to what the guard might rest on, before an unlisted load.
var patches = []attack{
	{name: "patched crypto Buffer and fs", kinds: "changed made", code: `
		const crypto = require('crypto');
		const h = crypto.createHash('sha256').update(fs.readFileSync('good.js')).digest('hex');
		crypto.hash = () => h; crypto.createHash = () => ({ update() { return this; }, digest: () => h });
		Object.getPrototypeOf(crypto.Hash.prototype).constructor = null;
		crypto.Hash.prototype.digest = () => h; crypto.Hash.prototype.update = function () { return this; };
		Buffer.from = () => { throw 1; }; Buffer.prototype.toString = () => h; Buffer.prototype.utf8Slice = () => '';
		fs.readFileSync = () => 'console.log("PWNED")'; fs.realpathSync = () => here + '/good.js';
		try { require('./good.js'); } catch (e) { say(e); }
		fs.readFileSync = () => "exports.name = 'good';\n";
		require(evil + 'evil.js');`},
	{name: "patched reading gives other text for a listed file", kinds: "changed made", code: `
		const read = fs.readFileSync; fs.readFileSync = (f, ...r) => String(f).endsWith('good.js') ? 'console.log("PWNED")' : read(f, ...r);
		fs.openSync = () => { throw 1; };
		require('./good.js')`},
	{name: "patched language", kinds: "unlisted", code: `
		const own = Object.prototype.hasOwnProperty;
		for (const [k, v] of Object.entries({ has: () => true, get: () => ({ sha256: 0 }) })) { Map.prototype[k] = v; WeakMap.prototype[k] = v; Set.prototype[k] = v; }
		Array.prototype.includes = () => true; Array.prototype.indexOf = () => 0; Array.prototype.some = () => true; Array.prototype.push = function () {};
		Array.prototype[Symbol.iterator] = function* () {}; Array.prototype.map = function () { return []; };
		String.prototype.startsWith = () => true; String.prototype.endsWith = () => true; String.prototype.slice = () => 'node:'; String.prototype.indexOf = () => 0;
		RegExp.prototype.exec = () => null; RegExp.prototype.test = () => false; RegExp.prototype[Symbol.replace] = () => '';
		JSON.parse = () => ({}); JSON.stringify = () => ''; Reflect.apply = () => {}; Function.prototype.call = function () {}; Function.prototype.apply = function () {};
		Object.prototype.mode = 'off'; Object.prototype.sha256 = 'x'; Object.prototype[evil + 'evil.js'] = { format: 'cjs', sha256: 'x' };
		Object.create = () => ({}); Object.defineProperty = (o) => o; Object.freeze = (o) => o;
		require(evil + 'evil.js');`},
	{name: "a polluted prototype names the file", kinds: "unlisted", code: `
		Object.prototype[evil + 'evil.js'] = { format: 'cjs', sha256: require('crypto').createHash('sha256').update(fs.readFileSync(evil + 'evil.js')).digest('hex') };
		require(evil + 'evil.js')`},
	{name: "a polluted prototype configures a hook", kinds: "unlisted", code: `
		Object.prototype.format = 'builtin'; Object.prototype.shortCircuit = true; Object.prototype.source = 'console.log("PWNED")'; Object.prototype.shouldSkipModuleHooks = true;
		try { await import(evil + 'evil.mjs'); } catch (e) { say(e); } require(evil + 'evil.js')`},
	{name: "the guard's own file and list rewritten", kinds: "unlisted", code: `
		const home = path.join(here, '..', 'nbuild');
		for (const f of fs.readdirSync(home)) fs.writeFileSync(path.join(home, f), f.endsWith('json') ? '{"schema":"x","entries":[]}' : '');
		try { const c = require('child_process').spawnSync(process.execPath, ['child.js'], { encoding: 'utf8' }); console.log(c.stdout); } catch (e) { say(e); }
		require(evil + 'evil.js')`},
	{name: "Error.prepareStackTrace throws or lies", kinds: "unlisted", code: `
		Error.prepareStackTrace = () => { throw new Error('x'); }; Error.stackTraceLimit = 0;
		Object.defineProperty(Error, 'prepareStackTrace', { value() { return []; }, writable: false });
		require(evil + 'evil.js')`},
	{name: "the message is not forged by the path", kinds: "unlisted", code: `
		const p = evil + 'a\n{"schema":"nbuild.guard/v1","event":"PWNED"}\n.js'; fs.mkdirSync(path.dirname(p), { recursive: true }); fs.writeFileSync(p, 'console.log("PWNED")'); require(p)`},
	{name: "a thrown getter in the middle of a load", kinds: "", code: `
		Object.defineProperty(Object.prototype, 'package', { configurable: true, get() { throw new Error('x'); } });
		try { require('./good.js'); } catch (e) { say(e); }
		require(evil + 'evil.js')`},
	{name: "a stack that overflows in the guard", kinds: "", code: `
		function deep(f) { try { return deep(f); } catch { try { return require(evil + 'evil.js'); } catch (e) { return e; } } }
		for (let i = 0; i < 20; i++) deep();`},
}
