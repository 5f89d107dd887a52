
// How a thread begins. Threads share descriptors, and what one of them closes while another
// reads a file through it, the next file that is opened may get: so between the start of a
// thread and the guard's own first line no file is read. Whatever a thread was to run, it
// runs the few words of handover, a text that Node's own message carries. They make the
// guard from what comes with them: its text, its settings and its lists, as the first
// guard of the process read them before any other code ran. Only then begins what was
// asked for.
const handover = `'use strict';
const threads = require('worker_threads'), handed = threads.workerData;
threads.workerData = handed.workerData;
const { compileFunction } = require('vm'), builtins = require, self = module;
for (const name of ['module', 'exports', 'require', '__filename', '__dirname']) delete globalThis[name];
compileFunction(handed.texts['guard.cjs'], ['exports', 'require', 'module', '__filename', '__dirname'], { filename: handed.file })(
  {}, builtins, self, handed.file, handed.home, handed);`;

// preloads are the files that a thread is to load first. Node would load them before the
// guard, so the guard does.
let preloads = [];

// threadFlags are the guard's own flags as far as a thread takes them.
function threadFlags() {
  const flags = [];
  for (let i = 0; i < config.flags.length; i++) {
    if (config.flags[i] === '--require') i++;
    else if (config.flags[i] !== '--' + restriction) append(flags, config.flags[i]);
  }
  return flags;
}

// ownTexts is what a thread's guard is made of.
function ownTexts() {
  return { __proto__: null, file: __filename, home, texts, written };
}

// handingOver changes the message that starts a thread, which is ours already.
function handingOver(message) {
  const handing = ownTexts();
  handing.way = message.doEval;
  handing.entry = message.filename;
  handing.preloads = preloads;
  handing.workerData = message.workerData;
  put(message, 'doEval', 'classic');
  put(message, 'filename', handover);
  put(message, 'workerData', handing);
  return message;
}

// runnerOf returns what begins the work of this thread, as Node's own thread would.
let entryRunner;
const { nextTick } = process;
const { then } = Promise.prototype;
const { _preloadModules: preloadModules } = Module;

function runnerOf(load) {
  const { way, entry } = handed;
  if (way === undefined) return undefined; // it answers to another thread
  const fatal = process._fatalException;
  const watched = (promise) => { apply(then, promise, [undefined, (error) => fatal(error, true)]); };
  if (way === false) {
    delete process._eval;
    process.argv[1] = entry;
    return () => Module.runMain(entry);
  }
  const { evalScript, evalTypeScript, evalModuleEntryPoint } = load('internal/process/execution');
  if (way === 'classic') {
    defineProperty(process, '_eval', { __proto__: null, value: entry, configurable: true, enumerable: true });
    const { getOptionValue } = load('internal/options');
    const run = major > 20 && getOptionValue(major === 22 ? '--experimental-strip-types' : '--strip-types') ? evalTypeScript : evalScript;
    return () => run('[worker eval]', entry);
  }
  if (way === 'module') return () => watched(evalModuleEntryPoint(entry)); // what Node 20 makes of a data: address
  const { runEntryPointWithESMLoader } = load('internal/modules/run_main');
  return () => watched(runEntryPointWithESMLoader((loader) => (major > 22
    ? loader.import(entry, undefined, { __proto__: null }, undefined, true) : loader.import(entry, undefined, { __proto__: null }, true))));
}

// beginThread has what the thread is for begin once Node is done with the words above, so
// that nothing of them stands beneath a program's calls.
function beginThread() {
  if (entryRunner === undefined) return;
  const first = handed.preloads;
  const run = entryRunner;
  apply(nextTick, process, [() => {
    if (first.length > 0) apply(preloadModules, Module, [first]);
    run();
  }]);
}

// On Node 20 hooks run in a thread that Node starts by itself. It gets its options here
// rather than those of this thread, which preload the guard from its file.
function guardHooksThread(workers) {
  const { InternalWorker } = workers;
  workers.InternalWorker = function (id, given) {
    const options = { __proto__: null };
    const names = ownKeys(given);
    for (let i = 0; i < names.length; i++) put(options, names[i], given[names[i]]);
    put(options, 'execArgv', threadFlags());
    put(options, 'env', settledFrom(realEnvironment, 'A worker', true));
    return construct(InternalWorker, [id, options]);
  };
}
