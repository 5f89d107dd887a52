package guard

// builtinsAttacks go through Node's own modules and bindings.
var builtinsAttacks = []attack{
	{name: "process.binding", kinds: "binding", code: `
		for (const b of ['contextify', 'spawn_sync', 'process_wrap', 'natives', 'fs', 'crypto', 'util', 'inspector', 'v8', 'buffer']) { try { process.binding(b); console.log('PWNED ' + b); } catch (e) { say(e); } }
		try { Object.getPrototypeOf(process).binding('contextify'); console.log('PWNED'); } catch (e) { say(e); }`},
	{name: "process._linkedBinding", kinds: "binding", code: `process._linkedBinding('x'); console.log('PWNED')`},
	{name: "the inspector", kinds: "inspector", code: `
		const { Session } = require('inspector'); const s = new Session(); s.connect(); s.post('Runtime.evaluate', { expression: 'console.log("PWNED")' })`},
	{name: "the inspector by import", kinds: "inspector", code: `
		const i = await import('node:inspector'); const s = new i.Session(); s.connect(); s.post('Runtime.evaluate', { expression: 'console.log("PWNED")' })`},
	{name: "the inspector's promises", kinds: "inspector", code: `
		const { Session } = require('inspector/promises'); const s = new Session(); s.connect(); await s.post('Runtime.evaluate', { expression: 'console.log("PWNED")' })`},
	{name: "the classes beneath the inspector", kinds: "", code: `
		const { Session } = require('inspector'); const P = require('inspector/promises');
		for (const C of [Session.prototype.constructor, Object.getPrototypeOf(P.Session), Object.getPrototypeOf(P.Session.prototype).constructor, P.Session.prototype.constructor]) { try { const s = new C(); if (!s.post) continue; s.connect(); await s.post('Runtime.evaluate', { expression: 'console.log("PWNED")' }); } catch (e) { say(e); } }
		try { const s = Object.create(Session.prototype); s.connect(); s.post('Runtime.evaluate', { expression: 'console.log("PWNED")' }); } catch (e) { say(e); }
		class S extends Session {} try { const s = new S(); s.connect(); s.post('Runtime.evaluate', { expression: 'console.log("PWNED")' }); } catch (e) { say(e); }`},
	{name: "inspector.open", kinds: "inspector", code: `require('inspector').open(0); if (require('inspector').url()) console.log('PWNED')`},
	{name: "SIGUSR1", kinds: "", code: `
		process.kill(process.pid, 'SIGUSR1'); await wait(100); if (require('inspector').url()) console.log('PWNED')
		process.removeAllListeners('SIGUSR1'); process.kill(process.pid, 'SIGUSR1'); await wait(100); if (require('inspector').url()) console.log('PWNED')`},
	{name: "process._debugProcess", kinds: "inspector", code: `process._debugProcess(process.pid); await wait(100); if (require('inspector').url()) console.log('PWNED')`},
	{name: "repl", kinds: "repl", code: `
		const repl = require('repl'); const { PassThrough } = require('stream'); const input = new PassThrough();
		repl.start({ input, output: process.stdout, prompt: '' }); input.write('console.log("PW" + "NED")\n'); await wait(100)`},
	{name: "REPLServer and its prototype", kinds: "repl", code: `
		const repl = require('repl'); const { PassThrough } = require('stream');
		for (const C of [repl.REPLServer, repl.REPLServer.prototype.constructor]) { try { const input = new PassThrough(); new C({ input, output: process.stdout, prompt: '' }); input.write('console.log("PW" + "NED")\n'); await wait(100); } catch (e) { say(e); } }`},
	{name: "an unlisted addon", kinds: "unlisted", code: `fs.writeFileSync('evil.node', 'not even one'); require('./evil.node')`},
	{name: "process.dlopen of an unlisted addon", kinds: "unlisted", code: `fs.writeFileSync('evil.so', 'x'); process.dlopen({ exports: {} }, here + '/evil.so')`},
	{name: "process.dlopen of a listed script", kinds: "format", code: `process.dlopen({ exports: {} }, here + '/good.js')`},
	{name: "process.dlopen with a name that changes", kinds: "", code: `let n = 0; process.dlopen({ exports: {} }, { toString: () => n++ ? '/lib/evil.so' : here + '/absent.so' })`},
	{name: "an engine of OpenSSL", kinds: "engine", code: `
		fs.writeFileSync('evil.so', 'x'); const crypto = require('crypto'); const tls = require('tls');
		if (crypto.setEngine) { try { crypto.setEngine(here + '/evil.so'); console.log('PWNED'); } catch (e) { say(e); } }
		try { tls.createSecureContext({ clientCertEngine: here + '/evil.so' }); console.log('PWNED'); } catch (e) { say(e); }
		try { tls.createSecureContext({ privateKeyEngine: here + '/evil.so', privateKeyIdentifier: 'x' }); console.log('PWNED'); } catch (e) { say(e); }`},
	{name: "an extension of SQLite", kinds: "unlisted", since: 22, code: `
		fs.writeFileSync('evil.so', 'x'); let DatabaseSync; try { ({ DatabaseSync } = require('node:sqlite')); } catch { require(evil + 'evil.js'); }
		new DatabaseSync(':memory:', { allowExtension: true }).loadExtension(here + '/evil.so')`},
	{name: "an extension of SQLite by SQL", kinds: "", since: 24, code: `
		const { DatabaseSync } = require('node:sqlite'); const d = new DatabaseSync(':memory:', { allowExtension: true });
		fs.writeFileSync('evil.so', 'x'); try { d.exec("select load_extension('" + here + "/evil.so')"); } catch (e) { console.log(e.message); if (!/not authorized|no such function/.test(e.message)) console.log('PWNED'); }`},
	{name: "foreign functions", kinds: "", since: 26, code: `let f; try { f = require('node:ffi'); } catch (e) { say(e); return; } console.log('PWNED', Object.keys(f))`},
	{name: "a snapshot of the heap runs nothing", kinds: "", code: `const v8 = require('v8'); if (v8.startupSnapshot && v8.startupSnapshot.isBuildingSnapshot()) console.log('PWNED')`},
}

// processes start workers and children.
var processes = []attack{
	{name: "a worker loads an unlisted file", kinds: "unlisted", code: `const { Worker } = require('worker_threads'); const w = new Worker(here + '/worker.js'); w.on('error', say)`},
	{name: "a worker with empty execArgv and env", kinds: "unlisted", code: `const { Worker } = require('worker_threads'); const w = new Worker(here + '/worker.js', { execArgv: [], env: {} }); w.on('error', say)`},
	{name: "a worker that shares the environment", kinds: "environment", code: `const { Worker, SHARE_ENV } = require('worker_threads'); const w = new Worker(here + '/worker.js', { execArgv: [], env: SHARE_ENV }); w.on('error', say)`},
	{name: "a worker with options that answer twice", kinds: "unlisted", code: `
		const { Worker } = require('worker_threads'); let n = 0; const w = new Worker(here + '/worker.js', { get execArgv() { return n++ ? [] : ['--no-warnings']; }, get eval() { return false; } }); w.on('error', say)`},
	{name: "a worker with inherited options", kinds: "unlisted", code: `
		const { Worker } = require('worker_threads'); Object.prototype.execArgv = []; Object.prototype.env = {};
		const w = new Worker(here + '/worker.js', Object.create({ execArgv: [], eval: false })); w.on('error', say)`},
	{name: "an unlisted worker", kinds: "unlisted", code: `const { Worker } = require('worker_threads'); const w = new Worker(evil + 'evil.js'); w.on('error', say)`},
	{name: "an unlisted module as worker", kinds: "unlisted", code: `const { Worker } = require('worker_threads'); const w = new Worker(new URL('file://' + evil + 'evil.mjs')); w.on('error', say)`},
	{name: "a worker from a string", kinds: "worker", code: `const { Worker } = require('worker_threads'); new Worker('console.log("PWNED")', { eval: true })`},
	{name: "a worker from a string by an inherited option", kinds: "", code: `
		const { Worker } = require('worker_threads'); Object.prototype.eval = true; const w = new Worker('console.log("PWNED")', {}); w.on('error', say); `},
	{name: "a worker from a data address", kinds: "worker", code: `const { Worker } = require('worker_threads'); new Worker(new URL('data:text/javascript,console.log("PWNED")'))`},
	{name: "a worker from an address object that lies", kinds: "", code: `
		const { Worker } = require('worker_threads'); const u = new URL('file://' + here + '/fine.js'); let n = 0;
		Object.defineProperty(u, 'href', { get: () => n++ > 1 ? 'data:text/javascript,console.log("PWNED")' : 'file://' + here + '/fine.js' }); Object.defineProperty(u, 'protocol', { get: () => 'data:' }); u.toString = () => 'file://' + here + '/fine.js';
		try { new Worker(u).on('error', say); } catch (e) { say(e); }`},
	{name: "a worker with a loader or an evaluation in its flags", kinds: "flag", code: `
		const { Worker } = require('worker_threads'); for (const f of [['--import', 'data:text/javascript,console.log("PWNED")'], ['--experimental-loader', evil + 'loader.mjs'], ['--require', evil + 'evil.js'], ['-r', evil + 'evil.js']]) { try { new Worker(here + '/fine.js', { execArgv: f }).on('error', say); } catch (e) { say(e); } }`},
	{name: "a worker with NODE_OPTIONS", kinds: "environment", code: `
		const { Worker } = require('worker_threads'); try { new Worker(here + '/fine.js', { execArgv: [], env: { NODE_OPTIONS: '--require ' + evil + 'evil.js' } }).on('error', say); } catch (e) { say(e); }
		process.env.NODE_OPTIONS = '--require ' + evil + 'evil.js'; new Worker(here + '/fine.js', { execArgv: [], env: process.env }).on('error', say)`},
	{name: "a worker with shared environment and NODE_OPTIONS", kinds: "", code: `
		const { Worker, SHARE_ENV } = require('worker_threads'); process.env.NODE_OPTIONS = '--require ' + evil + 'evil.js'; process.env.NODE_COMPILE_CACHE = here;
		new Worker(here + '/fine.js', { env: SHARE_ENV }).on('error', say); new Worker(here + '/fine.js').on('error', say)`},
	{name: "the class beneath Worker", kinds: "worker", code: `
		const { Worker } = require('worker_threads'); class W extends Worker {}
		for (const C of [W, Worker.prototype.constructor, Object.getPrototypeOf(W)]) { try { new C('console.log("PWNED")', { eval: true }); } catch (e) { say(e); } }
		process.on('worker', (w) => { try { new w.constructor('console.log("PWNED")', { eval: true }); } catch (e) { say(e); } }); new Worker(here + '/fine.js')`},
	{name: "eval in a worker", kinds: "eval", code: `const { Worker } = require('worker_threads'); new Worker(here + '/worker-eval.js', { execArgv: [] })`},
	{name: "fork", kinds: "unlisted", code: `require('child_process').fork(here + '/child.js')`},
	{name: "fork with an empty execArgv and env", kinds: "unlisted", code: `require('child_process').fork(here + '/child.js', [], { execArgv: [], env: {} })`},
	{name: "fork of an unlisted file", kinds: "unlisted", code: `require('child_process').fork(evil + 'evil.js')`},
	{name: "fork with flags", kinds: "flag", code: `
		for (const f of [['-r', evil + 'evil.js'], ['--import', evil + 'evil.mjs'], ['-e', 'console.log("PWNED")'], ['--eval=console.log("PWNED")'], ['--no-disallow-code-generation-from-strings'], ['--inspect=0'], ['--experimental-policy=x']]) { try { require('child_process').fork(here + '/fine.js', [], { execArgv: f }); } catch (e) { say(e); } }`},
	{name: "spawn of node with a clean environment", kinds: "unlisted", code: `require('child_process').spawn(process.execPath, ['child.js'], { env: {}, stdio: 'inherit' })`},
	{name: "spawn of node by name", kinds: "unlisted child", code: `require('child_process').spawn('node', ['child.js'], { env: { PATH: path.dirname(process.execPath) }, stdio: 'inherit' }).on('error', say)`},
	{name: "spawn of node under another name", kinds: "child unlisted", code: `
		fs.copyFileSync(process.execPath, here + '/copied'); fs.chmodSync(here + '/copied', 0o755); try { require('child_process').spawn(here + '/copied', ['child.js'], { stdio: 'inherit' }); } catch (e) { say(e); }
		fs.symlinkSync(process.execPath, here + '/linked'); require('child_process').spawn(here + '/linked', ['child.js'], { stdio: 'inherit' })`},
	{name: "node -e", kinds: "flag", code: `require('child_process').spawn(process.execPath, ['-e', 'console.log("PWNED")'], { stdio: 'inherit' })`},
	{name: "node -p joined", kinds: "flag", code: `require('child_process').spawn(process.execPath, ['-pe', '"PW" + "NED"'], { stdio: 'inherit' })`},
	{name: "node -e by every synchronous function", kinds: "flag", code: `
		const c = require('child_process');
		try { console.log(String(c.spawnSync(process.execPath, ['-e', 'console.log("PWNED")']).stdout)); } catch (e) { say(e); }
		try { console.log(String(c.execFileSync(process.execPath, ['-e', 'console.log("PWNED")']))); } catch (e) { say(e); }
		try { console.log(String(c.execSync(process.execPath + ' -e "console.log(\'PWNED\')"'))); } catch (e) { say(e); }`},
	{name: "node from stdin", kinds: "child", code: `const c = require('child_process').spawn(process.execPath, [], { stdio: ['pipe', 'inherit', 'inherit'] }); c.stdin.end('console.log("PWNED")')`},
	{name: "node from stdin by a dash", kinds: "child", code: `
		try { const c = require('child_process').spawn(process.execPath, ['-'], { stdio: ['pipe', 'inherit', 'inherit'] }); c.stdin.end('console.log("PWNED")'); } catch (e) { say(e); }
		const r = require('child_process').spawnSync(process.execPath, ['/dev/stdin'], { input: 'console.log("PWNED")', stdio: ['pipe', 'inherit', 'inherit'] }); console.log(r.status)`},
	{name: "node --run and --test", kinds: "flag", code: `
		for (const f of ['--run=x', '--test', '--watch', '--build-snapshot', '--prof-process', '--check', '--entry-url', '--experimental-sea-config=x', '--env-file=x', '--snapshot-blob=x']) { try { require('child_process').spawn(process.execPath, [f, evil + 'evil.js'], { stdio: 'inherit' }).on('error', say); } catch (e) { say(e); } }`},
	{name: "sh", kinds: "child", code: `require('child_process').spawn('/bin/sh', ['-c', 'echo PWNED'], { stdio: 'inherit' })`},
	{name: "exec", kinds: "child", code: `require('child_process').exec('echo PWNED', (e, out) => console.log(out))`},
	{name: "execFile", kinds: "child", code: `require('child_process').execFile('/bin/echo', ['PWNED'], (e, out) => console.log(out))`},
	{name: "execSync and spawnSync", kinds: "child", code: `
		const c = require('child_process'); for (const f of [() => c.execSync('echo PWNED'), () => c.spawnSync('echo', ['PWNED']).stdout, () => c.execFileSync('echo', ['PWNED']), () => c.spawnSync('echo PWNED', { shell: true }).stdout, () => c.spawnSync('echo PWNED', [], { shell: '/bin/bash' }).stdout]) { try { console.log(String(f())); } catch (e) { say(e); } }`},
	{name: "children by import", kinds: "child", code: `const { spawnSync } = await import('node:child_process'); console.log(String(spawnSync('echo', ['PWNED']).stdout))`},
	{name: "options that answer twice", kinds: "child", code: `
		const c = require('child_process'); let n = 0; const flip = (a, b) => ({ toString: () => n++ % 2 ? a : b });
		try { console.log(String(c.execFileSync({ toString: () => n++ ? '/bin/echo' : process.execPath }, ['PWNED']))); } catch (e) { say(e); }
		let m = 0; try { console.log(String(c.spawnSync('/bin/echo', ['PWNED'], { get shell() { return m++ ? true : false; }, get argv0() { return 'node'; } }).stdout)); } catch (e) { say(e); }`},
	{name: "the handle beneath ChildProcess", kinds: "child", code: `
		const { ChildProcess } = require('child_process'); const h = new ChildProcess()._handle; const P = h.constructor;
		for (const x of [h, new P()]) { try { x.spawn({ file: '/bin/sh', args: ['sh', '-c', 'echo PWNED'], envPairs: [], stdio: [{ type: 'inherit', fd: 0 }, { type: 'inherit', fd: 1 }, { type: 'inherit', fd: 2 }] }); } catch (e) { say(e); } } await wait(200)`},
	{name: "ChildProcess.spawn", kinds: "child", code: `
		const { ChildProcess } = require('child_process'); new ChildProcess().spawn({ file: '/bin/echo', args: ['echo', 'PWNED'], envPairs: [], stdio: 'inherit' }); await wait(200)`},
	{name: "cluster", kinds: "unlisted", code: `const cluster = require('cluster'); cluster.setupPrimary({ exec: here + '/child.js', execArgv: [] }); cluster.fork()`},
	{name: "cluster that starts another program", kinds: "child flag", code: `process.execPath = '/bin/echo'; const cluster = require('cluster'); cluster.setupPrimary({ exec: 'PWNED' }); try { cluster.fork() } catch (e) { say(e) } require('child_process').fork('PWNED', { execPath: '/bin/echo' })`},
	{name: "environment that runs code in a child", kinds: "environment", code: `
		const c = require('child_process'); for (const env of [{ NODE_OPTIONS: '--require ' + evil + 'evil.js' }, { LD_PRELOAD: evil + 'x.so' }, { NODE_COMPILE_CACHE: evil }, { OPENSSL_CONF: evil }, { NODE_REPL_EXTERNAL_MODULE: evil + 'evil.js' }, { LD_AUDIT: 'x' }, { OPENSSL_MODULES: evil }]) { try { c.spawn(process.execPath, ['fine.js'], { env, stdio: 'inherit' }); } catch (e) { say(e); } try { c.spawnSync(process.execPath, ['fine.js'], { env, stdio: 'inherit' }); } catch (e) { say(e); } }
		process.env.NODE_OPTIONS = '--require ' + evil + 'evil.js'; try { c.fork('fine.js'); } catch (e) { say(e); }`},
	{name: "environment pairs with two equal signs or a line break", kinds: "environment", code: `
		const c = require('child_process'); try { c.spawn(process.execPath, ['fine.js'], { env: { 'NODE_OPTIONS=--require': evil + 'evil.js' }, stdio: 'inherit' }); } catch (e) { say(e); } c.spawn(process.execPath, ['fine.js'], { env: { NODE_OPTIONS: '-r=' + evil + 'evil.js' }, stdio: 'inherit' })`},
	{name: "process.execve", kinds: "child", since: 24, code: `process.execve('/bin/echo', ['echo', 'PWNED'], {})`},
	{name: "node's test runner", kinds: "", code: `
		const { run } = require('node:test'); const s = run({ files: [evil + 'evil.js'] }); s.on('test:stdout', (d) => console.log(d.message)); s.on('error', say); await wait(1000)`},
	{name: "node's test runner without a child", kinds: "unlisted", since: 22, code: `
		const { run } = require('node:test'); const s = run({ files: [evil + 'evil.js'], isolation: 'none' }); s.on('test:fail', (d) => { const e = d.details.error; say(e.cause || e); }); s.on('error', say); s.resume(); await wait(1000); require(evil + 'evil.js')`},
	{name: "a child's list and guard are its parent's", kinds: "unlisted", code: `
		const w = path.join(here, 'fake'); fs.mkdirSync(w); fs.writeFileSync(w + '/guard.cjs', ''); const c = require('child_process');
		try { c.fork(here + '/child.js', [], { execArgv: ['--require', w + '/guard.cjs'] }); } catch (e) { say(e); } c.fork(here + '/child.js', [], { cwd: w, env: { PATH: w } })`},
}
