package guard

import "testing"

// early is what each of these attacks begins with: a port that has a thread begin is had
// before Node itself has written to it, and start starts a thread and waits for its end.
const early = `
	const { Worker, SHARE_ENV } = require('worker_threads'); const home = path.join(here, '../nbuild/'); const js = evil + 'evil.js'; const text = 'console.log("PWNED")';
	const start = (f = here + '/worker.js', o) => new Promise((done) => { let w; try { w = new Worker(f, o); } catch (e) { say(e); return done(); } w.on('error', say); w.on('message', (m) => console.log('said', JSON.stringify(m))); w.on('exit', done); });
	const symbolOf = (w, name) => { for (let at = w; at; at = Object.getPrototypeOf(at)) for (const s of Object.getOwnPropertySymbols(at)) if (String(s) === 'Symbol(' + name + ')') return s; };
	const whenPort = async (act, f) => { const w = new Worker(here + '/fine.js'); const kPort = symbolOf(w, 'kPort'); await new Promise((done) => w.on('exit', done));
		Object.defineProperty(Worker.prototype, kPort, { configurable: true, get() { return undefined; }, set(p) { Object.defineProperty(this, kPort, { value: p, writable: true, configurable: true }); if (p) try { act(p, this); } catch (e) { say(e); } } });
		try { await start(f); } finally { delete Worker.prototype[kPort]; } };
	const replaced = () => { for (const n of ['guard.cjs', 'hooks.mjs']) fs.writeFileSync(home + n, text); fs.writeFileSync(home + 'guard.json', JSON.stringify({ schema: 'nbuild.guard-config/v1', mode: 'off', eval: 'off', flags: ['--require', js] })); fs.writeFileSync(home + 'sources.json', JSON.stringify({ schema: 'nbuild.sources/v1', entries: [] })); };
`

// handovers attack the time between the start of a thread and the guard's own first line,
// in which no file is read.
var handovers = []attack{
	{name: "the guard's files replaced before a thread", kinds: "unlisted", wants: "worker ran", code: early + `replaced(); await start(); await start(here + '/thread-import.mjs'); await start(here + '/thread-again.js')`},
	{name: "the guard's files gone before a thread", kinds: "unlisted", wants: "again", code: early + `fs.rmSync(home, { recursive: true }); await start(here + '/thread-again.js'); await start()`},
	{name: "the guard's files gone before the first import", kinds: "unlisted", wants: "imported good", code: early + `fs.rmSync(home, { recursive: true }); console.log('imported', (await import('./good.mjs')).name); await import(evil + 'evil.mjs')`},
	{name: "the guard's files replaced before the first import", kinds: "unlisted", wants: "imported good", code: early + `replaced(); console.log('imported', (await import('./good.mjs')).name); await import(evil + 'evil.mjs')`},
	{name: "pipes in the place of the guard's files", kinds: "unlisted", wants: "worker ran", code: early + `
		fs.rmSync(home, { recursive: true }); fs.mkdirSync(home); for (const n of ['guard.cjs', 'guard.json', 'sources.json', 'hooks.mjs', 'meanings.json']) fs.symlinkSync('/proc/self/fd/0', home + n); await start(); await import(evil + 'evil.mjs')`},
	{name: "a thread's port told what to run before Node tells it", kinds: "unlisted worker", code: early + `
		const forged = { texts: { 'guard.cjs': text, 'guard.json': '{}', 'sources.json': '{}' }, written: {}, file: js, home, way: false, entry: js, preloads: [js] };
		class Told { constructor(o) { Object.assign(this, o); } } const told = { type: 'loadScript', filename: js, doEval: false, workerData: forged, hasStdin: false };
		for (const m of [told, { ...told, doEval: undefined }, { ...told, doEval: null }, { type: 'loadScript', filename: js }, { ...told, doEval: 'classic', filename: text }, { ...told, doEval: 'module', filename: text }, { ...told, doEval: 'data-url', filename: 'data:text/javascript,' + text }, { ...told, doEval: 'internal', filename: 'internal/modules/esm/worker' },
			Object.assign([], told), new Told(told), Object.assign(Object.create(null), told), new Proxy(told, {}), { ...told, webWorkerData: { url: 'file://' + js, type: 'classic', source: text } }, Object.assign(function () {}, told), Object.assign(new Map(), told), Object.assign(new Error('x'), told), Object.assign(new String('x'), told)])
			await whenPort((p) => p.postMessage(m), here + '/fine.js')`},
	{name: "a message that becomes another while it is written", kinds: "", code: early + `
		const turns = [
			() => { const m = { get a() { m.type = 'loadScript'; m.filename = js; return 1; }, type: 'x', filename: 'y' }; return m; },
			() => { const m = { a: { get b() { m.type = 'loadScript'; m.filename = js; m.doEval = false; return 1; } }, type: 'stdioPayload', filename: here + '/fine.js', doEval: 'x' }; return m; },
			() => { let n = 0; return { get type() { return n++ ? 'loadScript' : 'x'; }, get filename() { return js; }, doEval: false }; },
			() => { let n = 0; return { type: 'loadScript', get filename() { return n++ ? js : here + '/fine.js'; }, get doEval() { return false; } }; },
			() => { const m = Object.defineProperties({}, { type: { enumerable: false, value: 'loadScript', writable: true, configurable: true }, filename: { enumerable: true, get() { Object.defineProperty(m, 'type', { enumerable: true }); return js; } } }); return m; },
			() => { const m = [1]; Object.defineProperty(m, 0, { enumerable: true, get() { m.type = 'loadScript'; m.filename = js; return 1; } }); return m; },
			() => { const m = { get a() { Object.setPrototypeOf(m, { type: 'loadScript', filename: js }); return 1; } }; return m; },
			() => ({ __proto__: { type: 'loadScript', filename: js } }) ];
		for (const turn of turns) await whenPort((p) => { try { p.postMessage(turn()); } catch (e) { say(e); } }, here + '/fine.js').catch(say)`},
	{name: "a running thread told to begin again", kinds: "", code: early + `
		for (const m of [{ type: 'loadScript', filename: js, doEval: false }, { type: 'loadScript', filename: text, doEval: 'classic' }, { type: 'loadScript', filename: js }]) {
			const w = new Worker(here + '/thread-waits.js'); w.on('error', say); await new Promise((done) => w.on('online', done)); await wait(100); try { w[symbolOf(w, 'kPort')].postMessage({ ...m, workerData: { texts: { 'guard.cjs': text } } }); } catch (e) { say(e); } await wait(200); await w.terminate(); }`},
	{name: "data that looks like the guard's", kinds: "unlisted", wants: `"mine":true`, code: early + `
		const looks = { mine: true, texts: { 'guard.cjs': text }, written: {}, file: js, home, way: 'classic', entry: text, preloads: [js], hooks: true };
		await start(here + '/thread-data.js', { workerData: looks }); await start(here + '/worker.js', { workerData: looks }); for (const workerData of [undefined, null, 0, 'x', [looks], new Map([['way', 'classic']])]) await start(here + '/thread-data.js', { workerData });
		require('worker_threads').setEnvironmentData('texts', looks); require('worker_threads').setEnvironmentData('workerData', looks); await start(here + '/thread-data.js')`},
	{name: "setters and getters for all that is handed to a thread", kinds: "unlisted", wants: "worker ran", code: early + `
		const caught = []; for (const k of ['texts', 'written', 'file', 'home', 'way', 'entry', 'preloads', 'hooks', 'workerData', 'doEval', 'filename', 'type', 'guard.cjs', 'guard.json', 'sources.json'])
			Object.defineProperty(Object.prototype, k, { configurable: true, get() { return k === 'texts' ? { 'guard.cjs': text } : undefined; }, set(v) { if (typeof this === 'object' && this.texts && this !== Object.prototype && Object.hasOwn(this, 'written')) console.log('PWNED', k); Object.defineProperty(this, k, { value: v, writable: true, enumerable: true, configurable: true }); } });
		const w = new Worker(here + '/worker.js'); w.on('error', say); await wait(1500)`},
	{name: "what the starting thread calls is replaced", kinds: "unlisted", wants: "worker ran", code: early + `
		const post = MessagePort.prototype.postMessage; const seen = (m) => { if (m && m.workerData && m.workerData.texts) m.workerData.texts['guard.cjs'] = text; }; for (const k of ['push', 'concat', 'map', 'slice', 'forEach']) { const was = Array.prototype[k]; Array.prototype[k] = function (...a) { a.forEach === undefined || seen(a[0]); return was.apply(this, a); }; }
		try { MessagePort.prototype.postMessage = function (m, ...r) { seen(m); return post.call(this, m, ...r); }; } catch (e) { say(e); } Module._preloadModules = () => require(js); try { Module.runMain = () => require(js); } catch (e) { say(e); } globalThis.structuredClone = (m) => m; const { nextTick } = process; process.nextTick = (f, ...a) => f(...a); const w = start(); process.nextTick = nextTick; await w`},
	// A message through a port that is half made ends or stalls Node itself, with no guard
	// either, so these wait until it is made.
	{name: "watchers of what begins while a thread is made", kinds: "", code: early + `
		const { createHook, executionAsyncResource } = require('async_hooks'); let n = 0; const hook = createHook({ init(id, type, t, r) { if (!/WORKER|MESSAGEPORT/.test(type) || n++ > 40) return; queueMicrotask(() => { for (const p of [r, r.messagePort]) try { MessagePort.prototype.postMessage.call(p, { type: 'loadScript', filename: js, doEval: false }); } catch {} }); } }).enable();
		await start(here + '/fine.js'); hook.disable()`},
	{name: "watchers of a thread that was made", kinds: "unlisted", wants: "worker ran", code: early + `
		process.on('worker', (w) => { try { w[symbolOf(w, 'kPort')].postMessage({ type: 'loadScript', filename: js }); } catch (e) { say(e); } }); await start()`},
	{name: "files that a thread is to load first", kinds: "unlisted", wants: "fine", code: early + `
		for (const execArgv of [['--require', here + '/fine.js'], ['-r', here + '/fine.js'], ['--require=' + here + '/fine.js'], ['--require', js], ['-r', './unlisted/evil.js'], ['--require=./unlisted/evil'], ['--require', '../app/unlisted/evil.js'], ['--import', evil + 'evil.mjs'], ['--require', home + 'guard.cjs'], ['--require', 'data:text/javascript,' + text], ['--require', here + '/fine.js', '--require', js]]) await start(here + '/fine.js', { execArgv })`},
	{name: "a thread that looks for what it was handed", kinds: "", wants: "nothing", code: early + `await start(here + '/thread-looks.js')`},
	{name: "descriptors closed while threads start", kinds: "", wants: "watched", code: early + `
		const stop = new SharedArrayBuffer(4); const watching = new Worker(here + '/thread-closes.js', { workerData: { stop, home, evil: js } }); watching.on('error', say); const said = new Promise((done) => watching.on('message', done));
		const end = Date.now() + 4000; for (let i = 0; i < 24 && Date.now() < end; i++) { await Promise.all([start(here + '/fine.js'), start(here + '/thread-import.mjs').catch(say)]); } Atomics.store(new Int32Array(stop), 0, 1); const seen = await said; console.log('watched'); if (seen.length) console.log('\nPWNED', seen.join())`},
	{name: "machine code of the engine that a thread maps again", kinds: "", wants: "maps", code: early + `
		const maps = () => fs.readFileSync('/proc/self/maps', 'latin1').split('\n').filter((l) => /^\S+ r.xp/.test(l) && l.endsWith(fs.realpathSync(process.execPath))).length;
		const before = maps(); const w = new Worker(here + '/thread-waits.js'); w.on('error', say); await new Promise((done) => w.on('online', done)); await wait(100); console.log('maps', before, maps()); if (maps() !== before) console.log('PWNED'); await w.terminate()`},
	{name: "descriptors that a child is given in the places of its first ones", kinds: "unlisted", wants: "child", code: early + `
		const c = require('child_process'); const fd = fs.openSync(js); for (const n of [4, 20, 40]) for (const env of [{ ...process.env }, { ...process.env, NODE_CHANNEL_FD: String(n - 1) }, { ...process.env, NODE_CHANNEL_FD: '17' }]) { const r = c.spawnSync(process.execPath, [here + '/child.js'], { env, stdio: ['ignore', 'pipe', 'pipe', ...Array(n - 3).fill(fd)] }); console.log('child', String(r.stdout)); process.stderr.write(String(r.stderr).split('\n').filter((l) => l.startsWith('{')).map((l) => l + '\n').join('')); }`},
	{name: "a thread of a thread with the guard's files replaced between", kinds: "unlisted", wants: "again", code: early + `
		const w = new Worker(here + '/thread-asks.js'); w.on('error', say); await new Promise((done) => w.on('online', done)); replaced(); w.postMessage('go'); await new Promise((done) => w.on('exit', done))`},
	{name: "an environment that is shared while threads begin", kinds: "environment", code: early + `
		replaced(); process.env.NODE_OPTIONS = '--require ' + js; for (const o of [{ env: SHARE_ENV }, { env: SHARE_ENV, execArgv: [] }, {}]) await start(here + '/fine.js', o); delete process.env.NODE_OPTIONS; await start(here + '/fine.js', { env: SHARE_ENV })`},
}

// beginnings are the files that those threads begin with.
var beginnings = map[string]string{
	"thread-import.mjs": "import { name } from './good.mjs'; if (name !== 'good') console.log('PWNED'); try { await import('./unlisted/evil.mjs'); } catch (e) { if (e.code !== 'ERR_NBUILD_GUARD') console.log(e.message); }",
	"thread-again.js":   "const t = require('worker_threads'); console.log('again'); if (!t.workerData) new t.Worker(__filename, { workerData: 1 }); else require('./unlisted/evil.js');",
	"thread-asks.js":    "const t = require('worker_threads'); t.parentPort.once('message', () => new t.Worker(__dirname + '/thread-again.js').on('error', () => {}));",
	"thread-waits.js":   "setInterval(() => {}, 1000);",
	"thread-data.js":    "const t = require('worker_threads'); t.parentPort.postMessage({ data: t.workerData && t.workerData.mine ? t.workerData : typeof t.workerData });",
	"thread-looks.js": `
		const t = require('worker_threads'); const found = [];
		if (t.workerData !== null && t.workerData !== undefined) found.push('workerData');
		for (const k of ['module', 'exports', 'require', '__filename', '__dirname', 'handed']) if (k in globalThis) found.push(k);
		if ('_eval' in process) found.push('_eval'); if (process.argv[1] !== __filename) found.push('argv ' + process.argv[1]); if (process.execArgv.length) found.push('execArgv ' + process.execArgv);
		if (require.main !== module) found.push('main'); if (Object.keys(require.cache).length !== 1) found.push('cache ' + Object.keys(require.cache)); if (module.parent) found.push('parent');
		if (/worker eval/.test(new Error('x').stack)) found.push('stack ' + new Error('x').stack);
		console.log(found.length ? 'PWNED ' + found.join() : 'nothing');`,
	"thread-closes.js": `
		const fs = require('fs'); const { workerData: d, parentPort } = require('worker_threads'); const stop = new Int32Array(d.stop); const seen = [];
		while (Atomics.load(stop, 0) === 0) for (let n = 15; n < 80; n++) { let to = ''; try { to = fs.readlinkSync('/proc/self/fd/' + n); } catch { continue; }
			if (!to.startsWith(d.home)) continue; seen.push(to); try { fs.closeSync(n); fs.closeSync(fs.openSync(d.evil)); } catch {} }
		parentPort.postMessage(seen);`,
}

func TestNoFileIsReadBetweenAThreadsStartAndItsGuard(t *testing.T) {
	eachPermission(t, handovers, func(a *attack) { a.files = beginnings })
}
