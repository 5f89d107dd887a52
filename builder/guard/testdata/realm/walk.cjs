'use strict';
// The walk: everything that a program can reach of a fresh realm, while each name that
// Node's own code reads or assigns has a getter and a setter on Object.prototype, each
// function of the language tells who calls it with what, and each module of Node is asked
// for and used. What it finds of the oracle's functions is a leak.
const oracle = process['realm:test'];
delete process['realm:test'];
const { which } = oracle;
const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf, defineProperty, apply, construct } = Reflect;
const uncurry = Function.prototype.bind.bind(Function.prototype.call);
const fs = require('fs');
const names = JSON.parse(fs.readFileSync(__dirname + '/unlisted/names.json', 'utf8')).concat(oracle.names);
const add = uncurry(Set.prototype.add); const has = uncurry(Set.prototype.has); const each = uncurry(Set.prototype.forEach);
const put = uncurry(Map.prototype.set); const get = uncurry(Map.prototype.get); const eachPair = uncurry(Map.prototype.forEach);
const deref = uncurry(WeakRef.prototype.deref); const then = uncurry(Promise.prototype.then);
const { isView } = ArrayBuffer; const { isArray } = Array; const text = String;
const write = fs.writeSync; const exit = process.reallyExit;
const isMap = require('util').types.isMap; const isSet = require('util').types.isSet; const { isPromise } = require('util').types;
const hasOwn = uncurry(Object.prototype.hasOwnProperty);
const ObjectPrototype = Object.prototype; const SymbolToString = uncurry(Symbol.prototype.toString);

const seen = new Set(); const done = new Set(); const via = new Map(); const called = new Map(); const symbols = new Set(); const leaks = new Set();
let at = 'the roots';
let walking = false;

function note(v, from, key) {
  if (walking && from === undefined) return; // of what the walk itself has Node do
  if ((typeof v !== 'object' || v === null) && typeof v !== 'function') return;
  if (has(seen, v)) return;
  add(seen, v);
  put(via, v, { __proto__: null, from, key: key === undefined ? at : key });
}

function pathOf(v) {
  let path = '';
  for (let i = 0; i < 12; i++) {
    const step = get(via, v);
    if (step === undefined) break;
    path = '.' + text(typeof step.key === 'symbol' ? SymbolToString(step.key) : step.key) + path;
    v = step.from;
  }
  return path;
}

function visit(o) {
  if (has(done, o)) return;
  add(done, o);
  const name = which(o);
  if (name !== undefined) {
    add(leaks, name + ' by ' + pathOf(o));
    return;
  }
  if (isView(o)) { note(getPrototypeOf(o), o, '__proto__'); return; }
  let keys;
  try { keys = ownKeys(o); } catch { return; }
  for (let i = 0; i < keys.length; i++) {
    const k = keys[i];
    if (typeof k === 'symbol') add(symbols, k);
    let d;
    try { d = getOwnPropertyDescriptor(o, k); } catch { continue; }
    if (d === undefined) continue;
    if (hasOwn(d, 'value')) { note(d.value, o, k); continue; }
    note(d.get, o, 'get ' + text(k));
    note(d.set, o, 'set ' + text(k));
    use(d.get, o, k);
  }
  let proto;
  try { proto = getPrototypeOf(o); } catch { return; }
  note(proto, o, '__proto__');
  // What getters that it inherits answer for it, a few times each.
  for (let p = proto, depth = 0; p !== null && p !== ObjectPrototype && depth < 6; depth++) {
    const own = ownKeys(p);
    for (let i = 0; i < own.length; i++) {
      const d = getOwnPropertyDescriptor(p, own[i]);
      if (d !== undefined && !hasOwn(d, 'value')) use(d.get, o, own[i]);
    }
    p = getPrototypeOf(p);
  }
  try {
    if (isMap(o)) eachPair(o, (v, k) => { note(v, o, 'entry'); note(k, o, 'entry'); });
    else if (isSet(o)) each(o, (v) => note(v, o, 'entry'));
    else if (isPromise(o)) then(o, (v) => note(v, o, 'await'), (v) => note(v, o, 'await'));
    else note(deref(o), o, 'deref');
  } catch { /* it is none of these */ }
}

function use(getter, o, k) {
  if (typeof getter !== 'function' || has(bombs, getter) || k === 'initialized') return; // which ends the process where it is asked of another object
  const n = get(called, getter) || 0;
  if (n >= 4) return;
  put(called, getter, n + 1);
  try { note(apply(getter, o, []), o, k); } catch (e) { note(e, o, 'thrown'); }
}

function walk(where) {
  at = where;
  walking = true;
  for (let before = -1; before !== seen.size; ) {
    before = seen.size;
    each(seen, visit);
  }
  walking = false;
}

// bomb has a name of Object.prototype tell who reads it and who assigns it.
const bombs = new Set();
const unfit = { __proto__: null, get: 1, set: 1, value: 1, writable: 1, enumerable: 1, configurable: 1 };
function bomb(name) {
  if (hasOwn(ObjectPrototype, name) || unfit[name] === 1) return;
  const inherited = {
    __proto__: null, configurable: true,
    get() { note(this, undefined, text(name) + ' read'); return undefined; },
    set(v) {
      note(this, undefined, text(name) + ' assigned');
      note(v, undefined, text(name) + ' value');
      defineProperty(this, name, { __proto__: null, value: v, writable: true, enumerable: true, configurable: true });
    },
  };
  add(bombs, inherited.get);
  add(bombs, inherited.set);
  add(done, inherited.get);
  add(done, inherited.set);
  defineProperty(ObjectPrototype, name, inherited);
}

// tap has a function tell who calls it with what, and what it answers.
function tap(object, key) {
  const d = getOwnPropertyDescriptor(object, key);
  if (d === undefined || typeof d.value !== 'function' || !d.configurable || key === 'constructor') return;
  const original = d.value;
  const tapped = function (...args) {
    note(this, undefined, text(key) + ' this');
    for (let i = 0; i < args.length; i++) note(args[i], undefined, text(key) + ' argument');
    const answer = new.target === undefined ? apply(original, this, args) : construct(original, args, new.target === tapped ? original : new.target);
    note(answer, undefined, text(key) + ' answer');
    return answer;
  };
  note(original);
  defineProperty(object, key, { __proto__: null, value: tapped, writable: true, configurable: true, enumerable: d.enumerable });
}

const wait = (ms) => new Promise((go) => setTimeout(go, ms));
const quiet = () => {};
const on = (e) => { try { e.on('error', quiet); } catch { /* none */ } return e; };

const plain = {
  __proto__: null,
  loader() { require('./good.js'); require('./good.json'); require('module').createRequire(__filename)('./good.js'); try { require('./absent'); } catch (e) { note(e); } try { require(__dirname + '/unlisted/evil.js'); } catch (e) { note(e); } },
  async imports() { note(await import('./good.mjs')); note(await import('./good.js')); note(await import('./good.json', { with: { type: 'json' } })); try { await import('./absent.mjs'); } catch (e) { note(e); } try { await import('data:text/javascript,1'); } catch (e) { note(e); } },
  async evaluator() { note(require('./evaluator.js').run('return import("node:os")')); },
  globals() { new URL('x:y?a=b').searchParams.get('a'); new TextDecoder().decode(new Uint8Array(2)); structuredClone({ a: new Map([[1, new Error('x')]]) }); new AbortController().abort(); const t = new EventTarget(); t.addEventListener('x', note); t.dispatchEvent(new Event('x')); performance.mark('a', { detail: {} }); performance.measure('b', 'a'); console.log('x'); console.table([{ a: 1 }]); console.error(new Error('x')); process.emitWarning('x'); queueMicrotask(quiet); process.nextTick(quiet); note(setImmediate(quiet)); note(process.report && process.report.getReport()); note(process.memoryUsage()); process.emit('worker', {}); },
  async messages() { const { port1, port2 } = new MessageChannel(); port2.onmessage = note; for (const v of [new Blob(['x']), { a: 1 }, new DOMException('x'), new AbortController().signal, new Uint8Array(3)]) try { port1.postMessage(v); note(structuredClone(v)); } catch (e) { note(e); } const b = new BroadcastChannel('x'); b.postMessage(1); await wait(20); port1.close(); b.close(); },
  async web() { const r = new Response('x'); note(r.body); note(await r.text()); try { note(await fetch('data:text/plain,x')); } catch (e) { note(e); } const f = new FormData(); f.append('a', new File(['x'], 'y')); note(new Request('http://127.0.0.1/', { method: 'POST', body: f })); try { note(await fetch('http://127.0.0.1:1/')); } catch (e) { note(e); } const { readable, writable } = new TransformStream(); note(readable.tee()); note(writable); note(new CompressionStream('gzip')); note(new ByteLengthQueuingStrategy({ highWaterMark: 1 })); try { note(new WebSocket('ws://127.0.0.1:1')).addEventListener('error', quiet); } catch (e) { note(e); } note(await crypto.subtle.digest('SHA-256', new Uint8Array(1))); note(await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt'])); },
  async wasm() { try { await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])); } catch (e) { note(e); } },
  errors() { const p = Error.prepareStackTrace; Error.prepareStackTrace = (e, frames) => { note(frames); for (let i = 0; i < frames.length; i++) { for (const m of ['getThis', 'getFunction', 'getEvalOrigin']) try { note(frames[i][m]()); } catch (x) { note(x); } } return 'x'; }; const old = Error.stackTraceLimit; Error.stackTraceLimit = 100; try { for (const f of [() => new URL('x'), () => require('./absent'), () => structuredClone(quiet), () => [1].map(() => note(new Error('y').stack)), () => new Event(), () => Buffer.alloc(-1), () => queueMicrotask(1), () => fs.readFileSync('/absent/x'), () => new Blob(1), () => setTimeout(1)]) try { f(); } catch (e) { note(e); note(e.stack); } } finally { Error.prepareStackTrace = p; Error.stackTraceLimit = old; } },
};

const uses = {
  __proto__: null,
  async child_process(c) { note(on(c.spawn(process.execPath, ['fine.js']))); note(on(c.fork('./fine.js'))); note(on(c.exec('true'))); for (const f of ['spawnSync', 'execFileSync']) note(c[f](process.execPath, ['fine.js'])); try { c.spawnSync('true'); } catch (e) { note(e); } await wait(300); },
  async cluster(c) { c.setupPrimary({ exec: __dirname + '/fine.js' }); note(on(c.fork())); await wait(300); },
  async worker_threads(w) { note(new w.Worker(__dirname + '/fine.js')).on('error', quiet); const m = new w.Worker(__dirname + '/fine.js', { execArgv: ['--no-warnings'], env: w.SHARE_ENV, workerData: { a: 1 }, stdin: true }); note(on(m)); try { note(await m.getHeapSnapshot()); } catch (e) { note(e); } note(w.moveMessagePortToContext(new w.MessageChannel().port1, require('vm').createContext({}))); await wait(500); await m.terminate(); },
  async http(h) { const s = h.createServer((q, r) => { note(q); note(r); r.end('x'); }); note(s); await new Promise((go) => s.listen(0, '127.0.0.1', go)); await new Promise((go) => note(h.get({ port: s.address().port, host: '127.0.0.1' }, (r) => { note(r); r.resume(); r.on('end', go); }))); s.close(); },
  async net(n) { const s = n.createServer((c) => { note(c); c.end(); }); await new Promise((go) => s.listen(0, '127.0.0.1', go)); const c = on(n.connect(s.address().port, '127.0.0.1')); note(c); note(c._handle); note(s._handle); await wait(50); s.close(); note(new n.BlockList()); },
  async tls(t) { note(t.createSecureContext()); note(on(new t.TLSSocket())); },
  async http2(h) { const s = h.createServer(); note(s); await new Promise((go) => s.listen(0, '127.0.0.1', go)); const c = on(h.connect('http://127.0.0.1:' + s.address().port)); note(c); await wait(50); c.destroy(); s.close(); },
  dgram(d) { const s = d.createSocket('udp4'); note(s); s.close(); },
  async dns(d) { d.lookup('127.0.0.1', note); note(new d.Resolver()); note(new d.promises.Resolver()); },
  async zlib(z) { note(z.gunzipSync(z.gzipSync('x'))); note(z.createGzip()); z.deflate('x', note); note(z.createBrotliCompress()); await wait(20); },
  async crypto(c) { const h = c.createHash('sha256'); note(h); h.update('x').digest(); note(c.createHmac('sha256', 'x')); note(c.createCipheriv('aes-128-gcm', Buffer.alloc(16), Buffer.alloc(12))); const k = c.generateKeyPairSync('ed25519'); note(k); c.sign(null, Buffer.from('x'), k.privateKey); c.scrypt('a', 'b', 8, note); c.randomBytes(4, note); note(c.createSecretKey(Buffer.alloc(4))); note(c.createECDH('secp256k1')); note(c.createDiffieHellman(64)); await wait(50); },
  async fs(f) { f.readFile(__filename, note); f.stat(__filename, note); note(f.createReadStream(__filename)); const h = await f.promises.open(__filename); note(h); note(h.readLines && h.readLines()); await h.close(); note(f.opendirSync(__dirname)); try { const w = f.watch(__dirname); note(w); w.close(); } catch (e) { note(e); } const s = f.watchFile(__filename, quiet); note(s); f.unwatchFile(__filename); await wait(50); },
  module(m) { if (m.registerHooks) { const h = m.registerHooks({ load(u, c, n) { note(c); note(n); return n(u, c); }, resolve(s, c, n) { note(c); note(n); return n(s, c); } }); note(h); require('./other.js'); return import('./other.mjs').then(note).then(() => h.deregister()); } try { m.register('./good.mjs'); } catch (e) { note(e); } note(m.findSourceMap(__filename)); note(new m.SourceMap({ version: 3, sources: [], mappings: '' })); },
  readline(r) { const { PassThrough } = require('stream'); const i = r.createInterface({ input: new PassThrough(), output: new PassThrough() }); note(i); i.close(); },
  repl(r) { try { note(r.start()); } catch (e) { note(e); } for (const k of Object.keys(r)) note(r[k]); },
  inspector(i) { try { note(new i.Session()); } catch (e) { note(e); } note(i.console); note(i.url()); },
  vm(v) { note(new v.Script('this')); note(v.runInThisContext('this')); const c = v.createContext({}); note(c); note(v.runInContext('this', c)); note(v.runInNewContext('this')); try { note(v.compileFunction('this', [], { parsingContext: c })); } catch (e) { note(e); } try { new v.Script('1+1'); } catch (e) { note(e); } },
  v8(v) { note(v.deserialize(v.serialize({ a: new Map() }))); note(new v.Serializer()); note(new v.Deserializer(Buffer.alloc(4))); note(v.getHeapStatistics()); if (v.promiseHooks) { const stop = v.promiseHooks.onInit(note); Promise.resolve(); stop(); } note(v.startupSnapshot); },
  perf_hooks(p) { note(p.createHistogram()); note(p.monitorEventLoopDelay()); const o = new p.PerformanceObserver(note); o.observe({ entryTypes: ['mark'] }); performance.mark('z'); note(o); o.disconnect(); note(performance.timerify(quiet)()); },
  async_hooks(a) { const s = new a.AsyncLocalStorage(); s.run({}, () => note(a.executionAsyncResource())); note(new a.AsyncResource('X')); note(a.AsyncLocalStorage.snapshot && a.AsyncLocalStorage.snapshot()); },
  util(u) { u.inspect(new Map([[1, { a: 1 }]]), { depth: 9, showHidden: true, showProxy: true }); u.inspect(new Proxy({}, {})); note(u.promisify(fs.stat)); note(u.styleText && u.styleText('red', 'x')); note(u.types); u.format('%o %j', {}, {}); note(u.getCallSites && u.getCallSites()); note(u.parseArgs({ args: ['-a'], options: { a: { type: 'boolean', short: 'a' } } })); note(u.debuglog('x')); note(new u.MIMEType('a/b')); },
  async stream(s) { await s.promises.pipeline(s.Readable.from(['a']), new s.PassThrough(), new s.Writable({ write(c, e, d) { d(); } })); note(s.Readable.toWeb(s.Readable.from([1]))); note(s.compose && s.compose(new s.PassThrough(), new s.PassThrough())); note(await s.Readable.from([1]).map((x) => x).toArray()); },
  async timers(t) { note(t.setInterval(quiet, 1).unref()); note(await t.promises.setTimeout(1)); },
  async events(e) { const m = new e(); setImmediate(() => m.emit('x', 1)); note(await e.once(m, 'x')); note(e.on(m, 'y')); note(new e.EventEmitterAsyncResource()); },
  diagnostics_channel(d) { for (const n of ['http.client.request.start', 'net.client.socket', 'child_process', 'worker_threads', 'module.require', 'module.import', 'undici:request:create', 'console.log']) d.subscribe(n, note); const t = d.tracingChannel('module.require'); t.subscribe({ start: note, end: note, error: note, asyncStart: note, asyncEnd: note }); require('./good.js'); note(t); },
  test(t) { note(t.mock.fn()); note(t.mock.method({ a() {} }, 'a')); try { note(t.mock.module && t.mock.module('./good.js')); } catch (e) { note(e); } try { note(t.mock.timers); } catch (e) { note(e); } },
  sqlite(s) { const d = new s.DatabaseSync(':memory:', { allowExtension: true }); note(d); d.exec('create table a(b)'); note(d.prepare('select * from a').all()); d.function && d.function('f', (...a) => { note(a); return 1; }); note(d.prepare('select f(1)').get()); },
  wasi(w) { note(new w.WASI({ version: 'preview1' })); },
  tty(t) { note(t.isatty(1)); try { note(new t.WriteStream(1)); } catch (e) { note(e); } note(process.stdin); note(process.stdin._handle); note(process.stdout._handle); },
  url(u) { note(u.parse('http://a/b?c')); note(u.urlToHttpOptions(new URL('http://a/'))); },
  trace_events(t) { const x = t.createTracing({ categories: ['node.async_hooks'] }); note(x); x.enable(); x.disable(); },
  domain(d) { const x = d.create(); note(x); x.run(() => note(setTimeout(quiet, 1))); },
};

async function exercise(f, where, ...args) {
  at = where;
  try { await Promise.race([apply(f, undefined, args), wait(3000)]); } catch (e) { note(e); }
  walk(where);
}

async function everything(order, again) {
  for (const k of ownKeys(plain)) await exercise(plain[k], k);
  const ids = order(require('module').builtinModules.filter((id) => !/internal|^node:internal/.test(id)));
  for (const id of ids) {
    let m;
    try { m = require(id); } catch (e) { note(e); continue; }
    note(m, undefined, id);
    if (!again) walk(id);
    const short = id.replace('node:', '');
    if (uses[short] !== undefined) await exercise(uses[short], id, m);
    if (again || /^node:/.test(id)) continue;
    await exercise(async () => note(await import(id), undefined, 'import ' + id), 'import ' + id);
  }
}

(async () => {
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  process.on('warning', note);
  process.on('multipleResolves', note);
  note(globalThis, undefined, 'globalThis');
  note(module, undefined, 'module');
  note(require, undefined, 'require');
  note(process, undefined, 'process');
  (function sloppy() { note(arguments, undefined, 'arguments'); }());
  walk('the roots');
  for (let i = 0; i < names.length; i++) bomb(names[i]);
  for (let i = 0; i < 64; i++) bomb(i);
  walk('the roots again');
  const prototypes = [Array, Map, Set, WeakMap, WeakSet, WeakRef, FinalizationRegistry, Promise, String, RegExp, Function, Date, ArrayBuffer, Error, Uint8Array, BigInt, Symbol, AbortController, EventTarget, URL, Blob].map((c) => c.prototype);
  for (const p of [...prototypes, getPrototypeOf([][Symbol.iterator]()), getPrototypeOf(new Map()[Symbol.iterator]()), getPrototypeOf(new Set()[Symbol.iterator]()), getPrototypeOf(function* () {}()), getPrototypeOf(async function* () {}()), Object, Reflect, JSON, Promise, Array, Error, ArrayBuffer, Symbol, Atomics, Math]) for (const k of ownKeys(p)) tap(p, k);
  const { createHook } = require('async_hooks');
  createHook({ init(id, type, trigger, resource) { note(resource, undefined, type + ' resource'); }, before: quiet, after: quiet, destroy: quiet, promiseResolve: quiet }).enable();
  const back = process.argv[2] === 'backwards';
  await everything((ids) => (back ? ids.sort().reverse() : ids.sort()));
  each(symbols, (s) => bomb(s));
  await everything((ids) => (back ? ids.sort() : ids.sort().reverse()), true);
  await wait(300);
  walk('the end');
  write(1, `\nwalked ${seen.size} objects, ${bombs.size / 2} names\n`);
  each(leaks, (l) => write(1, 'LEAK ' + l + '\n'));
  exit(0);
})().catch((e) => { write(1, '\nBROKEN ' + e + '\n' + (e && e.stack)); exit(1); });
