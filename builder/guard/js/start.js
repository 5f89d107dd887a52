
// The start: what the process was given is checked first, then everything is put
// in place, then the program runs.

// Node 20 runs load hooks in a thread, which has no file to run.
const inHooksThread = handed !== undefined && handed.hooks === true;

function checkStart() {
  if (major < 20) stop('Node ' + process.version + ' has no hash that a program can\'t replace; the guard needs 20.12 or later');
  const given = readOptions(strings(process.execArgv), 0, (option) => {
    refuse('flag', 'node', 'was started with ' + option + ', which is not known to be harmless', { __proto__: null, path: option }, 'flag');
  });
  startOptions = given.threads;
  if (handed !== undefined && !inHooksThread) for (let i = 0; i < handed.preloads.length; i++) append(startOptions, '--require=' + handed.preloads[i]);
  if (inWorker && handed === undefined && enforcing) stop('a thread began in another way than the guard has threads begin');
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
  if (handed !== undefined && !inHooksThread) for (let i = 0; i < handed.preloads.length; i++) append(kept, '--require=' + handed.preloads[i]);
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
if (handed !== undefined) beginThread();
// The hook that brought the guard into its thread asks it by this.
return (address, result, context) => checkLoaded(address, result, isRequire(context.conditions));
