
// The start: what the process was given is checked first, then everything is put
// in place, then the program runs.

const inHooksThread = isHooksThread();

// isHooksThread tells the thread that Node 20 runs load hooks in, which preloads the
// guard as well. It has no file to run and no port to a parent.
function isHooksThread() {
  if (registerHooks !== undefined || process.argv.length > 1) return false;
  const { isMainThread, parentPort } = require('worker_threads');
  return !isMainThread && !parentPort;
}

function checkStart() {
  if (major < 20) stop('Node ' + process.version + ' has no hash that a program can\'t replace; the guard needs 20.12 or later');
  const given = readOptions(strings(process.execArgv), 0, (option) => {
    refuse('flag', 'node', 'was started with ' + option + ', which is not known to be harmless', { __proto__: null, path: option }, 'flag');
  });
  startOptions = given.threads;
  // Node takes none for its own thread, which is given the variables as they are by then.
  const line = inHooksThread ? undefined : atStart.NODE_OPTIONS;
  const words = line === undefined ? [] : wordsOf(line);
  if (words === undefined) stop('NODE_OPTIONS has a mistake in it'); // Node would not have started
  readOptions(words, 0, (option) => {
    refuse('flag', 'NODE_OPTIONS', 'has ' + option + ', which is not known to be harmless', { __proto__: null, path: option }, 'flag');
  }, true);
  if (Module.getCompileCacheDir && Module.getCompileCacheDir() !== undefined) {
    refuse('compile-cache', 'NODE_COMPILE_CACHE', 'lets bytecode run that no list can hold', { __proto__: null, path: Module.getCompileCacheDir() }, 'flag');
  }
}

// closesSignal tells that Node itself was told not to listen for SIGUSR1.
function closesSignal() {
  for (let i = 0; i < config.flags.length; i++) if (config.flags[i] === '--disable-sigusr1') return true;
  return false;
}

function hideFlags() {
  const given = process.execArgv;
  const kept = [];
  for (let i = 0; i < given.length; i++) {
    const ours = oursAt(given, i);
    if (ours > 0) i += ours - 1;
    else append(kept, given[i]);
  }
  process.execArgv = kept;
}

if (config.mode !== 'off') {
  try {
    checkStart();
  } catch (error) {
    stop(error.message);
  }
  hideFlags();
  // SIGUSR1 would open the inspector; with a listener, it does nothing.
  if (!closesSignal()) {
    apply(onProcess, emitter, ['SIGUSR1', () => {}]);
    guardKill(process, '_kill');
  }
  guardInternals();
  guardScripts();
  guardEval();
  guardWasm();
  guardModules();
  guardProcess();
  guardAddons();
  guardThreads();
  guardESM();
  guardConsole();
  apply(onProcess, emitter, ['exit', summary]);
}
