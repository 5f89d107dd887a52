
// Child processes. A child that runs this Node gets the guard on its command line;
// any other program is refused unless the settings name it. The handle beneath
// child_process is guarded, not only its functions, because it can be reached
// through any of their results.

// nodeFlags are the options that a guarded Node may be started with beside the guard's.
const nodeFlags = /^--(?:(?:no-)?(?:warnings|deprecation|trace-[a-z-]+|pending-deprecation|enable-source-maps|experimental-(?:websocket|eventsource|global-navigator|global-customevent|webstorage|sqlite|strip-types|require-module|detect-module)|expose[-_]gc|verify-base-objects|force-async-hooks-checks|network-family-autoselection|insecure-http-parser|abort-on-uncaught-exception|async-context-frame|extra-info-on-fatal-exception|jitless|optimize[-_]for[-_]size)|max[-_](?:old|semi|new)[-_]space[-_]size(?:[-_]percentage)?=\d+|stack[-_](?:trace[-_]limit|size)=\d+|unhandled-rejections=[a-z-]+|dns-result-order=\w+|max-http-header-size=\d+|disable-warning=[\w-]+|title=[\w -]+|tls-(?:min|max)-v[\d.]+|use-(?:openssl|bundled|system)-ca|secure-heap(?:-min)?=\d+|conditions=[\w-]+|disallow[-_]code[-_]generation[-_]from[-_]strings|disable-sigusr1|permission|allow-[a-z-]+(?:=.*)?|experimental-permission|frozen-intrinsics|disable-proto=\w+|zero-fill-buffers|throw-deprecation|stack-trace-limit=\d+)$/;

// runners are variables beside Node's own that make Node or the loader run or read code.
const runners = /^(?:LD_|DYLD_|OPENSSL_|GCONV_PATH$|LOCPATH$|GLIBC_TUNABLES$|MALLOC_|SSLKEYLOGFILE$)/;

// runsCode tells the variables that can bring code into a child before its guard. What
// begins with NODE_ and is not Node's own is the application's. What a Node reads that
// is newer than the list can't be told, so there every such name counts that the list
// does not have.
const newer = parseInt(slice(process.version, 1), 10) > newestNode;

function runsCode(name) {
  if (!starts(name, 'NODE_')) return matches(runners, name) !== null;
  if (matches(nodeRefused, name) !== null) return true;
  return newer && matches(nodeSettled, name) === null;
}

const atStart = startEnvironment();

function startEnvironment() {
  const copy = create(null);
  const names = ownKeys(process.env);
  for (let i = 0; i < names.length; i++) {
    if (runsCode(names[i])) copy[names[i]] = process.env[names[i]];
  }
  return copy;
}

// checkVariable refuses a variable that would bring code into a child before its
// guard, unless the guard's own process was started with the very same.
function checkVariable(name, value, who) {
  if (!runsCode(name)) return;
  if (atStart[name] === value || value === '' || value === undefined) return;
  for (let i = 0; i < config.environment.length; i++) if (config.environment[i] === name) return;
  refuse('environment', who, 'would be started with ' + name + ' in its environment, which can run code before the guard',
    { __proto__: null, path: name, module: caller() }, 'environment');
}

// Where there is no /proc, as in a bare root file system, Node knows itself only by the
// name that it was started by.
const ownProgram = indexOf(execPath, '/') >= 0 ? execPath : programOf(execPath, ownPairs());

function isNode(file) {
  if (indexOf(ownProgram, '/') < 0) return false;
  if (file === ownProgram) return true;
  try {
    return realpath(file) === realpath(ownProgram);
  } catch {
    return false;
  }
}

// programOf finds what a file name without a slash would run, as execvp does.
function programOf(file, pairs) {
  if (indexOf(file, '/') >= 0) {
    try { return realpath(file); } catch { return file; }
  }
  let where = '/usr/local/bin:/bin:/usr/bin';
  for (let i = 0; i < pairs.length; i++) if (starts(pairs[i], 'PATH=')) where = slice(pairs[i], 5);
  let from = 0;
  while (from <= where.length) {
    let to = indexOf(where, ':', from);
    if (to < 0) to = where.length;
    const candidate = (slice(where, from, to) || '.') + '/' + file;
    from = to + 1;
    try {
      accessSync(candidate, fsConstants.X_OK);
      return realpath(candidate);
    } catch { /* not there */ }
  }
  return file;
}

function strings(list) {
  const copy = [];
  if (!isArray(list)) return copy;
  for (let i = 0; i < list.length; i++) defineProperty(copy, i, { __proto__: null, value: text(list[i]), writable: true, enumerable: true, configurable: true });
  return copy;
}

function append(list, value) {
  defineProperty(list, list.length, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}

// checkedSpawn returns options of its own for what may be started: the program as
// it was found, its arguments, its environment.
function checkedSpawn(options) {
  const copy = { __proto__: null };
  const names = ownKeys(options);
  for (let i = 0; i < names.length; i++) copy[names[i]] = options[names[i]];
  const pairs = isArray(copy.envPairs) ? strings(copy.envPairs) : ownPairs();
  const args = strings(copy.args);
  const program = programOf(text(copy.file), pairs);
  copy.envPairs = pairs;
  copy.args = args;
  for (let i = 0; i < pairs.length; i++) {
    const at = indexOf(pairs[i], '=');
    if (at > 0) checkVariable(slice(pairs[i], 0, at), slice(pairs[i], at + 1), program);
  }
  if (isNode(program)) {
    checkIntact();
    copy.file = program;
    copy.args = guardedArguments(args);
    return copy;
  }
  for (let i = 0; i < config.children.length; i++) {
    if (config.children[i] === program) {
      copy.file = program;
      return copy;
    }
  }
  refuse('child', program, 'is a program that this image does not say it starts', { __proto__: null, path: program, module: caller() }, 'child');
  return copy;
}

// ownPairs is the environment that a child inherits where it is given none.
function ownPairs() {
  const pairs = [];
  const names = ownKeys(process.env);
  for (let i = 0; i < names.length; i++) append(pairs, names[i] + '=' + process.env[names[i]]);
  return pairs;
}

// guardedArguments puts the guard before a node's own arguments. What is not known
// to be harmless is refused, and so is a node without a file to run.
function guardedArguments(args) {
  const out = [args.length > 0 ? args[0] : 'node'];
  for (let i = 0; i < config.flags.length; i++) append(out, config.flags[i]);
  let i = 1;
  for (; i < args.length; i++) {
    const a = args[i];
    if (a === '--') {
      append(out, a);
      i++;
      break;
    }
    if (charCode(a, 0) !== 45 /* - */ || a === '-') break;
    if (isOurs(args, i)) {
      if (a === '--require') i++;
      continue;
    }
    const loads = preloading(args, i);
    if (loads > 0) {
      append(out, a);
      if (loads === 2) append(out, args[++i]);
      continue;
    }
    if (a === '-v' || a === '--version' || a === '-h' || a === '--help') {
      append(out, a);
      continue;
    }
    if (matches(nodeFlags, a) === null || matches(/^--no-?(?:permission|experimental-permission)/, a) !== null) {
      refuse('flag', 'A child of node', 'was given ' + a + ', which is not known to be harmless', { __proto__: null, path: a, module: caller() }, 'flag');
    }
    append(out, a);
  }
  if (i >= args.length || args[i] === '-') {
    refuse('child', 'A child of node', 'was given no file, so it would run what it is sent', { __proto__: null, path: '-', module: caller() }, 'child');
  }
  if (args[i] === 'inspect') {
    refuse('inspector', 'node inspect', 'is closed under the guard', { __proto__: null, path: 'inspect', module: caller() }, 'closed');
  }
  for (; i < args.length; i++) append(out, args[i]);
  return out;
}

// preloading tells how many words at a place have Node load a module before its file,
// which behind the guard's own flags is held to the list like any other.
function preloading(args, i) {
  if (args[i] === '--require' || args[i] === '-r' || args[i] === '--import') return i + 1 < args.length ? 2 : 0;
  return starts(args[i], '--require=') || starts(args[i], '--import=') ? 1 : 0;
}

// isOurs tells the guard's own flags, which a parent may hand on.
function isOurs(args, i) {
  if (args[i] === '--require') return args[i + 1] === __filename;
  for (let j = 0; j < config.flags.length; j++) if (config.flags[j] === args[i]) return true;
  return false;
}

let spawning = false;
function guardChildren() {
  if (spawning) return;
  const child = builtin('child_process');
  const handle = new child.ChildProcess()._handle;
  const proto = getPrototypeOf(handle);
  const { spawn } = proto;
  hold(proto, 'spawn', function guardedSpawn(first, args, cwd, envPairs, ...rest) {
    if (first !== null && typeof first === 'object') return apply(spawn, this, [checkedSpawn(first)]);
    // From Node 24.8 on, the options are arguments.
    const checked = checkedSpawn({ __proto__: null, file: first, args, envPairs });
    return apply(spawn, this, [checked.file, checked.args, cwd, checked.envPairs, ...rest]);
  });
  const names = ['spawnSync', 'execFileSync', 'execSync'];
  const { spawnSync } = child;
  for (let i = 0; i < names.length; i++) {
    const original = child[names[i]];
    lend(child, names[i], { [names[i]]: function (...args) {
      return synchronous(names[i], original, spawnSync, args);
    } }[names[i]]);
  }
  spawning = true;
  guarded.child_process = true;
}

// synchronous checks the synchronous functions, which Node runs without a handle.
// Their arguments are put into the one form that all share.
function synchronous(name, original, spawnSync, given) {
  let file = text(given[0]);
  let args = [];
  let options = given[1];
  if (name !== 'execSync' && isArray(given[1])) {
    args = strings(given[1]);
    options = given[2];
  } else if (name !== 'execSync' && (given[1] === undefined || given[1] === null)) {
    options = given[2];
  }
  const copy = { __proto__: null };
  if (options !== undefined && options !== null) {
    const from = ownKeys(options);
    for (let i = 0; i < from.length; i++) copy[from[i]] = options[from[i]];
  }
  const env = copy.env === undefined || copy.env === null ? process.env : copy.env;
  const plainEnv = { __proto__: null }; // Node reads inherited names as well
  const pairs = [];
  for (const key in env) {
    if (env[key] === undefined) continue;
    const value = text(env[key]);
    defineProperty(plainEnv, key, { __proto__: null, value, enumerable: true, writable: true, configurable: true });
    append(pairs, key + '=' + value);
  }
  copy.env = plainEnv;
  const shell = name === 'execSync' ? copy.shell || true : copy.shell;
  let line = file;
  if (shell) {
    file = typeof shell === 'string' ? shell : '/bin/sh';
    if (name === 'execSync') copy.shell = file;
  }
  const all = [typeof copy.argv0 === 'string' ? copy.argv0 : file];
  for (let i = 0; i < args.length; i++) append(all, args[i]);
  if (shell) append(all, line);
  const checked = checkedSpawn({ __proto__: null, file, args: all, envPairs: pairs });
  if (name === 'execSync') return apply(original, undefined, [line, copy]);
  if (shell) return apply(original, undefined, [line, args, copy]);
  const rest = [];
  for (let i = 1; i < checked.args.length; i++) append(rest, checked.args[i]);
  return apply(original, undefined, [checked.file, rest, copy]);
}

// What is beneath a worker is guarded before other code runs, since any object that has
// to do with one leads there: the class of its handle would start a thread without the
// guard, and what is posted to it says whether it runs a file or a string.
const threads = require('worker_threads');
const { postMessage } = MessagePort.prototype;
let startingHooks = false;

function guardThreads() {
  hold(MessagePort.prototype, 'postMessage', guardedPost);
  const { moveMessagePortToContext } = threads;
  hold(threads, 'moveMessagePortToContext', function moved(port, context) {
    const there = moveMessagePortToContext(port, context);
    hold(getPrototypeOf(there), 'postMessage', guardedPost);
    return there;
  });
  const handle = workerHandle();
  if (handle !== undefined) hold(getPrototypeOf(handle), 'constructor', Object);
}

// workerHandle has a worker made as far as it has a handle, and returns that; undefined
// where Node's permissions let none be made.
function workerHandle() {
  let made;
  const Made = function () {};
  Made.prototype = {
    __proto__: null,
    get _events() {
      made = this;
      return undefined;
    },
    set _events(_) { /* it needs none */ },
  };
  const enough = {};
  try {
    construct(threads.Worker, ['/', { __proto__: null, get stdin() { throw enough; } }], Made);
  } catch (error) {
    if (error.code === 'ERR_ACCESS_DENIED') return undefined;
    if (error !== enough) throw error;
  }
  const marks = getOwnPropertySymbols(made);
  for (let i = 0; i < marks.length; i++) if (text(marks[i]) === 'Symbol(kHandle)') return made[marks[i]];
  return stop('what is beneath a worker is not where the guard knows it to be');
}

function guardedPost(message, transfer) {
  if (message !== null && typeof message === 'object' && (hasOwn(message, 'doEval') || hasOwn(message, 'webWorkerData'))) checkPosted(message);
  return arguments.length < 2 ? apply(postMessage, this, [message]) : apply(postMessage, this, [message, transfer]);
}

// checkPosted refuses what would have a thread run a string as a module.
function checkPosted(message) {
  const type = getOwnPropertyDescriptor(message, 'type');
  if (type === undefined || (hasOwn(type, 'value') && type.value !== 'loadScript')) return;
  const way = getOwnPropertyDescriptor(message, 'doEval');
  const web = getOwnPropertyDescriptor(message, 'webWorkerData');
  const file = getOwnPropertyDescriptor(message, 'filename');
  if (hasOwn(type, 'value') && (web === undefined || (hasOwn(web, 'value') && web.value === undefined)) && way !== undefined && hasOwn(way, 'value')) {
    if (way.value === false || way.value === 'classic' || way.value === 'data-url') return; // all of which the guard in the thread sees
    if (way.value === 'internal' && startingHooks && file !== undefined && file.value === 'internal/modules/esm/worker') return;
  }
  refuse('worker', 'A worker', 'would be told to run a string', { __proto__: null, module: caller() }, 'code');
}

// Workers get the guard whatever options they are given. A worker from a string or
// from an address is code from nowhere.
let working = false;
function guardWorkers() {
  if (working) return;
  const { Worker } = threads;
  const standIn = function (file, options) {
    checkIntact();
    restrictThreads();
    if (new.target === undefined) throw new NodeTypeError("Class constructor Worker cannot be invoked without 'new'");
    const given = workerOptions(options);
    return construct(Worker, [workerFile(file, given), given], new.target);
  };
  defineProperty(standIn, 'name', { __proto__: null, value: 'Worker' });
  defineProperty(standIn, 'prototype', { __proto__: null, value: Worker.prototype, writable: false });
  Object.setPrototypeOf(standIn, getPrototypeOf(Worker));
  hold(Worker.prototype, 'constructor', standIn);
  lend(threads, 'Worker', standIn);
  if (typeof globalThis.Worker === 'function') close(globalThis, 'Worker', 'worker', 'Worker');
  working = true;
}

function workerFile(file, options) {
  if (options !== null && typeof options === 'object' && options.eval) {
    const code = text(file);
    if (generated[hash(code)] !== true) {
      refuse('worker', 'A worker', 'was given a string to run (sha256 ' + hash(code) + ')', { __proto__: null, sha256: hash(code), module: caller() }, 'code');
    }
    return code;
  }
  if (isURL(file)) {
    const address = addressOf(file);
    if (starts(address, 'data:')) {
      refuse('worker', 'A worker', 'was given a data: address to run', { __proto__: null, sha256: hash(address), module: caller() }, 'code');
    }
    return new NodeURL(address);
  }
  return text(file);
}

function workerOptions(options) {
  if (options === null || typeof options !== 'object') return options;
  const copy = { __proto__: null };
  const names = ownKeys(options);
  for (let i = 0; i < names.length; i++) {
    defineProperty(copy, names[i], { __proto__: null, value: options[names[i]], enumerable: true, writable: true, configurable: true });
  }
  if (isArray(copy.execArgv)) {
    const flags = ['--require', __filename];
    const theirs = strings(copy.execArgv);
    for (let i = 0; i < theirs.length; i++) {
      if (isOurs(theirs, i)) {
        if (theirs[i] === '--require') i++;
        continue;
      }
      const loads = preloading(theirs, i);
      if (loads > 0) {
        append(flags, theirs[i]);
        if (loads === 2) append(flags, theirs[++i]);
        continue;
      }
      if (matches(nodeFlags, theirs[i]) === null) {
        refuse('flag', 'A worker', 'was given ' + theirs[i] + ', which is not known to be harmless', { __proto__: null, path: theirs[i], module: caller() }, 'flag');
      }
      append(flags, theirs[i]);
    }
    copy.execArgv = flags;
  } else if (copy.execArgv !== undefined) {
    delete copy.execArgv;
  }
  if (copy.env !== null && typeof copy.env === 'object') {
    const env = { __proto__: null };
    for (const key in copy.env) {
      if (copy.env[key] === undefined) continue;
      const value = text(copy.env[key]);
      checkVariable(key, value, 'A worker');
      defineProperty(env, key, { __proto__: null, value, enumerable: true, writable: true, configurable: true });
    }
    copy.env = env;
  }
  return copy;
}
