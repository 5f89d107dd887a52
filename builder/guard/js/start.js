
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
  const version = parseInt(slice(process.version, 1), 10);
  if (version < 20) stop('Node ' + process.version + ' has no hash that a program can\'t replace; the guard needs 20.12 or later');
  const given = strings(process.execArgv);
  for (let i = 0; i < given.length; i++) {
    if (isOurs(given, i)) {
      if (given[i] === '--require') i++;
      continue;
    }
    const loads = preloading(given, i);
    if (loads > 0) {
      i += loads - 1;
      continue;
    }
    if (matches(nodeFlags, given[i]) === null) {
      refuse('flag', 'node', 'was started with ' + given[i] + ', which is not known to be harmless', { __proto__: null, path: given[i] }, 'flag');
    }
  }
  // Node takes none for its own thread, which is given the variables as they are by then.
  const options = inHooksThread ? undefined : atStart.NODE_OPTIONS;
  if (options !== undefined) {
    let from = 0;
    while (from < options.length) {
      let to = indexOf(options, ' ', from);
      if (to < 0) to = options.length;
      const flag = slice(options, from, to);
      from = to + 1;
      if (flag !== '' && matches(nodeFlags, flag) === null) {
        refuse('flag', 'NODE_OPTIONS', 'has ' + flag + ', which is not known to be harmless', { __proto__: null, path: flag }, 'flag');
      }
    }
  }
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
    if (isOurs(given, i)) {
      if (given[i] === '--require') i++;
      continue;
    }
    append(kept, given[i]);
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
  if (!closesSignal()) apply(onProcess, emitter, ['SIGUSR1', () => {}]);
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
