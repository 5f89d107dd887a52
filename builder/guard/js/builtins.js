
// Node's own modules that make code out of data, or that open the process to
// others. Those that are loaded anyway are guarded at the start, the others when
// they are first asked for.

const guarded = create(null);
const lazy = freeze({
  __proto__: null,
  repl: guardREPL,
  vm: guardVM,
  child_process: guardChildren,
  cluster: guardChildren,
  test: guardTest,
  worker_threads: guardWorkers,
  inspector: guardInspector,
  'inspector/promises': guardInspector,
  sqlite: guardSQLite,
  v8: guardV8,
  ffi: guardFFI,
  wasi: guardWASI,
  crypto: guardCrypto,
});

// guardBuiltin puts the guard into a module before it is handed out. Code of the program
// may run meanwhile, by a setter that Node's own objects inherit, and what asks then gets
// nothing: neither does what asks after an end that no one caught, as of a time that vm
// was given.
const underway = 1;
function guardBuiltin(id) {
  const by = lazy[id];
  if (by === undefined || guarded[id] === true) return;
  if (guarded[id] === underway) {
    refuse('internals', 'node:' + id, 'was asked for while the guard was put into it', { __proto__: null, path: id, module: caller() }, 'closed');
    return;
  }
  guarded[id] = underway;
  let failed = true;
  try {
    by();
    syncBuiltinESMExports();
    failed = false;
  } finally {
    // The stack may end within, and what is refused once is refused again.
    if (failed) guarded[id] = undefined;
  }
  guarded[id] = true;
}

function guardAllBuiltins() {
  const ids = ownKeys(lazy);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] !== 'ffi' && ids[i] !== 'sqlite' && ids[i] !== 'test') guardBuiltin(ids[i]);
  }
}

// closed makes a function that is refused whenever it is called.
function closed(kind, name, original) {
  return { [name]: function (...args) {
    refuse(kind, name, 'is closed under the guard', { __proto__: null, path: undefined, module: caller() }, 'closed');
    if (new.target) return construct(original, args, new.target === this.constructor ? original : new.target);
    return apply(original, this, args);
  } }[name];
}

function close(object, name, kind, label) {
  const original = object[name];
  if (typeof original !== 'function') return;
  const standIn = closed(kind, label, original);
  if (original.prototype !== undefined) {
    defineProperty(standIn, 'prototype', { __proto__: null, value: original.prototype });
    if (hasOwn(original.prototype, 'constructor')) hold(original.prototype, 'constructor', standIn);
  }
  hold(object, name, standIn);
}

function guardProcess() {
  close(process, 'binding', 'binding', 'process.binding');
  close(process, '_linkedBinding', 'binding', 'process._linkedBinding');
  close(process, 'execve', 'child', 'process.execve');
  close(process, '_debugProcess', 'inspector', 'process._debugProcess');
  if (getBuiltinModule) {
    lend(process, 'getBuiltinModule', function guardedBuiltin(id) {
      id = text(id);
      const m = getBuiltinModule(id);
      if (m !== undefined) guardBuiltin(starts(id, 'node:') ? slice(id, 5) : id);
      return m;
    });
  }
  guardResolution();
  lend(Module, '_load', function guardedLoad(request, parent, isMain, options) {
    // Node reads some names out of objects, which could answer twice.
    if (typeof request !== 'string') throw new NodeTypeError('nbuild guard: the name of a module is a string');
    const id = starts(request, 'node:') ? slice(request, 5) : request;
    if (lazy[id] !== undefined && guarded[id] !== true) guardBuiltin(id);
    if (registerHooks !== undefined) return apply(loadModule, this, [request, parent, isMain, options]);
    try {
      return apply(loadModule, this, [request, parent, isMain, options]);
    } catch (error) {
      throw explained(error);
    }
  });
}

// explained adds to Node's own refusal of a required ECMAScript module who asked for it
// and the way out. It stays Node's error, with its code, for programs that then import.
const explanations = new WeakSet();
function explained(error) {
  if (!isObject(error) || inSet(explanations, error) || error.code !== 'ERR_REQUIRE_ESM') return error;
  addToSet(explanations, error);
  const file = matches(/ES Module (\S+)/, text(error.message));
  const facts = { __proto__: null, path: file === null ? undefined : plain(file[1]), module: caller() };
  const why = 'is an ECMAScript module, and require takes none on Node 20 under the guard';
  record(enforcing ? 'denied' : 'reported', 'esm', facts, why, allows.required);
  const message = error.message + '\nnbuild guard: it ' + why + '. ' + remedyOf('required', facts) + '.';
  const stack = text(error.stack);
  const at = indexOf(stack, error.message);
  if (at >= 0) defineProperty(error, 'stack', { __proto__: null, value: slice(stack, 0, at) + message + slice(stack, at + error.message.length), writable: true, configurable: true });
  defineProperty(error, 'message', { __proto__: null, value: message, writable: true, configurable: true });
  return error;
}

// guardResolution looks at what names come to mean, whatever was put in the place of
// Node's own search or into its memory: it may be one of Node's modules.
function guardResolution() {
  let current;
  const put = (resolve) => {
    current = typeof resolve !== 'function' ? resolve : function (...args) {
      const file = text(apply(resolve, this, args));
      if (lazy[file] !== undefined && guarded[file] !== true) guardBuiltin(file);
      return file;
    };
  };
  put(Module._resolveFilename);
  defineProperty(Module, '_resolveFilename', { __proto__: null, get: () => current, set: put, enumerable: true, configurable: false });
}

// allowString lets a text be compiled that the list approves.
function allowString(way, code) {
  code = text(code);
  if (generated[hash(code)] !== true) refuseString(way, code);
  beforeCompile(code);
  return code;
}

// withoutBytecode refuses what would run instead of the source that it is given beside.
function withoutBytecode(way, options) {
  if (options !== null && typeof options === 'object' && options.cachedData !== undefined) {
    refuse('vm', way, 'was given bytecode, which no list can approve', { __proto__: null, module: caller() }, 'closed', bounding);
  }
}

// guardScripts puts a class that asks the list in the place of vm.Script and of the class
// beneath it. Node makes a script for more than vm, and a setter that every object
// inherits is handed each: so this is done before other code runs.
let scripts;
function guardScripts() {
  if (config.eval === 'off') return;
  const Original = Script;
  scripts = function Script(code, options) {
    const checked = allowString('vm.Script', code);
    withoutBytecode('vm.Script', options);
    return construct(Original, [checked, copied(options)], new.target || scripts);
  };
  defineProperty(scripts, 'prototype', { __proto__: null, value: Original.prototype, writable: false });
  hold(Original.prototype, 'constructor', scripts);
  hold(getPrototypeOf(Original).prototype, 'constructor', scripts);
  if (!bounding) return;
  // The method is reached with the first script that Node hands to a setter.
  const { runInNewContext } = Original.prototype;
  hold(Original.prototype, 'runInNewContext', function (object, options) {
    return apply(runInNewContext, this, [object, inNewContext(options)]);
  });
}

// guardVM lets the functions of vm compile only strings that the list approves.
function guardVM() {
  if (config.eval === 'off') return;
  // Node itself asks a new context for its global object this way.
  generated[hash('this')] = true;
  hold(vm, 'Script', scripts);
  const names = ['runInThisContext', 'runInNewContext', 'runInContext', 'compileFunction'];
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    const original = vm[name];
    hold(vm, name, { [name]: function (code, ...rest) {
      const checked = allowString('vm.' + name, code);
      for (let j = 0; j < rest.length; j++) withoutBytecode('vm.' + name, rest[j]);
      if (name === 'compileFunction' && isArray(rest[0])) rest[0] = strings(rest[0]);
      if (name === 'compileFunction' && isArray(rest[0]) && rest[0].length > 0) {
        let all = '';
        for (let j = 0; j < rest[0].length; j++) all += (j > 0 ? ',' : '') + rest[0][j];
        if (matches(/^[\w$,]*$/, all) === null) allowString('vm.compileFunction', all);
      }
      if (name === 'runInNewContext' && bounding) {
        const bounded = inNewContext(typeof rest[1] === 'string' ? { __proto__: null, filename: rest[1] } : rest[1]);
        return apply(original, this, [checked, rest[0], bounded]);
      }
      const safe = [checked];
      for (let j = 0; j < rest.length; j++) append(safe, j === (name === 'runInThisContext' ? 0 : 1) ? copied(rest[j]) : rest[j]);
      return apply(original, this, safe);
    } }[name]);
  }
  if (bounding) {
    const { createContext } = vm;
    hold(vm, 'createContext', function (object, options) {
      const bounded = optionsOf(options);
      bounded.codeGeneration = { __proto__: null, strings: false, wasm: false };
      return createContext(object, bounded);
    });
  }
  // The class beneath them compiles a text as well.
  const classes = ['SourceTextModule', 'SyntheticModule', 'Module'];
  for (let i = 0; i < classes.length; i++) close(vm, classes[i], 'vm', 'vm.' + classes[i]);
  if (vm.createScript) close(vm, 'createScript', 'vm', 'vm.createScript');
}

// copied reads options once. Whatever is no object Node turns away by itself.
function copied(options) {
  return isObject(options) ? optionsOf(options) : options;
}

// optionsOf makes a record of options. Node asks some before it looks what they are, and a
// function or a number can answer as well: they say nothing here.
function optionsOf(options) {
  const copy = { __proto__: null };
  if (options === null || typeof options !== 'object') return copy;
  const names = ownKeys(options);
  for (let i = 0; i < names.length; i++) if (names[i] !== 'cachedData' || !bounding) copy[names[i]] = options[names[i]];
  return copy;
}

// inNewContext makes options for a context that is new. It has its own eval and Function,
// which are bounded as ours are.
function inNewContext(options) {
  const bounded = optionsOf(options);
  bounded.contextCodeGeneration = { __proto__: null, strings: false, wasm: false };
  return bounded;
}

// guardWasm lets WebAssembly compile only listed modules, and those that Node
// carries inside itself for its own use.
function guardWasm() {
  if (typeof WebAssembly === 'undefined') return;
  const wasm = WebAssembly;
  const { Module: WasmModule, compile: compileWasm, instantiate } = wasm;
  const checked = (value) => {
    const bytes = bytesOf(value);
    if (bytes === undefined) return value; // the engine says what it wants
    const sha256 = hash(bytes);
    if (binaries[sha256] === undefined && generated[sha256] !== true && !isNodes(bytes)) {
      refuse('wasm', 'A WebAssembly module (sha256 ' + sha256 + ')', 'is not on the production source list', { __proto__: null, sha256, module: caller() }, 'wasm');
    }
    return bytes;
  };
  // Their arguments come as a list of ours, whose first is put right.
  const checkedFirst = (args) => {
    if (args.length > 0) put(args, 0, checked(args[0]));
    return args;
  };
  const standIn = function Module(...args) {
    return construct(WasmModule, checkedFirst(args), new.target || standIn);
  };
  const names = ['customSections', 'exports', 'imports'];
  for (let i = 0; i < names.length; i++) defineProperty(standIn, names[i], getOwnPropertyDescriptor(WasmModule, names[i]));
  defineProperty(standIn, 'prototype', { __proto__: null, value: WasmModule.prototype, writable: false });
  hold(WasmModule.prototype, 'constructor', standIn);
  hold(wasm, 'Module', standIn);
  hold(wasm, 'compile', function compile(...args) {
    try {
      return apply(compileWasm, wasm, checkedFirst(args));
    } catch (error) {
      return rejected(error);
    }
  });
  hold(wasm, 'instantiate', function instantiateChecked(...args) {
    try {
      return apply(instantiate, wasm, checkedFirst(args));
    } catch (error) {
      return rejected(error);
    }
  });
  const streaming = ['compileStreaming', 'instantiateStreaming'];
  for (let i = 0; i < streaming.length; i++) {
    // These compile what a server sends, before anyone could hash it.
    if (enforcing || typeof wasm[streaming[i]] === 'function') close(wasm, streaming[i], 'wasm', 'WebAssembly.' + streaming[i]);
  }
}

// isNodes tells whether WebAssembly bytes are Node's own: its HTTP parser, its
// lexer. They stand in Node's sources as base64.
let natives;
function isNodes(bytes) {
  try {
    if (natives === undefined) natives = nodesSources();
    const encoded = base64(bytes, 0, bytes.length);
    if (encoded.length < 256) return false;
    const names = ownKeys(natives);
    for (let i = 0; i < names.length; i++) {
      if (starts(names[i], 'internal/deps/') && typeof natives[names[i]] === 'string' && indexOf(natives[names[i]], encoded) >= 0) return true;
    }
  } catch { /* then it is not Node's */ }
  return false;
}

function guardInspector() {
  const inspector = builtin('inspector');
  close(inspector, 'Session', 'inspector', 'inspector.Session');
  close(inspector, 'open', 'inspector', 'inspector.open');
  if (isBuiltin('inspector/promises')) close(builtin('inspector/promises'), 'Session', 'inspector', 'inspector.Session');
}

function guardREPL() {
  // What repl itself runs in a new context while it is loaded.
  generated[hash('Object.getOwnPropertyNames(globalThis)')] = true;
  const repl = builtin('repl');
  close(repl, 'start', 'repl', 'repl.start');
  close(repl, 'REPLServer', 'repl', 'repl.REPLServer');
}

// guardSQLite: an extension of SQLite is native code.
function guardSQLite() {
  const { DatabaseSync } = builtin('node:sqlite');
  const { loadExtension } = DatabaseSync.prototype;
  hold(DatabaseSync.prototype, 'loadExtension', function guardedExtension(...args) {
    const held = heldFile(text(args[0]), 'addon');
    try {
      return openHeld(held, (name) => {
        put(args, 0, name);
        return apply(loadExtension, this, args);
      });
    } finally {
      release(held);
    }
  });
}

// An engine of OpenSSL is native code as well, wherever it is named.
function guardCrypto() {
  close(builtin('crypto'), 'setEngine', 'engine', 'crypto.setEngine');
}

// guardEngines closes the methods beneath tls, https and whatever else connects, which any
// of their objects lead to.
function guardEngines() {
  const context = nodesBinding('crypto').SecureContext.prototype;
  close(context, 'setClientCertEngine', 'engine', 'clientCertEngine');
  close(context, 'setEngineKey', 'engine', 'privateKeyEngine');
}

function guardFFI() {
  refuse('ffi', 'node:ffi', 'calls any native code, which no list can hold', { __proto__: null, module: caller() }, 'closed');
}

// guardTest: the test runner imports files on its own, and starts children.
function guardTest() {
  keepImports();
  guardChildren();
}

// guardWASI leaves WASI as it is: its modules come from WebAssembly, which is guarded.
function guardWASI() {}

// guardV8: flags of the engine can undo what the guard rests on.
const harmless = /^--(?:no-)?(?:max[-_](?:old|semi|new)[-_]space[-_]size|stack[-_]size|expose[-_]gc|trace[-_]\w+|prof\w*|optimize[-_]for[-_]size|heap\w*)(?:=\w+)?$/;
function guardV8() {
  const v8 = builtin('v8');
  const { setFlagsFromString } = v8;
  hold(v8, 'setFlagsFromString', function guardedFlags(flags) {
    flags = text(flags);
    if (matches(harmless, flags) === null) {
      refuse('flag', 'v8.setFlagsFromString(' + stringifyJSON(flags) + ')', 'could undo what the guard rests on', { __proto__: null, path: flags, module: caller() }, 'flag');
    }
    return setFlagsFromString(flags);
  });
  if (typeof v8.queryObjects === 'function') guardObjects(v8);
}

// guardObjects lets objects be counted. To sum them up, Node hands each one that there is,
// its own among them, to whatever a program put in the place where inspect looks.
function guardObjects(v8) {
  const { queryObjects } = v8;
  hold(v8, 'queryObjects', function queryCounted(constructor, options) {
    const format = isObject(options) ? options.format : undefined;
    if (format !== undefined && format !== 'count') {
      refuse('internals', 'v8.queryObjects', 'would show the program every object that there is', { __proto__: null, module: caller() }, 'closed');
    }
    return queryObjects(constructor, { __proto__: null, format: format === undefined ? 'count' : format });
  });
}
