
// What is beneath a worker is guarded before other code runs, since any object that has
// to do with one leads there: the class of its handle would start a thread without the
// guard, and what is posted to it says whether it runs a file or a string.
const threads = require('worker_threads');
const { SHARE_ENV } = threads;
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

// What has a thread begin is a message like any other, and whoever has the port can write
// one. The thread asks it for these two names at the least.
function guardedPost(...args) {
  const message = args[0];
  if (message !== null && typeof message === 'object' && !isProxy(message) && hasOwn(message, 'type') && hasOwn(message, 'filename')) put(args, 0, checkedPost(message));
  return apply(postMessage, this, args);
}

// checkedPost is the door through which every thread begins: whatever it was to run, the
// guard comes first. It returns a copy: while a message is written, a getter of it or of
// what is sent along could change it.
function checkedPost(message) {
  const copy = isArray(message) ? [] : { __proto__: null };
  const names = ownKeys(message);
  for (let i = 0; i < names.length; i++) {
    if (typeof names[i] !== 'symbol' && getOwnPropertyDescriptor(message, names[i]).enumerable) put(copy, names[i], message[names[i]]);
  }
  if (copy.type !== 'loadScript') return copy;
  const way = copy.doEval;
  if (way === 'internal' && startingHooks && copy.webWorkerData === undefined && copy.filename === 'internal/modules/esm/worker') return copy;
  if (copy.webWorkerData !== undefined || (way !== false && way !== 'classic' && way !== 'data-url')) {
    refuse('worker', 'A worker', 'would be told to run a string', { __proto__: null, module: caller() }, 'code');
  }
  return handingOver(copy);
}

// Workers get the guard whatever options they are given. A worker from a string or
// from an address is code from nowhere.
let working = false;
function guardWorkers() {
  if (working) return;
  const { Worker } = threads;
  const standIn = function (file, options) {
    restrictThreads();
    if (new.target === undefined) throw new NodeTypeError("Class constructor Worker cannot be invoked without 'new'");
    const before = preloads;
    try {
      const given = workerOptions(options);
      return construct(Worker, [workerFile(file, given), given], new.target);
    } finally {
      preloads = before;
    }
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

// startOptions are those of this thread's own options that the threads it starts take,
// as they would without the guard: whoever sets some replaces all.
let startOptions;

// workerOptions is the door for threads. What it returns is whole: Node finds neither
// options nor variables for the thread anywhere else.
const workerNames = ['argv', 'env', 'eval', 'execArgv', 'stdin', 'stdout', 'stderr', 'workerData', 'trackUnmanagedFds', 'transferList', 'resourceLimits', 'name'];

function workerOptions(given) {
  const options = { __proto__: null };
  if (given === null) return given; // which Node does not take
  if (given !== undefined) {
    const names = typeof given === 'object' || typeof given === 'function' ? ownKeys(given) : [];
    for (let i = 0; i < names.length; i++) put(options, names[i], given[names[i]]);
    for (let i = 0; i < workerNames.length; i++) if (!hasOwn(options, workerNames[i])) options[workerNames[i]] = given[workerNames[i]];
  }
  if (options.execArgv && !isArray(options.execArgv)) return options; // as above
  const flags = threadFlags();
  const theirs = options.execArgv ? readOptions(strings(options.execArgv), 0, (option) => refuseOption('A worker', option)).options : startOptions;
  preloads = [];
  for (let i = 0; i < theirs.length; i++) {
    if (starts(theirs[i], '--require=')) append(preloads, slice(theirs[i], 10));
    else append(flags, theirs[i]);
  }
  options.execArgv = flags;
  options.env = workerEnvironment(options.env);
  options.resourceLimits = workerLimits(options.resourceLimits);
  return options;
}

// workerEnvironment makes a copy for the thread. One that it shared could be changed
// after it was looked at and before the guard in the thread begins.
function workerEnvironment(env) {
  if (env === SHARE_ENV) {
    if (!approved('SHARE_ENV')) refuseVariable('SHARE_ENV', 'A worker', 'would share this thread\'s environment, which can be changed before the guard in it begins');
    settledFrom(realEnvironment, 'A worker', true);
    realEnvironment.NODE_DISABLE_COMPILE_CACHE = '1';
    return env;
  }
  if (env === undefined || env === null || env === process.env) return settledFrom(realEnvironment, 'A worker', true);
  if (typeof env !== 'object') return env; // which Node does not take
  const own = { __proto__: null };
  const names = ownKeys(env);
  for (let i = 0; i < names.length; i++) if (typeof names[i] === 'string') put(own, names[i], env[names[i]]);
  return settledFrom(own, 'A worker', true);
}

// workerLimits leaves a thread the stack that Node gives one at the least: on a smaller
// one the guard's start could end in the middle.
const limitNames = ['maxOldGenerationSizeMb', 'maxYoungGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'];

function workerLimits(given) {
  if (given === null || typeof given !== 'object') return undefined; // as Node takes it
  const limits = { __proto__: null };
  for (let i = 0; i < limitNames.length; i++) limits[limitNames[i]] = given[limitNames[i]];
  if (typeof limits.stackSizeMb === 'number' && !(limits.stackSizeMb >= 4)) limits.stackSizeMb = 4;
  return limits;
}
