
// ECMAScript modules: a load hook that runs after every other and so sees the
// source that will be compiled. Where Node has synchronous hooks it is one of
// those; a hook that is registered later would be asked first and have the last
// word, so the guard's is taken out and put back behind it.

const registerHooks = Module.registerHooks;
const register = Module.register;
let registered;
let deregister;

// esmFormats maps Node's formats to the list's.
const esmFormats = freeze({ __proto__: null, module: 'esm', json: 'json', wasm: 'wasm' });

function loadHook(address, context, nextLoad) {
  if (linking === 0 && !isRequire(context.conditions)) keepImports(); // a module runs, and may go on to import
  if (starts(address, 'node:')) {
    guardBuiltin(slice(address, 5));
    return checkedBuiltin(address, nextLoad(address, context));
  }
  if (instrumented && address === viewAddress) return { __proto__: null, format: 'module', source: viewSource(), shortCircuit: true };
  const result = nextLoad(address, context);
  return checkLoaded(address, result, isRequire(context.conditions));
}

// checkedBuiltin takes no text for a module of Node's: what hooks answer in its name is code
// that no file has.
function checkedBuiltin(address, result) {
  const { format } = result;
  if (format !== undefined && format !== null && format !== 'builtin') {
    refuse('url', plain(slice(address, 0, 80)), 'is a module of Node\'s, and a hook gave it another text', { __proto__: null, path: slice(address, 0, 80), module: rewriter }, 'code');
    return result;
  }
  return { __proto__: null, format: 'builtin', source: null, shortCircuit: true };
}

// isRequire tells a load that require asked for: its text goes on to _compile,
// which checks it, or to the guard's own JSON.
function isRequire(conditions) {
  if (conditions === undefined) return false;
  let required = false;
  for (let i = 0; i < conditions.length; i++) {
    // --conditions=require puts that word among those of an import.
    if (conditions[i] === 'import') return false;
    if (conditions[i] === 'require') required = true;
  }
  return required;
}

// checkLoaded holds the final answer of the load hooks to the list and returns a
// record of its own, so that no getter can answer differently the second time.
function checkLoaded(address, result, required) {
  if (starts(address, 'node:')) return { __proto__: null, format: 'builtin', source: null, shortCircuit: true };
  const format = result.format;
  let source = result.source;
  if (required && (format === 'commonjs' || format === undefined || format === null || format === 'module' || format === 'json')) {
    return { __proto__: null, format, source, shortCircuit: true };
  }
  if (format === 'builtin' || format === 'addon') {
    if (format === 'builtin') throw new NodeTypeError('nbuild guard: a builtin has a node: address');
    return { __proto__: null, format, source: null, shortCircuit: true }; // process.dlopen checks it
  }
  if (format === 'text') {
    if (typeof source !== 'string') source = bytesOf(source);
    return { __proto__: null, format, source, shortCircuit: true };
  }
  if (format === 'commonjs') {
    // Without a source, Node loads the file as require does, through _compile.
    if (starts(address, 'file:')) {
      const made = instrumented ? textOf(source) : undefined;
      if (made === undefined || isVouched(pathOf(address), 'script', hash(made)) === undefined) return { __proto__: null, format, source: null, shortCircuit: true };
      check(pathOf(address), 'script', made);
      keepImports();
      return { __proto__: null, format, source: made, shortCircuit: true };
    }
  }
  let content = source;
  if (typeof content !== 'string') {
    const bytes = bytesOf(source);
    if (bytes === undefined) throw new NodeTypeError('nbuild guard: ' + plain(address) + ' has no source');
    content = bytes;
    if (format !== 'wasm') content = utf8(bytes, 0, bytes.length);
  }
  if (!starts(address, 'file:')) {
    const sha256 = hash(content);
    if (generated[sha256] !== true) {
      refuse('url', plain(slice(address, 0, 80)), 'is code that comes from an address, not from a file', { __proto__: null, path: slice(address, 0, 80), sha256 }, 'code');
    }
    return { __proto__: null, format, source: content, shortCircuit: true };
  }
  const file = pathOf(address);
  const entry = check(file, esmFormats[format] || text(format), content);
  if (typeof content === 'string' && format !== 'json') {
    content = withoutMark(content);
    if (entry === undefined || mayImport(file, entry, content)) keepImports();
    if (entry !== undefined && bounding && evaluators[file] === entry.sha256) content = withModulePowers(content);
  }
  return { __proto__: null, format, source: content, shortCircuit: true };
}

// last puts the guard's hook behind all others: it is asked first, and what it
// gets from the next is final.
function last() {
  const before = registered;
  registered = registerHooks(instrumented ? { __proto__: null, resolve: resolveHook, load: loadHook } : { __proto__: null, load: loadHook });
  if (before !== undefined) apply(deregister, before, []);
}

// Asynchronous hooks run in a thread whose own modules no hook of ours sees, and on
// Node 20 the last one registered has the last word.
function refuseRegister(specifier) {
  refuse('hooks', 'module.register', 'puts a loader in a thread that the list does not hold',
    { __proto__: null, path: text(specifier), module: caller() }, 'closed');
}

// What a module imports goes by the hooks, and so would everything that require loads,
// which _compile holds already and which costs more by them. So they are taken out
// while only texts run that import nothing: from the time when the program's own file
// turned out to be a script that doesn't, until the first text is compiled that could.
// A module that require loads imports while it is linked and not later, unless it has
// an import() itself. Where eval is left open the guard does not see each text, and the
// hooks stay.

let importsHeld = false; // what is imported now comes by the guard
let importsKept = !bounding; // ... and will for good
let linking = 0; // modules that require is loading

// A text that is not on the list could import where one of the words stands in it.
const importing = /\b(?:import|export)\b/;

// mayImport tells whether a text has an import() in it, or is a script that the word
// stands in, where nbuild did not say.
function mayImport(filename, entry, content) {
  if (importers !== undefined && entry !== undefined && entry.made !== true) return importers[filename] === true;
  return matches(importing, content) !== null;
}

// beforeCompile is for strings that become code.
function beforeCompile(code) {
  if (!importsKept && matches(importing, code) !== null) keepImports();
}

// holdImports puts the guard before all that is imported from now on.
function holdImports() {
  if (importsHeld) return;
  if (registerHooks !== undefined) last();
  else startThread();
  importsHeld = true; // only now: the stack may end before
}

function keepImports() {
  holdImports();
  importsKept = true; // as above
}

function releaseImports() {
  if (importsKept || linking > 0 || registered === undefined) return;
  const hook = registered;
  registered = undefined;
  importsHeld = false;
  apply(deregister, hook, []);
}

// whileLinking compiles a module that require loads, with all that it imports.
function whileLinking(load) {
  holdImports();
  linking++;
  try {
    return load();
  } finally {
    linking--;
    releaseImports();
  }
}

function guardESM() {
  const { runMain } = Module;
  hold(Module, 'runMain', function guardedMain(...args) {
    if (compiled) keepImports(); // Node's own call comes first
    return apply(runMain, Module, args);
  });
  if (registerHooks === undefined) {
    guardESMByThread();
    return;
  }
  holdImports();
  // The class of the hooks could register one behind the guard's back.
  const hooksClass = getPrototypeOf(registered);
  deregister = registered.deregister;
  hold(hooksClass, 'deregister', deregister);
  hold(hooksClass, 'constructor', Object);
  // Its constructor assigns these; a setter that it inherited would get the guard's own.
  const fields = ownKeys(registered);
  for (let i = 0; i < fields.length; i++) {
    defineProperty(hooksClass, fields[i], { __proto__: null, value: undefined, writable: true, configurable: false, enumerable: false });
  }
  if (register !== undefined) {
    hold(Module, 'register', function registerRefused(...args) {
      refuseRegister(args[0]);
      return apply(register, Module, args);
    });
  }
  hold(Module, 'registerHooks', function registerHooksBeforeGuard(hooks) {
    keepImports();
    const { resolve, load } = hooks;
    if (typeof load === 'function') rewriter = caller();
    // Until the guard's is behind them, theirs do nothing: the stack may end between.
    let live = false;
    const behind = (hook) => (typeof hook !== 'function' ? hook : (asked, context, next) => (live ? hook(asked, context, next) : next(asked, context)));
    const theirs = registerHooks({ __proto__: null, resolve: behind(resolve), load: behind(load) });
    last();
    live = true;
    return theirs;
  });
}

// Node 20 has no synchronous hooks: there the hook runs in a thread, which costs
// what a worker costs. It starts when the first module is compiled that could
// import anything.
const compileByVM = require('vm').compileFunction;

function guardESMByThread() {
  if (inHooksThread) {
    importsHeld = true;
    return;
  }
  hold(Module, 'register', function registerBeforeGuard(...args) {
    refuseRegister(args[0]);
    keepImports();
    restrictThreads();
    const answer = apply(register, Module, args);
    thread();
    return answer;
  });
  if (importsKept || inWorker || importsFirst() || !startsScript()) keepImports();
}

// importsFirst tells that Node was given modules to import before the program's file.
function importsFirst() {
  for (let i = 0; i < process.execArgv.length; i++) if (starts(process.execArgv[i], '--import')) return true;
  return false;
}

// startsScript tells whether the program's own file is a script that is as it was
// signed. Node decides that by the nearest package.json, which none may have put there.
function startsScript() {
  try {
    const file = realpath(resolvePath(process.argv[1]));
    const entry = sources[file];
    if (entry === undefined || entry.format !== 'cjs' || hash(readBytes(file)) !== entry.sha256) return false;
    const governing = entry.package === undefined ? '' : dirname(entry.package);
    for (let at = dirname(file); at !== governing; at = dirname(at)) {
      if (existsSync(at === '/' ? '/package.json' : at + '/package.json')) return false;
      if (at === '/') return governing === '';
    }
    return entry.package === undefined || hash(readBytes(entry.package)) === sources[entry.package].sha256;
  } catch {
    return false;
  }
}

// deferred compiles a module that has an import() so that its first import comes by the
// guard, which then starts the thread: most of them are never run. What Node's own
// loader compiles instead asks for the module by a word, as an approved one does for its
// powers, and lends it an import that begins at the module's own path.
function deferred(content, filename) {
  let genuine;
  const body = compileByVM(content, ['exports', 'require', 'module', '__filename', '__dirname'], {
    __proto__: null,
    filename,
    importModuleDynamically(specifier, _, attributes) {
      keepImports();
      return genuine(specifier, { __proto__: null, with: attributes });
    },
  });
  return asked((lent, self, names) => {
    genuine = lent;
    return apply(body, self, names);
  }, 'return ', '((s,o)=>import(s,o),this,arguments)');
}

function startThread() {
  guardAllBuiltins();
  restrictThreads();
  thread();
}

// thread starts the thread that hooks run in. The hook is an address that holds its own
// text, and the guard comes with it from memory.
const hookAddress = 'data:text/javascript,' + encodeURIComponent(`
import vm from 'node:vm';
import { createRequire } from 'node:module';
let check;
export function initialize(handed) {
  const compiled = vm.compileFunction(handed.texts['guard.cjs'], ['exports', 'require', 'module', '__filename', '__dirname'], { filename: handed.file });
  check = compiled({}, createRequire(handed.file), {}, handed.file, handed.home, handed);
}
export async function load(url, context, nextLoad) {
  return check(url, await nextLoad(url, context), context);
}`);

function thread() {
  guardWorkers();
  const data = ownTexts();
  data.hooks = true;
  startingHooks = true;
  try {
    apply(register, Module, [hookAddress, { __proto__: null, data }]);
  } finally {
    startingHooks = false;
  }
}
