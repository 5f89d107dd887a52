package guard

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// starters have something started: a thread, a process, a worker of a cluster. What
// they attack is the time before the guard runs in it.
var starters = []attack{
	{name: "options set while the program runs and a thread with flags of its own", kinds: "environment", code: `
		const { Worker, SHARE_ENV } = require('worker_threads'); process.env.NODE_OPTIONS = '--require ' + evil + 'evil.js';
		for (const o of [{ execArgv: ['--no-warnings'] }, { execArgv: [] }, { execArgv: ['--no-warnings'], env: SHARE_ENV }, { env: SHARE_ENV }, { env: process.env }, { env: { ...process.env } }, {}, undefined]) {
			try { const w = new Worker(here + '/fine.js', o); w.on('error', say); await new Promise((done) => w.on('exit', done)); } catch (e) { say(e); } }`},
	{name: "options from an honest file of variables", kinds: "environment", code: `
		fs.writeFileSync('.env', 'NODE_OPTIONS=--require ' + evil + 'evil.js\n'); process.loadEnvFile('.env');
		const { Worker } = require('worker_threads'); try { new Worker(here + '/fine.js', { execArgv: ['--no-warnings'] }).on('error', say); } catch (e) { say(e); }
		try { require('child_process').fork(here + '/fine.js'); } catch (e) { say(e); }`},
	{name: "variables that are set again while a thread starts", kinds: "environment", code: `
		const { Worker, SHARE_ENV } = require('worker_threads'); const cache = here + '/cache';
		for (let i = 0; i < 3; i++) { try { new Worker(here + '/fine.js', { env: SHARE_ENV }).on('error', say); } catch (e) { say(e); } delete process.env.NODE_DISABLE_COMPILE_CACHE; process.env.NODE_COMPILE_CACHE = cache; await wait(100); }
		if (fs.existsSync(cache)) console.log('PWNED')`},
	{name: "a compile cache set while the program runs", kinds: "compile-cache", since: 22, code: `
		const { Worker } = require('worker_threads'); const c = require('child_process'); const cache = here + '/cache';
		delete process.env.NODE_DISABLE_COMPILE_CACHE; process.env.NODE_COMPILE_CACHE = cache; process.env.NODE_COMPILE_CACHE_PORTABLE = '1';
		for (const o of [undefined, {}, { execArgv: [] }, { env: process.env }, { env: { NODE_COMPILE_CACHE: cache } }, { env: { NODE_COMPILE_CACHE: cache, NODE_DISABLE_COMPILE_CACHE: undefined } }]) try {
			const w = new Worker(here + '/fine.js', o); w.on('error', say); await new Promise((done) => w.on('exit', done)); } catch (e) { say(e); }
		for (const env of [undefined, { NODE_COMPILE_CACHE: cache }, { NODE_COMPILE_CACHE: cache, NODE_DISABLE_COMPILE_CACHE: '' }]) for (const start of [() => console.log(String(c.spawnSync(process.execPath, ['fine.js'], { env }).stdout)), () => new Promise((done) => c.fork(here + '/fine.js', [], { env }).on('exit', done))]) try { await start(); } catch (e) { say(e); }
		if (fs.existsSync(cache)) console.log('PWNED')`},
	{name: "flags behind the value of another", kinds: "flag", code: `
		const c = require('child_process'); const f = here + '/evil.env'; const js = evil + 'evil.js'; fs.writeFileSync(f, 'NODE_OPTIONS=--require ' + js + '\n'); fs.writeFileSync('node.config.json', JSON.stringify({ nodeOptions: { import: [evil + 'evil.mjs'] } }));
		for (const a of [['--trace-event-categories', 'v8', '--env-file=' + f], ['--trace_event_categories', 'v8', '--env_file=' + f], ['--trace-event-categories=v8', '--env-file-if-exists', f],
			['--title', 'x', '-r', js], ['-C', 'x', '--require', js], ['--conditions', 'x', '--import', evil + 'evil.mjs'], ['--unhandled-rejections', 'strict', '--experimental-config-file=node.config.json'],
			['--experimental-default-config-file'], ['--secure-heap', '65536', '-pe', '"PW" + "NED"'], ['--max-http-header-size', '9999', '-e', 'console.log("PWNED")'], ['--disable-warning', 'x', '--run', 'x'],
			['--openssl-config', f], ['--openssl-shared-config'], ['--build-snapshot', js], ['--build-snapshot-config', f], ['--snapshot-blob', f], ['--inspect-brk'], ['--inspect-brk=0'], ['--inspect-port', '0', '--inspect'], ['--inspect-wait'], ['--icu-data-dir', here],
			['--experimental-loader', evil + 'loader.mjs'], ['--loader', evil + 'loader.mjs'], ['--input-type', 'module', '-e', 'console.log("PWNED")'], ['--no-warnings', '-p', '"PW" + "NED"'], ['--watch-path', here], ['--diagnostic-dir', here, '--cpu-prof'], ['--redirect-warnings', 'x'],
			['--stack-size', '984', '--require', js], ['--no-title', '-r', js], ['--warnings=--require', '-r', js], ['--nowarnings', '-r', js], ['--expose_internals'], ['--allow-natives-syntax'], ['--experimental-vm-modules', '-r', js], ['--no-disallow-code-generation-from-strings'], ['--nodisallow_code_generation_from_strings']]) {
			const r = c.spawnSync.bind(c, process.execPath, [...a, 'fine.js'], { timeout: 20000 });
			try { const got = r(); console.log(String(got.stdout), a.join(' '), got.status); } catch (e) { if (e.code !== 'ERR_NBUILD_GUARD') say(e); } }
		for (const a of [['--trace-event-categories', 'v8', '--env-file=' + f], ['--title', 'x', '--require', js]]) {
			for (const start of [() => c.spawn(process.execPath, [...a, 'fine.js'], { stdio: 'inherit' }), () => c.execFile(process.execPath, [...a, 'fine.js'], (e, out) => console.log(out)), () => c.execFileSync(process.execPath, [...a, 'fine.js']), () => c.fork('fine.js', [], { execArgv: a }), () => c.fork(a[0], [...a.slice(1), 'fine.js'], { execArgv: [] }), () => new (require('worker_threads').Worker)(here + '/fine.js', { execArgv: a })])
				try { start(); } catch (e) { say(e); } }`},
	{name: "flags of node's among the arguments of the program", kinds: "", code: `
		const c = require('child_process'); const js = evil + 'evil.js'; const f = here + '/evil.env'; const j = here + '/evil.json'; fs.writeFileSync(f, 'NODE_OPTIONS=--require ' + js + '\n');
		for (const name of [j, here + '/node.config.json']) fs.writeFileSync(name, JSON.stringify({ nodeOptions: { require: [js] } }));
		for (const a of [['--env-file=' + f], ['--env-file', f], ['--env-file-if-exists=' + f], ['x', '--env-file-if-exists', f], ['--', '--env-file=' + f], ['--experimental-config-file=' + j], ['--experimental-config-file', j], ['--experimental-config-file'], ['--experimental-default-config-file'], ['--', 'x', '--experimental-config-file=' + j], ['--experimental-default-config-file=true']])
			for (const start of [() => c.spawnSync(process.execPath, ['fine.js', ...a]).stdout, () => c.spawnSync(process.execPath, ['--', 'fine.js', ...a]).stdout, () => c.fork(here + '/fine.js', a), () => c.spawnSync('fine.js', a, { shell: process.execPath }).stdout, () => c.spawnSync(process.execPath, ['fine.js'], { argv0: a.at(-1) }).stdout]) try { console.log(String(start())); } catch (e) { if (e.code !== 'ERR_NBUILD_GUARD') say(e); }
		const cluster = require('cluster'); cluster.setupPrimary({ exec: here + '/fine.js', args: ['--experimental-config-file=' + j, '--env-file=' + f] }); try { cluster.fork(); } catch (e) { say(e); }`},
	{name: "flags of the process and of a cluster that were changed", kinds: "flag unlisted", code: `
		const c = require('child_process'); const cluster = require('cluster'); process.execArgv = ['--require', evil + 'evil.js']; try { c.fork(here + '/fine.js'); } catch (e) { say(e); }
		process.execArgv.length = 0; Object.defineProperty(process, 'execArgv', { get: () => ['-r', evil + 'evil.js'], configurable: true }); try { c.fork(here + '/fine.js'); } catch (e) { say(e); } try { console.log(String(c.spawnSync(process.execPath, ['fine.js']).stdout)); } catch (e) { say(e); }
		cluster.setupPrimary({ exec: here + '/fine.js', execArgv: ['--title', 'x', '--import', evil + 'evil.mjs'] }); try { cluster.fork(); } catch (e) { say(e); }
		cluster.setupPrimary({ exec: here + '/fine.js', execArgv: [] }); cluster.settings.execArgv = ['-r', evil + 'evil.js']; try { cluster.fork(); } catch (e) { say(e); } try { cluster.fork({ NODE_OPTIONS: '-r ' + evil + 'evil.js' }); } catch (e) { say(e); }`},
	{name: "a node that is given no file but its input", kinds: "child", code: `
		const c = require('child_process'); const input = 'console.log("PWNED")';
		for (const a of [[], [''], ['-'], ['--'], ['--', ''], ['--', '-'], ['--no-warnings'], ['--no-warnings', ''], ['--title', ''], ['--title', 'x', ''], ['-i'], ['inspect', 'fine.js'], ['--', 'inspect', 'fine.js']]) {
			try { const r = c.spawnSync(process.execPath, a, { input, timeout: 20000 }); console.log(String(r.stdout), a, r.status); } catch (e) { say(e); } }
		for (const a of [['--version', '--no-version'], ['-v', '--no_version', ''], ['--help', '--no-help']]) try { console.log(String(c.spawnSync(process.execPath, a, { input }).stdout)); } catch (e) { say(e); }`},
	{name: "a shell that is a node", kinds: "flag child", code: `
		const c = require('child_process'); fs.symlinkSync(process.execPath, here + '/sh'); const js = evil + 'evil.js';
		for (const shell of [process.execPath, here + '/sh', '/proc/self/exe']) for (const start of [() => c.execSync(js, { shell }), () => c.spawnSync(js, { shell }).stdout, () => c.spawnSync('-e', ['console.log("PWNED")'], { shell }).stdout, () => c.execFileSync(js, { shell }), () => c.exec(js, { shell }, (e, out) => console.log(out)), () => c.spawn(js, { shell, stdio: 'inherit' })]) try { console.log(String(start())); } catch (e) { say(e); }
		Object.defineProperty(process, 'platform', { value: 'win32' }); process.env.comspec = '/bin/echo'; for (const start of [() => c.spawnSync('PWNED', { shell: true }).stdout, () => c.execSync('PWNED')]) try { console.log(String(start())); } catch (e) { say(e); }`},
	{name: "a node by other paths and names", kinds: "unlisted child", code: `
		const c = require('child_process'); fs.symlinkSync(process.execPath, here + '/other'); fs.symlinkSync(here + '/other', here + '/another');
		for (const file of ['/proc/self/exe', here + '/another', './another', path.relative('/', process.execPath)]) for (const argv0 of [undefined, '/bin/sh', '', '-e']) try { console.log(String(c.spawnSync(file, ['child.js'], { argv0, cwd: file[0] === '/' ? undefined : here }).stdout)); } catch (e) { say(e); }`},
	{name: "thread options that are no plain object", kinds: "environment flag", code: `
		const { Worker } = require('worker_threads'); const js = evil + 'evil.js'; const env = { NODE_OPTIONS: '--require ' + js };
		const f = () => {}; f.env = env; f.execArgv = []; const g = function () {}; g.execArgv = ['-r', js];
		for (const o of [f, g, Object.create({ env }), new (class { get env() { return env; } get execArgv() { return []; } })(), new Proxy({}, { get: (t, k) => k === 'env' ? env : k === 'execArgv' ? [] : undefined }), new Proxy({ env, execArgv: [] }, { ownKeys: () => [] })]) try { new Worker(here + '/fine.js', o).on('error', say); } catch (e) { say(e); }
		for (const [P, o] of [[Number, 5], [String, 'x'], [Boolean, true], [Symbol, Symbol('x')], [BigInt, 1n]]) { P.prototype.env = env; P.prototype.execArgv = []; try { new Worker(here + '/fine.js', o).on('error', say); } catch (e) { say(e); } delete P.prototype.env; delete P.prototype.execArgv; }`},
	{name: "thread options that run code while they are read", kinds: "environment", code: `
		const { Worker } = require('worker_threads'); const options = '--require ' + evil + 'evil.js'; let env; let flags;
		const late = () => { process.env.NODE_OPTIONS = options; try { env.NODE_OPTIONS = options; } catch {} try { flags.push('-r', evil + 'evil.js'); } catch {} return ''; };
		env = {}; flags = ['--no-warnings']; class W extends Worker {}; Object.defineProperty(W.prototype, '_events', { configurable: true, get() { late(); }, set(v) { late(); Object.defineProperty(this, '_events', { value: v, writable: true }); } });
		for (const [C, o] of [[Worker, { env, execArgv: flags, argv: [{ toString: late }] }], [Worker, { argv: [{ toString: late }] }], [Worker, { execArgv: flags, get resourceLimits() { late(); return {}; } }], [W, { execArgv: flags }], [W, undefined], [Worker, { env: { get A() { return late(); } }, execArgv: flags }],
			[Worker, { env: new Proxy({}, { ownKeys: () => ['NODE_OPTIONS'], getOwnPropertyDescriptor: () => ({ value: '', enumerable: true, configurable: true, writable: true }), get: () => options }) }]]) { delete process.env.NODE_OPTIONS; flags.length = 1; delete env.NODE_OPTIONS; try { new C(here + '/fine.js', o).on('error', say); } catch (e) { say(e); } }`},
	{name: "words of the options variable in quotes", kinds: "environment", code: `
		const c = require('child_process'); const { Worker } = require('worker_threads'); const js = evil + 'evil.js';
		for (const o of ['"--require" ' + js, '--title="x" --require ' + js, '--title="x\\" --require ' + js + '"" --require ' + js, '--title "a b" -r ' + js, '-"r" ' + js, '--title=x\t--require=' + js, '--title=\\ --require=' + js, '--title="\\\\" --require=' + js, '--no-warnings -- -r ' + js, '--no-warnings x -r ' + js, '"--title', '--title="\\']) {
			for (const start of [() => c.spawnSync(process.execPath, ['fine.js'], { env: { NODE_OPTIONS: o } }).stdout, () => c.spawn(process.execPath, ['fine.js'], { env: { NODE_OPTIONS: o }, stdio: 'inherit' }), () => { new Worker(here + '/fine.js', { env: { NODE_OPTIONS: o } }).on('error', say); return ''; }]) try { console.log(String(start())); } catch (e) { if (e.code !== 'ERR_NBUILD_GUARD') say(e); } }`},
	{name: "a handle that is told by a string what to start", kinds: "", code: `
		const { ChildProcess } = require('child_process'); const Process = new ChildProcess()._handle.constructor; const io = [{ type: 'inherit', fd: 0 }, { type: 'inherit', fd: 1 }, { type: 'inherit', fd: 2 }];
		for (const P of [String, Number, Object, Function]) { Object.assign(P.prototype, { file: '/bin/echo', args: ['echo', 'PWNED'], envPairs: ['A=1'], stdio: io });
			for (const a of [[process.execPath, ['node', 'fine.js'], here, ['A=1'], io, 0], [5, ['node', 'fine.js']], [function () {}, ['node', 'fine.js']], [{ file: process.execPath, args: ['node', 'fine.js'], stdio: io }], []]) try { new Process().spawn(...a); } catch (e) { say(e); }
			for (const k of ['file', 'args', 'envPairs', 'stdio']) delete P.prototype[k]; } await wait(300)`},
	{name: "numbers on a prototype that catch what a child is given", kinds: "environment", code: `
		for (const k of [1, 2, 3, 4, 5, 6, 7, 8]) process.env['V' + k] = '1';
		const c = require('child_process'); const options = 'NODE_OPTIONS=--require ' + evil + 'evil.js'; const dirty = () => { for (const n of [5, 6]) Object.defineProperty(Array.prototype, n, { configurable: true, get: () => options, set() {} }); }; const clean = () => { for (const n of [5, 6]) delete Array.prototype[n]; };
		for (const start of [() => c.spawnSync(process.execPath, ['fine.js']), () => c.execFileSync(process.execPath, ['fine.js'])]) { let got; dirty(); try { got = start(); } catch (e) { got = { stdout: String(e.code) }; } finally { clean(); } console.log(String(got.stdout || got)); }
		for (const cwd of [{ get href() { dirty(); return 'file:///'; }, protocol: 'file:', get pathname() { dirty(); return '/'; } }, Object.defineProperty(new URL('file://' + here), 'href', { get() { dirty(); return 'file://' + here; } })]) { let got; try { got = c.spawnSync(process.execPath, ['fine.js'], { cwd }); } catch (e) { got = { stdout: String(e.code) }; } finally { clean(); } console.log(String(got.stdout)); }
		const lie = { ...process.env, get NODE_ENV() { dirty(); return ''; }, A: '1', B: '2' }; let got; try { got = c.spawnSync(process.execPath, ['fine.js'], { env: lie }); } catch (e) { got = { stdout: String(e.code) }; } finally { clean(); } console.log(String(got.stdout))`},
	{name: "options of the permission model that carry others", kinds: "", code: `
		const c = require('child_process'); const words = '--allow-fs-read=* --require ' + evil + 'evil.js';
		for (const argv of [[words], [{ startsWith: () => true, toString: () => words }], [{ startsWith: () => true, toString: () => '--require ' + evil + 'evil.js' }]]) { process.execArgv = argv; for (const start of [() => c.spawnSync(process.execPath, ['fine.js']).stdout, () => c.spawn(process.execPath, ['fine.js'], { stdio: 'inherit' }), () => c.fork(here + '/fine.js', [], { execArgv: [] })]) try { console.log(String(start())); } catch (e) { say(e); } }
		Object.defineProperty(process, 'execArgv', { value: [words], configurable: false }); try { console.log(String(c.spawnSync(process.execPath, ['fine.js']).stdout)); } catch (e) { say(e); }`},
	{name: "coverage that a child did not ask for", kinds: "environment", code: `
		const c = require('child_process'); process.env.NODE_V8_COVERAGE = here + '/coverage';
		for (const env of [{}, { A: '1' }]) for (const start of [() => c.spawnSync(process.execPath, ['fine.js'], { env }).stdout, () => c.execFileSync(process.execPath, ['fine.js'], { env }), () => c.spawn(process.execPath, ['fine.js'], { env })]) try { console.log(String(start())); } catch (e) { say(e); }
		await wait(500); if (fs.existsSync(here + '/coverage')) console.log('PWNED')`},
	{name: "variables of other libraries", kinds: "environment", code: `
		const c = require('child_process'); const { Worker } = require('worker_threads');
		for (const name of ['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'OPENSSL_CONF', 'OPENSSL_ENGINES', 'OPENSSL_MODULES', 'OPENSSL_CONF_INCLUDE', 'GCONV_PATH', 'LOCPATH', 'GLIBC_TUNABLES', 'MALLOC_CONF', 'ICU_DATA', 'NODE_ICU_DATA', 'NODE_REPL_EXTERNAL_MODULE', 'NODE_PATH', 'NODE_REDIRECT_WARNINGS', 'NODE_TEST_CONTEXT']) {
			for (const start of [() => c.spawnSync(process.execPath, ['fine.js'], { env: { [name]: here } }), () => c.spawn(process.execPath, ['fine.js'], { env: { [name]: here } }), () => new Worker(here + '/fine.js', { env: { [name]: here } }), () => { process.env[name] = here; try { new Worker(here + '/fine.js'); } finally { delete process.env[name]; } }])
				try { start(); console.log('\nPWNED ' + name); } catch (e) { if (e.code !== 'ERR_NBUILD_GUARD') say(e); } }`},
	{name: "names that are spelled to be read as others", kinds: "", code: `
		const c = require('child_process'); const v = '--require ' + evil + 'evil.js'; const { ChildProcess } = c; const io = [{ type: 'ignore' }, { type: 'inherit', fd: 1 }, { type: 'inherit', fd: 2 }];
		for (const pairs of [['NODE_OPTIONS=', 'NODE_OPTIONS=' + v], ['NODE_OPTIONS\0=x', 'A=1'], ['=NODE_OPTIONS=' + v], ['A\0NODE_OPTIONS=' + v], ['NODE_OPTIONS'], ['NODE_OPTIONS==' + v], [{ n: 0, toString() { return this.n++ ? 'NODE_OPTIONS=' + v : 'A=1'; } }]])
			for (const a of [[{ file: process.execPath, args: ['node', 'fine.js'], envPairs: pairs, stdio: io }], [process.execPath, ['node', 'fine.js'], undefined, pairs, io, 0]]) try { new (new ChildProcess()._handle.constructor)().spawn(...a); } catch (e) { say(e); }
		await wait(500)`},
	{name: "arguments that answer twice", kinds: "", code: `
		const c = require('child_process'); const twice = (a, b, k) => { let n = 0; return { toString: () => n++ < k ? a : b }; };
		for (let k = 0; k < 4; k++) for (const make of [() => [twice('fine.js', '-e', k), 'console.log("PWNED")'], () => { let left = k; return new Proxy(['fine.js'], { get: (t, p) => p === '0' ? (left-- > 0 ? 'fine.js' : evil + 'evil.js') : t[p] }); }]) for (const start of [() => c.spawnSync(process.execPath, make(), { timeout: 20000 }).stdout, () => c.execFileSync(process.execPath, make(), { timeout: 20000 }), () => c.fork(here + '/fine.js', [], { execArgv: make(), timeout: 20000 })]) try { console.log(String(start())); } catch (e) { say(e); }
		let m = 0; try { console.log(String(c.spawnSync('fine.js', ['x'], { get shell() { return m++ ? process.execPath : false; } }).stdout)); } catch (e) { say(e); }`},
	{name: "a signal that opens the inspector of a child that starts", kinds: "", code: `
		const c = require('child_process'); let opened = false;
		for (const send of [(p) => process.kill(p.pid, 'SIGUSR1'), (p) => p.kill('SIGUSR1'), (p) => p.kill(10), (p) => process._kill(p.pid, 10 + 2 ** 32), (p) => p._handle.kill(10 + 2 ** 32), (p) => process.kill(p.pid, 10)]) {
			const p = c.spawn(process.execPath, ['fine.js'], { stdio: ['ignore', 'ignore', 'pipe'] }); p.stderr.on('data', (d) => { if (/Debugger listening/.test(d)) opened = true; });
			for (let i = 0; i < 5; i++) { try { send(p); } catch (e) { if (i === 0) say(e); } await wait(8); } await new Promise((done) => p.exitCode === null && p.signalCode === null ? p.on('exit', done) : done()); }
		if (opened) console.log('PWNED')`},
}

// startersAgain are attacks that were thought of when the others held.
var startersAgain = []attack{
	{name: "a thread that is started while it is made", kinds: "", code: `
		const { Worker } = require('worker_threads'); process.env.NODE_OPTIONS = '--require ' + evil + 'evil.js';
		const hook = require('async_hooks').createHook({ init(i, type, t, r) { if (type !== 'WORKER') return; for (const k of ['messagePort', 'onexit']) try { r[k] ??= {}; } catch (e) { say(e); } try { r.constructor && new r.constructor(null, null, undefined, [], new Float64Array(4), true, false); } catch (e) { say(e); } } }).enable();
		for (const o of [undefined, { execArgv: ['--no-warnings'] }]) try { new Worker(here + '/fine.js', o).on('error', say); } catch (e) { say(e); } hook.disable()`},
	{name: "a stack too small for the guard", kinds: "flag", code: `
		const c = require('child_process'); const { Worker } = require('worker_threads');
		for (const a of ['--stack-size=20', '--stack_size=100', '--stack-size=983', '--stack-size=', '--stack-size=x', '--stack-size=-1', '--stack-size=NaN']) for (const start of [() => c.spawnSync(process.execPath, [a, 'child.js']).stdout, () => c.spawnSync(process.execPath, ['child.js'], { env: { NODE_OPTIONS: a } }).stdout, () => new Worker(here + '/fine.js', { execArgv: [a] })]) try { console.log('\nPWNED', String(start())); } catch (e) { if (e.code !== 'ERR_NBUILD_GUARD') say(e); }
		for (const stackSizeMb of [0.05, 0.1, 0.2, 0.5, 1, NaN, { valueOf: () => 0.1 }]) for (const limits of [{ stackSizeMb }, Object.create({ stackSizeMb }), { get stackSizeMb() { return stackSizeMb; } }]) try { const w = new Worker(here + '/worker.js', { resourceLimits: limits }); w.on('error', () => {}); if (w.resourceLimits.stackSizeMb < 4) console.log('PWNED ' + w.resourceLimits.stackSizeMb); await new Promise((done) => w.on('exit', done)); } catch (e) { say(e); }`},
	{name: "a channel of diagnostics that changes what is started", kinds: "", code: `
		const dc = require('diagnostics_channel'); const c = require('child_process'); const cp = ['child_process.spawn', 'tracing:child_process.spawn:start'];
		for (const name of cp) dc.subscribe(name, (m) => { try { const o = m.options || m.process; Object.assign(m.options || {}, { file: '/bin/echo', args: ['echo', 'PWNED'], envPairs: ['NODE_OPTIONS=--require ' + evil + 'evil.js'] }); } catch (e) { say(e); } });
		for (const start of [() => c.spawn(process.execPath, ['fine.js'], { stdio: 'inherit' }), () => c.fork(here + '/fine.js'), () => c.spawnSync(process.execPath, ['fine.js'])]) try { start(); } catch (e) { say(e); } await wait(300)`},
	{name: "an environment of the process that is another object", kinds: "environment", code: `
		const c = require('child_process'); const { Worker } = require('worker_threads'); const options = '--require ' + evil + 'evil.js'; const real = process.env; let n = 0;
		for (const env of [{ NODE_OPTIONS: options }, new Proxy({}, { ownKeys: () => ['NODE_OPTIONS'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: '', writable: true }), get: (t, k) => k === 'NODE_OPTIONS' ? (n++ % 2 ? options : '') : undefined }), Object.create({ NODE_OPTIONS: options })]) {
			process.env = env; for (const start of [() => c.spawnSync(process.execPath, ['fine.js']).stdout, () => c.spawn(process.execPath, ['fine.js'], { stdio: 'inherit' }), () => new Worker(here + '/fine.js').on('error', say), () => new Worker(here + '/fine.js', { env: process.env, execArgv: [] }).on('error', say)]) try { start(); } catch (e) { say(e); } }
		process.env = real; real.NODE_OPTIONS = options; process.env = {}; try { new Worker(here + '/fine.js', { execArgv: [] }).on('error', say); } catch (e) { say(e); }`},
	{name: "a shared environment by another name", kinds: "environment", code: `
		const { Worker } = require('worker_threads'); process.env.NODE_OPTIONS = '--require ' + evil + 'evil.js';
		for (const env of [Symbol.for('nodejs.worker_threads.SHARE_ENV'), Object(Symbol.for('nodejs.worker_threads.SHARE_ENV')), Symbol('nodejs.worker_threads.SHARE_ENV'), () => {}, 0, '', false]) try { new Worker(here + '/fine.js', { env, execArgv: ['--no-warnings'] }).on('error', say); } catch (e) { say(e); }`},
	{name: "a preload that lost its value", kinds: "", code: `
		const c = require('child_process'); const { Worker } = require('worker_threads'); const js = evil + 'evil.js';
		for (const a of [['--require', '--', js], ['--require', '--no-warnings', 'fine.js'], ['-r', '-r', js, 'fine.js'], ['--import', '--', evil + 'evil.mjs'], ['--require=', js], ['--title', '--', js], ['--title', '\\--require', js, 'fine.js'], ['--title=', '--require', js, 'fine.js'], ['--require', ''], ['--conditions', '-r', js, 'fine.js']]) {
			try { const r = c.spawnSync(process.execPath, a, { input: 'console.log("PWNED")' }); console.log(String(r.stdout), r.status); } catch (e) { say(e); } try { new Worker(here + '/fine.js', { execArgv: a }).on('error', say); } catch (e) { say(e); } }`},
	{name: "the test runner with flags and variables for its children", kinds: "", since: 22, code: `
		const { run } = require('node:test'); const js = evil + 'evil.js';
		for (const o of [{ execArgv: ['--require', js] }, { execArgv: ['--trace-event-categories', 'v8', '--env-file=x'] }, { argv: ['--experimental-config-file=x'] }, { env: { NODE_OPTIONS: '--require ' + js } }, { globalSetupPath: js }, { setup: () => { process.execArgv = ['--require', js]; } }]) try { const s = run({ files: [here + '/fine.js'], ...o }); s.on('test:stdout', (d) => console.log(d.message)); s.on('error', say); s.resume(); } catch (e) { say(e); } await wait(1500)`},
	{name: "a program that is a descriptor or is gone", kinds: "child", code: `
		const c = require('child_process'); fs.copyFileSync('/bin/echo', here + '/gone'); fs.chmodSync(here + '/gone', 0o755); const fd = fs.openSync(here + '/gone'); const node = fs.openSync(process.execPath);
		for (const file of ['/proc/self/fd/' + fd, '/dev/fd/' + fd, '/proc/self/fd/' + node, '/proc/' + process.pid + '/exe', '/proc/self/root/bin/echo', '//bin/echo', '/bin/../bin/echo']) try { console.log(String(c.spawnSync(file, ['PWNED']).stdout)); } catch (e) { say(e); }
		fs.unlinkSync(here + '/gone'); for (const file of ['/proc/self/fd/' + fd, '/dev/fd/' + fd]) try { console.log(String(c.spawnSync(file, ['PWNED'], { stdio: ['ignore', 'pipe', 'pipe', fd] }).stdout)); } catch (e) { say(e); }`},
	{name: "a folder in PATH that the child looks in", kinds: "child unlisted", code: `
		const c = require('child_process'); const fake = path.join(here, 'bin'); fs.mkdirSync(fake); fs.writeFileSync(fake + '/node', '#!/bin/sh\necho PWNED\n', { mode: 0o755 }); fs.mkdirSync('node');
		for (const PATH of [fake, '', ':', 'bin', './bin', fake + ':' + path.dirname(process.execPath), path.dirname(process.execPath) + ':' + fake]) for (const cwd of [undefined, fake, '/']) for (const env of [{ PATH }, new Proxy({ PATH }, { get: (t, k) => k === 'PATH' ? PATH : undefined })]) try { console.log(String(c.spawnSync('node', ['child.js'], { env, cwd }).stdout)); } catch (e) { say(e); }
		process.env.PATH = fake; try { console.log(String(c.spawnSync('node', ['child.js']).stdout)); } catch (e) { say(e); }`},
	{name: "a node in a thread of a thread", kinds: "environment unlisted", code: `
		const { Worker } = require('worker_threads'); for (const o of [undefined, { execArgv: [], env: {} }]) { const w = new Worker(here + '/nest.js', o); w.on('error', say); await new Promise((done) => w.on('exit', done)); }`, files: map[string]string{
		"nest.js": "const { Worker } = require('worker_threads'); const c = require('child_process'); process.env.NODE_OPTIONS = '--require ' + __dirname + '/unlisted/evil.js'; for (const start of [() => new Worker(__dirname + '/worker.js', { execArgv: ['--no-warnings'] }), () => new Worker(__dirname + '/worker.js', { env: {} }), () => c.spawnSync(process.execPath, ['fine.js'])]) try { const got = start(); if (got.on) got.on('error', () => {}); else console.log(String(got.stdout)); } catch (e) { console.log(e.code); }\n",
	}},
	{name: "a cluster whose settings change when they are read", kinds: "", code: `
		const cluster = require('cluster'); const js = evil + 'evil.js'; let n = 0;
		cluster.on('setup', (s) => { s.execArgv = ['--trace-event-categories', 'v8', '--env-file=x']; s.args = ['--experimental-config-file=x']; }); for (const s of [{ exec: here + '/fine.js' }, { exec: here + '/fine.js', get execArgv() { return n++ ? ['-e', 'console.log("PWNED")'] : []; } }, { exec: '-e', args: ['console.log("PWNED")'] }, { exec: '-', args: [] }, { exec: here + '/fine.js', inspectPort: 0, execArgv: ['--inspect'] }]) { try { cluster.setupPrimary(s); cluster.fork({ NODE_UNIQUE_ID: '1', NODE_CHANNEL_FD: '0' }).on('error', say); } catch (e) { say(e); } }`},
}

// whole is Node's permission model with everything allowed that these attacks use.
func whole() *Permission { return &Permission{Write: []string{"*"}, Children: true, Workers: true} }

func TestNothingIsStartedBeforeTheGuard(t *testing.T) {
	eachPermission(t, slices.Concat(starters, startersAgain), func(*attack) {})
}

// What a program may start is started as without the guard, options and variables
// included.
func TestHarmlessOptionsReachWhatIsStarted(t *testing.T) {
	const program = `
-- package.json --
{"name": "app"}
-- main.js --
const c = require('child_process'); const { Worker } = require('worker_threads');
const show = (r) => process.stdout.write(String(r.stdout || r.stderr));
show(c.spawnSync(process.execPath, ['--title', 'web', '--trace_event_categories', 'v8', '-C', 'x', '--no-warnings', 'child.js', '--require', 'y']));
show(c.spawnSync(process.execPath, ['child.js'], { env: { NODE_OPTIONS: '--no-warnings --title "a \\"b"' } }));
show(c.spawnSync(process.execPath, ['--', 'child.js', '--', '-e']));
console.log(String(c.execFileSync(process.execPath, ['--version'])).trim() === process.version);
process.env.NODE_OPTIONS = '--title=x --no-warnings';
process.env.OWN = '1';
new Worker(__dirname + '/child.js', { execArgv: ['--conditions', 'x'], argv: ['a'] }).on('exit', () => new Worker(__dirname + '/child.js'));
-- child.js --
console.log([process.argv.slice(2), process.execArgv, process.env.NODE_OPTIONS, process.env.OWN].join('|'));
`
	want := "--require,y|--title=web,--trace-event-categories=v8,--conditions=x,--no-warnings||\n" +
		"||--no-warnings \"--title=a \\\"b\"|\n" +
		"--,-e|||\ntrue\n" +
		"a|--conditions=x|--no-warnings|1\n" +
		"||--no-warnings|1\n"
	eachNode(t, func(t *testing.T, n node) {
		for _, permission := range []*Permission{nil, whole()} {
			w := newWorld(t, program)
			w.o.Permission = permission
			got := w.run(n, "main.js")
			if got.exit != 0 || got.stdout != want {
				t.Errorf("exit %d, stdout\n%swant\n%sstderr %s", got.exit, got.stdout, want, got.stderr)
			}
		}
	})
}

// An image that sets Node's permission model sets it for all that it starts.
func TestWhatIsStartedKeepsTheImagesPermissions(t *testing.T) {
	const program = `
-- package.json --
{"name": "app"}
-- main.js --
const c = require('child_process'); const { Worker } = require('worker_threads');
const tried = (start) => { try { return start(); } catch (e) { console.log(e.code); } };
for (const o of [undefined, { execArgv: [] }, { env: {} }, { execArgv: ['--no-permission'] }, { execArgv: ['--allow-fs-write=*'] }, { execArgv: ['--allow-fs-write', '*'] }]) tried(() => new Worker(__dirname + '/write.js', o).on('error', (e) => console.log(e.message)));
for (const a of [[], ['--no-permission'], ['--allow-fs-write=*'], ['--allow_fs_write=/'], ['--allow-addons']]) tried(() => c.spawn(process.execPath, [...a, 'write.js'], { stdio: 'inherit' }));
for (const NODE_OPTIONS of ['--no-permission', '--allow-fs-write=*', '--permission --allow-fs-write=/']) for (const start of [() => c.spawn(process.execPath, ['write.js'], { env: { NODE_OPTIONS } }), () => new Worker(__dirname + '/write.js', { env: { NODE_OPTIONS } })]) tried(start);
-- write.js --
try { require('fs').writeFileSync(__dirname + '/wrote', ''); console.log('WROTE'); } catch (e) { console.log(e.code === 'ERR_ACCESS_DENIED' ? 'held' : e); }
`
	eachNode(t, func(t *testing.T, n node) {
		w := newWorld(t, program)
		w.o.Permission = &Permission{Write: []string{"/nowhere/*"}, Children: true, Workers: true}
		got := w.run(n, "main.js")
		if strings.Contains(got.stdout, "WROTE") || strings.Count(got.stdout, "held\n") != 4 || strings.Count(got.stdout, "ERR_NBUILD_GUARD\n") != 13 {
			t.Errorf("exit %d, stdout\n%sstderr %s", got.exit, got.stdout, got.stderr)
		}
	})
}

// What is refused says which attribute of build.hcl would let it pass, and who speaks.
func TestARefusedStartNamesWhatWouldAllowIt(t *testing.T) {
	const program = `
-- package.json --
{"name": "app"}
-- main.js --
const c = require('child_process'); const { Worker, SHARE_ENV } = require('worker_threads');
for (const start of [() => new Worker(__filename, { env: { NODE_OPTIONS: '-r x' } }), () => new Worker(__filename, { env: SHARE_ENV }), () => new Worker(__filename, { execArgv: ['--loader', 'x'] }),
  () => c.spawnSync('/bin/sh'), () => c.spawnSync(process.execPath, ['-e', '1']), () => c.spawnSync(process.execPath, []), () => c.spawnSync(process.execPath, ['inspect']), () => c.spawnSync(process.execPath, ['x.js'], { env: { LD_PRELOAD: 'x' } })])
  try { start(); console.log('started'); } catch (e) { console.log(e.message); }
`
	eachNode(t, func(t *testing.T, n node) {
		got := newWorld(t, program).run(n, "main.js")
		only := "Nothing in build.hcl allows it but guard = \"report\" in the image block"
		allows := []string{only, `guarding { environment = ["SHARE_ENV"] }`, only, `guarding { children = [`, only, only, only, `guarding { environment = ["LD_PRELOAD"] }`}
		lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
		if len(lines) != len(allows) {
			t.Fatalf("stdout %s, stderr %s", got.stdout, got.stderr)
		}
		for i, line := range lines {
			if strings.Count(line, "nbuild guard: ") != 1 || !strings.Contains(line, allows[i]) {
				t.Errorf("%s: want %s", line, allows[i])
			}
		}
		w := newWorld(t, small)
		w.env = []string{"NODE_OPTIONS=--title=x --inspect=0"}
		if got := w.run(n, "server.js"); got.exit == 0 || strings.Count(got.stderr, "nbuild guard: ") != 1 || !strings.Contains(got.stderr, "guard = \"report\" in the image block") {
			t.Errorf("exit %d, stderr %s", got.exit, got.stderr)
		}
	})
}

// What the guarding block names is given, and the compile cache is off all the same.
func TestANamedVariableIsGiven(t *testing.T) {
	const program = `
-- package.json --
{"name": "app"}
-- main.js --
const c = require('child_process'); const { Worker, SHARE_ENV } = require('worker_threads');
process.env.NODE_PATH = '/x'; process.env.NODE_COMPILE_CACHE = __dirname + '/cache'; delete process.env.NODE_DISABLE_COMPILE_CACHE;
process.stdout.write(String(c.spawnSync(process.execPath, ['child.js']).stdout));
new Worker(__dirname + '/child.js', { env: SHARE_ENV }).on('exit', () => console.log(process.env.FROM));
-- child.js --
console.log(process.env.NODE_PATH, process.env.NODE_DISABLE_COMPILE_CACHE); process.env.FROM = 'the thread';
`
	eachNode(t, func(t *testing.T, n node) {
		w := newWorld(t, program)
		w.o.Environment = []string{"NODE_PATH", "SHARE_ENV", "NODE_COMPILE_CACHE"}
		got := w.run(n, "main.js")
		want := "/x 1\n/x 1\nthe thread\n"
		if _, err := os.Stat(filepath.Join(w.app, "cache")); got.exit != 0 || got.stdout != want || err == nil {
			t.Errorf("exit %d, stdout %q, cache %v, stderr %s", got.exit, got.stdout, err, got.stderr)
		}
	})
}

// Before 22.14 Node has no option that keeps it from listening for SIGUSR1.
func TestOnlyANodeThatHasTheOptionIsToldOfSIGUSR1(t *testing.T) {
	for _, c := range []struct {
		major, minor int
		want         bool
	}{{20, 20, false}, {22, 13, false}, {22, 14, true}, {24, 0, true}, {26, 0, true}} {
		argv, _, _, err := EntryPoint([]string{"node", "server.js"}, Enforce, Options{Node: c.major, Minor: c.minor})
		if err != nil || slices.Contains(argv, "--disable-sigusr1") != c.want {
			t.Errorf("Node %d.%d: %q, %v", c.major, c.minor, argv, err)
		}
	}
}
