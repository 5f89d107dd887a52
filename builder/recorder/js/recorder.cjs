'use strict';

// The recorder writes down what this process, its workers and its children load:
// which file asked for which, as what each was loaded, the hash of its bytes, and
// the strings that became code. It changes nothing that the program can see but for
// a frame in stack traces, and an error of its own never reaches the program.
//
// It appends a line an observation to a file of its own in the folder that
// NBUILD_RECORD names, with one write each, so that a process that is killed leaves
// what it did until then.

const folder = process.env.NBUILD_RECORD;
if (folder && !globalThis[Symbol.for('nbuild.recorder')]) {
  Object.defineProperty(globalThis, Symbol.for('nbuild.recorder'), { value: true });
  try {
    start();
  } catch { /* the program goes on; that nothing was recorded shows in the folder */ }
}

function start() {
  const fs = require('fs');
  const path = require('path');
  const crypto = require('crypto');
  const Module = require('module');
  const threads = require('worker_threads');
  const children = require('child_process');
  const { fileURLToPath } = require('url');
  const { isModuleNamespaceObject: isNamespace } = require('util').types;
  const { openSync, writeSync, readFileSync } = fs;
  const stringify = JSON.stringify;
  const own = __filename;
  const maxLines = 500000;
  const home = process.cwd(); // a text that holds it is another one on each machine

  const name = process.pid + '-' + threads.threadId + '-' + process.hrtime.bigint() + '.jsonl';
  const fd = openSync(path.join(folder, name), 'ax', 0o600);
  const said = new Set();
  let lines = 0;

  // say appends one observation, once.
  function say(observation) {
    try {
      const line = stringify(observation);
      if (said.has(line)) return;
      if (lines >= maxLines) {
        if (lines++ === maxLines) writeSync(fd, '{"t":"full"}\n');
        return;
      }
      lines++;
      said.add(line);
      writeSync(fd, line + '\n');
    } catch { /* the folder is gone, or the disk is full */ }
  }

  const sha256 = (content) => crypto.createHash('sha256').update(content).digest('hex');
  const filed = new Map(); // path to what the file held when it was first loaded

  const bytesOf = (file) => {
    if (!filed.has(file)) {
      let bytes;
      try {
        bytes = readFileSync(file);
      } catch { /* it is no file: a name that a tool made up */ }
      filed.set(file, bytes === undefined ? undefined : { text: bytes.toString(), sha256: sha256(bytes), size: bytes.length });
    }
    return filed.get(file);
  };

  const plainText = (text) => {
    text = String(text);
    if (text.charCodeAt(0) === 0xFEFF) text = text.slice(1);
    return text.startsWith('#!') ? text.replace(/^#![^\n\r]*/, '') : text;
  };

  // loaded tells of a file as what it was loaded as, and whether the text that was
  // compiled is the file's own.
  function loaded(file, format, text) {
    const had = bytesOf(file);
    if (had === undefined) return;
    const same = text === undefined || plainText(text) === plainText(had.text);
    say({ t: 'load', file, format, sha256: had.sha256, size: had.size });
    if (!same) say({ t: 'changed', file });
    if (format !== 'addon' && format !== 'wasm') had.text = same ? had.text : '';
  }

  const edge = (from, to) => {
    if (typeof to === 'string' && path.isAbsolute(to) && to !== own) say({ t: 'edge', from: typeof from === 'string' && path.isAbsolute(from) ? from : '', to });
  };

  const fromURL = (url) => {
    try {
      return typeof url === 'string' && url.startsWith('file:') ? fileURLToPath(url) : undefined;
    } catch {
      return undefined;
    }
  };

  // callers are the files of the stack, the nearest first.
  function callers() {
    const { prepareStackTrace, stackTraceLimit } = Error;
    try {
      Error.prepareStackTrace = (_, frames) => frames;
      Error.stackTraceLimit = 100;
      const files = [];
      for (const frame of new Error().stack) {
        let file = frame.getFileName();
        if (typeof file !== 'string') continue;
        file = fromURL(file) || file;
        if (file !== own && path.isAbsolute(file)) files.push(file);
      }
      return files;
    } catch {
      return [];
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  // caller is the file that code runs for: the nearest one that is not a package's,
  // else the nearest.
  function caller() {
    const files = callers();
    return files.find((file) => !file.includes('/node_modules/')) || files[0];
  }

  say({ t: 'process', node: process.version, from: process.env.NBUILD_RECORD_FROM || '' });
  // What this process's main file was started by is known to it alone.
  const startedBy = threads.isMainThread ? process.env.NBUILD_RECORD_FROM : undefined;

  // CommonJS. What _load returns from its cache is an edge as well.
  const load = Module._load;
  Module._load = function (request, parent, isMain) {
    try {
      if (typeof request === 'string' && !Module.isBuiltin(request)) {
        const file = Module._resolveFilename(request, parent, isMain);
        edge(isMain ? startedBy : parent && parent.filename, file);
      }
    } catch { /* Node throws the same in a moment */ }
    return Reflect.apply(load, this, arguments);
  };
  const compile = Module.prototype._compile;
  Module.prototype._compile = function (content, filename, format) {
    const told = format === 'module' ? 'esm' : format === 'commonjs' ? 'cjs' : 'script';
    const known = typeof filename === 'string' && path.isAbsolute(filename);
    if (known) loaded(filename, told, content);
    const result = Reflect.apply(compile, this, arguments);
    // Where nothing told the format Node looked into the text: what a module gives shows it.
    // The program's own is seen when it is imported, right after.
    if (known && told === 'script' && isNamespace(this.exports)) loaded(filename, 'esm', content);
    return result;
  };
  const json = Module._extensions['.json'];
  Module._extensions['.json'] = function (module, filename) {
    loaded(filename, 'json');
    return Reflect.apply(json, this, arguments);
  };
  const dlopen = process.dlopen;
  process.dlopen = function (module, filename) {
    if (typeof filename === 'string') {
      const file = path.toNamespacedPath(filename);
      try {
        loaded(fs.realpathSync(file), 'addon');
        edge(module && module.filename !== filename ? module.filename : caller(), fs.realpathSync(file));
      } catch { /* Node says so */ }
    }
    return Reflect.apply(dlopen, this, arguments);
  };

  // ECMAScript modules.
  const formats = { module: 'esm', commonjs: 'cjs', json: 'json', wasm: 'wasm', addon: 'addon', 'module-typescript': 'esm', 'commonjs-typescript': 'cjs' };
  const observe = {
    resolve(context, result) {
      const to = fromURL(result.url);
      if (to !== undefined) edge(context.parentURL === undefined ? startedBy : fromURL(context.parentURL), to);
    },
    load(url, result) {
      const file = fromURL(url);
      const format = formats[result.format];
      if (file === undefined || format === undefined) return;
      const { source } = result;
      const text = typeof source === 'string' ? source : source && format !== 'wasm' ? Buffer.from(source).toString() : undefined;
      if (format !== 'cjs') loaded(file, format, text);
      else if (text === undefined) loaded(file, format); // else _compile tells
    },
  };
  if (typeof Module.registerHooks === 'function') {
    Module.registerHooks({
      resolve(specifier, context, next) {
        const result = next(specifier, context);
        try { observe.resolve(context, result); } catch { /* not ours to fail */ }
        return result;
      },
      load(url, context, next) {
        const result = next(url, context);
        try { observe.load(url, result); } catch { /* not ours to fail */ }
        return result;
      },
    });
  } else if (typeof Module.register === 'function') {
    // On older releases hooks live in a thread of their own, and tell from there.
    Module.register(require('url').pathToFileURL(path.join(__dirname, 'hooks.mjs')).href, { data: { folder, startedBy } });
  }

  // WebAssembly comes as bytes: which file they were of, the hash tells.
  for (const name of typeof WebAssembly === 'object' ? ['Module', 'compile', 'instantiate'] : []) {
    const original = WebAssembly[name];
    const tell = (bytes) => {
      try {
        if (ArrayBuffer.isView(bytes)) say({ t: 'wasm', sha256: sha256(bytes), from: caller() || '' });
        else if (bytes instanceof ArrayBuffer) say({ t: 'wasm', sha256: sha256(Buffer.from(bytes)), from: caller() || '' });
      } catch { /* not ours to fail */ }
    };
    WebAssembly[name] = new Proxy(original, {
      apply(target, self, args) {
        tell(args[0]);
        return Reflect.apply(target, self, args);
      },
      construct(target, args, newTarget) {
        tell(args[0]);
        return Reflect.construct(target, args, newTarget);
      },
    });
  }

  // Workers and children get the recorder whatever environment they are given.
  const required = '--require=' + quoted(own);
  function quoted(file) {
    return /[\s"\\]/.test(file) ? '"' + file.replace(/[\\"]/g, '\\$&') + '"' : file;
  }
  function inherited(env, from) {
    const options = env.NODE_OPTIONS || '';
    return {
      ...env,
      NODE_OPTIONS: options.includes(required) ? options : required + (options && ' ' + options),
      NBUILD_RECORD: folder,
      ...(from === undefined ? {} : { NBUILD_RECORD_FROM: from }),
    };
  }

  const spawn = children.ChildProcess.prototype.spawn;
  children.ChildProcess.prototype.spawn = function (options) {
    try {
      const env = {};
      for (const pair of options.envPairs || []) {
        const at = pair.indexOf('=');
        env[pair.slice(0, at)] = pair.slice(at + 1);
      }
      const full = inherited(options.envPairs ? env : process.env, caller());
      options = { ...options, envPairs: Object.keys(full).map((key) => key + '=' + full[key]) };
    } catch { /* as it was asked for, then */ }
    return Reflect.apply(spawn, this, [options]);
  };
  for (const name of ['spawnSync', 'execFileSync', 'execSync']) {
    const original = children[name];
    children[name] = function (...args) {
      const at = args.findIndex((arg) => arg !== null && typeof arg === 'object' && !Array.isArray(arg));
      const given = at < 0 ? undefined : args[at];
      const options = { ...given, env: inherited((given && given.env) || process.env, caller()) };
      if (at >= 0) args[at] = options;
      else args.push(options);
      return Reflect.apply(original, this, args);
    };
  }

  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(filename, options) {
      let given = options;
      try {
        const from = caller();
        if (options && options.eval) {
          say({ t: 'code', way: 'worker', sha256: sha256(String(filename)), size: String(filename).length, from: from || '', local: String(filename).includes(home), text: String(filename).slice(0, 200) });
        } else {
          const file = filename instanceof URL || String(filename).startsWith('file:') ? fromURL(String(filename)) : path.resolve(String(filename));
          if (file !== undefined) edge(from, fs.realpathSync(file));
        }
        if (options && options.env && options.env !== threads.SHARE_ENV) given = { ...given, env: inherited(options.env) };
        if (options && options.execArgv) given = { ...given, execArgv: ['--require', own, ...options.execArgv] };
      } catch { /* Node says what is wrong */ }
      super(filename, given);
    }
  };
  Object.defineProperty(threads.Worker, 'name', { value: 'Worker' });

  Module.syncBuiltinESMExports();
  watchStrings();

  // The engine's own debugger sees every string that becomes code, direct eval
  // included, which no wrapping can.
  function watchStrings() {
    let session;
    try {
      const inspector = require('inspector');
      session = new inspector.Session();
      session.connect();
    } catch (error) {
      say({ t: 'blind', text: String(error) });
      return;
    }
    session.on('Debugger.scriptParsed', ({ params }) => {
      const file = fromURL(params.url) || params.url;
      if (params.url.startsWith('node:') || filed.has(file)) return;
      const frames = params.stackTrace ? params.stackTrace.callFrames : [];
      const isVm = frames.length > 0 && frames[0].url === 'node:vm';
      if (params.url !== '' && !params.hasSourceURL && !isVm) return;
      session.post('Debugger.getScriptSource', { scriptId: params.scriptId }, (error, answer) => {
        if (error) return;
        let code = answer.scriptSource;
        let way = isVm ? 'vm' : 'eval';
        if (/^\((?:async )?function\*? anonymous\(/.test(code)) {
          code = code.slice(1, -1);
          way = 'function';
        }
        say({ t: 'code', way, sha256: sha256(code), size: Buffer.byteLength(code), from: callers()[0] || '', local: code.includes(home), text: code.slice(0, 200) });
      });
    });
    session.post('Debugger.enable');
    session.post('Debugger.setSkipAllPauses', { skip: true });
  }
}
