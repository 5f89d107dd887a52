'use strict';
// Preloaded before the guard, with --expose-internals: it knows the functions of Node
// that no program may reach, tells the walk which of them a function is, and hides itself.
const { internalBinding } = require('internal/test/binding');
const forbidden = new Map();
const put = (name, f) => { if (typeof f === 'function' && !forbidden.has(f)) forbidden.set(f, name); };
const binding = (name, keys) => {
  let b;
  try { b = internalBinding(name); } catch { return; }
  for (const k of keys || Reflect.ownKeys(b)) if (k in b && k !== 'url') put(name + '.' + String(k), b[k]);
};
// What compiles, loads or starts something, as a whole binding or by name.
for (const name of ['contextify', 'module_wrap', 'builtins', 'spawn_sync', 'inspector', 'mksnapshot', 'wasm_web_api', 'ffi']) binding(name);
binding('worker', ['Worker']);
binding('fs', ['open', 'openFileHandle']);
binding('v8', ['setFlagsFromString']);
binding('messaging', ['setDeserializerCreateObjectFunction', 'setDeserializerCreateFunction']);
binding('process_methods', ['dlopen', 'execve', '_debugProcess', 'patchProcessObject']);
put('process_wrap.Process.spawn', internalBinding('process_wrap').Process.prototype.spawn);
for (const id of ['internal/vm', 'internal/process/execution', 'internal/modules/run_main', 'internal/modules/esm/translators', 'internal/modules/esm/loader', 'internal/modules/esm/utils']) {
  let m;
  try { m = require(id); } catch { continue; }
  for (const k of Object.keys(m)) if (!/^(?:isContext|getCWDURL|\w*UncaughtException\w*)$/.test(k)) put(id + '.' + k, m[k]);
  if (m.translators instanceof Map) m.translators.forEach((f, k) => put('translator.' + k, f));
  if (m.getOrInitializeCascadedLoader) {
    const loader = m.getOrInitializeCascadedLoader();
    forbidden.set(loader, 'the module loader');
    put('ModuleLoader', loader.constructor);
  }
}
const Module = require('module');
put('Module.prototype._compile', Module.prototype._compile);
for (const k of ['binding', '_linkedBinding', 'dlopen', 'execve', '_debugProcess', 'getBuiltinModule']) put('process.' + k, process[k]);
for (const k of ['Module', 'compile', 'instantiate', 'compileStreaming', 'instantiateStreaming']) put('WebAssembly.' + k, WebAssembly[k]);
put('eval', eval); // eslint-disable-line no-eval
for (const f of [() => {}, async () => {}, function* () {}, async function* () {}]) put(f.constructor.name, f.constructor);
const { MessagePort } = require('worker_threads');
put('MessagePort.postMessage', MessagePort.prototype.postMessage);
put('internalBinding', internalBinding);

// Node's own functions that the guard puts others in the place of, by how they begin. The
// modules that have them are not loaded here: the walk begins with what a program finds.
const texts = /^(?:function (?:runInContext|runInNewContext|runInThisContext|compileFunction|createContext|createScript|internalBinding|requireBuiltin|requireWithFallbackInDeps|wrapSafe|evalScript|evalModule\w*|setEngine|loadESM|binding|_linkedBinding|getBuiltinModule)\(|class (?:Script|Session|BuiltinModule|ModuleLoader|SourceTextModule|SyntheticModule) |class Worker extends EventEmitter|class Module \{)/;
const text = Function.prototype.call.bind(Function.prototype.toString);
const test = RegExp.prototype.test.bind(texts);
const slice = Function.prototype.call.bind(String.prototype.slice);
const native = RegExp.prototype.test.bind(/\[native code\] \}$/);
const get = Map.prototype.get.bind(forbidden);

const { natives } = internalBinding('builtins');
const names = new Set();
for (const id of Object.keys(natives)) {
  if (typeof natives[id] === 'string') for (const m of natives[id].matchAll(/[.{,\s]([A-Za-z_$][\w$]{0,40})(?=\s*[:=;,.()}\s[])/g)) names.add(m[1]);
}
delete globalThis.internalBinding;
delete globalThis.primordials;
process.execArgv = process.execArgv.filter((a, i, all) => a !== '--expose-internals' && a !== __filename && all[i + 1] !== __filename);
Object.defineProperty(process, 'realm:test', {
  configurable: true,
  value: {
    names: [...names],
    // which says what a function is that nothing may reach.
    which: (f) => get(f) || (typeof f === 'function' && test(text(f)) && !native(text(f)) ? slice(text(f), 0, 60) : undefined),
  },
});
