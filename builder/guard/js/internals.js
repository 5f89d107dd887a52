
// What Node keeps to itself. Node hides its own loader and its bindings, but not quite: a
// message names the class that is to read it as "module:class", and Node loads whatever
// module that says, its own loader included. Listed code could say it as well, and from
// the loader everything can be had that this guard guards. So the guard goes that way
// once, before other code runs, and closes it behind itself: messages bring what Node's
// own classes write and nothing else, and no object that Node hands out leads to a class
// that compiles a text or starts a thread.

// messages are what Node's own classes write of themselves (deserializeInfo in its
// sources), from Node 20 on.
const messages = freeze({
  __proto__: null,
  'internal/abort_controller:ClonedAbortSignal': true,
  'internal/blob:Blob': true,
  'internal/blob:ClonedBlob': true,
  'internal/blocklist:InternalBlockList': true,
  'internal/crypto/keys:InternalCryptoKey': true,
  'internal/crypto/x509:InternalX509Certificate': true,
  'internal/file:TransferableFile': true,
  'internal/fs/promises:FileHandle': true,
  'internal/histogram:ClonedHistogram': true,
  'internal/histogram:ClonedRecordableHistogram': true,
  'internal/socketaddress:InternalSocketAddress': true,
  'internal/webstreams/readablestream:TransferredReadableStream': true,
  'internal/webstreams/transfer:InternalCloneableDOMException': true,
  'internal/webstreams/transformstream:TransferredTransformStream': true,
  'internal/webstreams/writablestream:TransferredWritableStream': true,
  'internal/worker/clone_dom_exception:DOMException': true,
  'internal/worker/clone_dom_exception:QuotaExceededError': true,
  'net:Server': true,
  'net:Socket': true,
  'net:_TransferredBoundSocket': true,
});

// nodesSources returns the texts of Node's own modules, by their names.
let nodesSources;

// powerful are the bindings that have what compiles, loads or starts something.
const powerful = freeze(['contextify', 'fs', 'inspector', 'messaging', 'mksnapshot', 'module_wrap', 'process_methods', 'spawn_sync', 'wasm_web_api', 'worker']);

// nodesBinding returns one of Node's bindings.
let nodesBinding;

function guardInternals() {
  const Builtin = nodesLoader();
  const modules = Builtin.map;
  const load = (id) => modules.get(id).compileForInternalLoader();
  const internalBinding = nodesBindings(load);
  nodesBinding = internalBinding;
  // An object of Node's that inherits a setter hands itself to it.
  Object.setPrototypeOf(Builtin.prototype, null);
  hold(Builtin.prototype, 'constructor', Object);
  // Node asks its bindings for names that some versions lack, and a getter that every
  // object inherits would be handed the binding.
  for (let i = 0; i < powerful.length; i++) {
    try {
      Object.setPrototypeOf(internalBinding(powerful[i]), null);
    } catch { /* a Node without it */ }
  }
  const find = uncurry(getPrototypeOf(modules).get);
  const compileBuiltin = uncurry(Builtin.prototype.compileForInternalLoader);
  const messaging = internalBinding('messaging');
  const setCreate = messaging.setDeserializerCreateObjectFunction || messaging.setDeserializerCreateFunction;
  setCreate((info) => {
    info = text(info);
    if (messages[info] !== true) {
      refuse('internals', 'A message', 'names ' + info + ', which is not what Node writes of its own classes', { __proto__: null, path: info, module: caller() }, 'closed');
    }
    const at = indexOf(info, ':');
    const found = find(modules, slice(info, 0, at));
    return construct(compileBuiltin(found)[slice(info, at + 1)], []);
  });
  hold(internalBinding('module_wrap').ModuleWrap.prototype, 'constructor', Object);
  mainMark = load('internal/modules/cjs/loader').kIsMainSymbol;
  if (handed !== undefined) entryRunner = runnerOf(load);
  if (major === 20) guardHooksThread(load('internal/worker'));
  guardMemory(internalBinding('fs'));
  guardSpawns();
  guardEngines();
  const builtins = internalBinding('builtins');
  nodesSources = () => builtins.natives;
  if (major > 22) guardJobs(load('internal/modules/esm/module_job').ModuleJobBase.prototype);
  // Node's loader of modules binds its methods by the language's own function.
  hold(Function.prototype, 'bind', Function.prototype.bind);
  // From Node 24 on its own maps and sets are iterated by the language's iterators, and
  // whoever replaced their next would be handed its modules and its loader.
  const iterators = [modules.values(), new Set().values()];
  if (getPrototypeOf(iterators[0]) !== getPrototypeOf(new Map().values())) return;
  for (let i = 0; i < iterators.length; i++) {
    const proto = getPrototypeOf(iterators[i]);
    defineProperty(proto, 'next', { __proto__: null, value: proto.next, writable: false, configurable: false });
  }
}

// nodesLoader has Node make one of its own modules by a message, which a setter catches.
function nodesLoader() {
  const sent = typeof DOMException === 'function' && major > 20 ? new DOMException('') : new Blob([]);
  const marks = create(null);
  for (let at = sent; at !== null; at = getPrototypeOf(at)) {
    const own = getOwnPropertySymbols(at);
    for (let i = 0; i < own.length; i++) marks[text(own[i])] = own[i];
  }
  const writes = marks['Symbol(messaging_clone_symbol)'];
  const reads = marks['Symbol(messaging_deserialize_symbol)'];
  let made;
  try {
    defineProperty(sent, writes, { __proto__: null, value: () => ({ data: {}, deserializeInfo: 'internal/bootstrap/realm:BuiltinModule' }) });
    defineProperty(ObjectPrototype, reads, { __proto__: null, configurable: true, value() {} });
    defineProperty(ObjectPrototype, 'loaded', { __proto__: null, configurable: true, get() {}, set() { made = this; } });
    structuredClone(sent);
  } finally {
    delete ObjectPrototype.loaded;
    delete ObjectPrototype[reads];
  }
  if (made === undefined || made.constructor.map === undefined) stop('Node\'s own loader is not where the guard knows it to be');
  return made.constructor;
}

// nodesBindings returns what Node's modules ask for its bindings. The module that hands
// it out warns whoever loads it.
function nodesBindings(load) {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return load('internal/test/binding').internalBinding;
  } finally {
    process.emitWarning = emitWarning;
    delete globalThis.internalBinding; // which it puts there while files are preloaded
    delete globalThis.primordials;
  }
}

// guardJobs: a promise is seen by whoever watches promises, and one of Node's own brings a
// module that is being loaded. From Node 24 on that has the loader in a property, which
// compiles any text. It gets one that does no more than such a module asks of it.
function guardJobs(proto) {
  let real;
  let lent;
  defineProperty(proto, 'loader', {
    __proto__: null,
    configurable: false,
    get: () => undefined,
    set(loader) {
      if (loader !== real) {
        lent = lentLoader(loader);
        real = loader;
      }
      defineProperty(this, 'loader', { __proto__: null, value: lent, writable: false, configurable: false, enumerable: true });
    },
  });
}

function lentLoader(loader) {
  const { loadCache } = loader;
  return freeze({
    __proto__: null,
    loadCache: freeze({
      __proto__: null,
      get: (url, type) => loadCache.get(url, type),
      set: (url, type, job) => loadCache.set(url, type, job),
      delete: (url, type) => loadCache.delete(url, type),
    }),
    get isForAsyncLoaderHookWorker() { return loader.isForAsyncLoaderHookWorker; },
    getOrCreateModuleJob(parent, request, type) {
      if (!importsHeld) keepImports();
      return loader.getOrCreateModuleJob(parent, request, type);
    },
  });
}

// guardMemory: Linux has the memory of a process as a file, which who writes it writes
// over machine code. Every way to a descriptor that can be written leads through these.
function guardMemory(files) {
  const names = ['open', 'openFileHandle'];
  for (let i = 0; i < names.length; i++) {
    const original = files[names[i]];
    files[names[i]] = function (...args) {
      if ((args[1] & writing) !== 0) {
        if (typeof args[0] !== 'string') put(args, 0, bytesOf(args[0]) || args[0]); // which another thread may share
        checkMemory(args[0]);
      }
      return apply(original, this, args);
    };
  }
}

const writing = fsConstants.O_WRONLY | fsConstants.O_RDWR;

function checkMemory(file) {
  const real = realOrAbsent(file);
  if (real === undefined || matches(/^\/proc\/.*\/mem$/, real) === null) return; // what is not there is made
  refuse('memory', real, 'is the memory of a process, which no list can hold', { __proto__: null, path: real, module: caller() }, 'closed');
}
