
// Child processes. A child that runs this Node gets the guard on its command line;
// any other program is refused unless the settings name it. The handle beneath
// child_process is guarded, not only its functions, because it can be reached
// through any of their results.

// Where there is no /proc, as in a bare root file system, Node knows itself only by the
// name that it was started by.
const ownProgram = indexOf(execPath, '/') >= 0 ? execPath : programOf(execPath, pairsOf(realEnvironment));

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

// checkedSpawn is the door for processes. It returns what may be started: the program
// as it was found, its arguments and its whole environment.
function checkedSpawn(file, args, pairs) {
  const envPairs = pairsOf(settledPairs(isArray(pairs) ? strings(pairs) : pairsOf(realEnvironment), file));
  const program = programOf(file, envPairs);
  const checked = { __proto__: null, file: program, args: strings(args), envPairs };
  if (isNode(program)) {
    checkIntact();
    checked.args = guardedArguments(checked.args, program);
    return checked;
  }
  for (let i = 0; i < config.children.length; i++) if (config.children[i] === program) return checked;
  refuse('child', program, 'is a program that this image does not say it starts', { __proto__: null, path: program, module: caller() }, 'child');
  return checked;
}

// guardedArguments puts the guard before a node's own arguments. What is not known
// to be harmless is refused, and so is a node without a file to run.
function guardedArguments(args, program) {
  const out = [program]; // where there is no /proc, a node knows itself by this alone
  for (let i = 0; i < config.flags.length; i++) append(out, config.flags[i]);
  const read = readOptions(args, 1, (argument) => refuseOption('A child of node', argument));
  for (let i = 0; i < read.options.length; i++) append(out, read.options[i]);
  if (read.only) return out;
  const first = args[read.at];
  if (read.all) {
    if (first === undefined || first === '' || first === '-') {
      refuse('child', 'A child of node', 'was given no file, so it would run what it is sent', { __proto__: null, path: '-', module: caller() }, 'closed');
    } else if (first === 'inspect') {
      refuse('inspector', 'node inspect', 'is closed under the guard', { __proto__: null, path: 'inspect', module: caller() }, 'closed');
    }
    append(out, '--');
  }
  for (let i = read.at; i < args.length; i++) {
    if (i > read.at && looksAnywhere(args[i])) refuseOption('A child of node', args[i]);
    append(out, args[i]);
  }
  return out;
}

// looksAnywhere tells an option that Node looks for among all arguments, those of the
// program behind the two dashes included.
function looksAnywhere(argument) {
  return starts(argument, '--experimental-config-file') || starts(argument, '--experimental-default-config-file');
}

function refuseOption(who, option) {
  refuse('flag', who, 'was given ' + option + ', which is not known to be harmless', { __proto__: null, path: option, module: caller() }, 'flag');
}

// takesArguments tells how the handle beneath child_process is given what to start.
function takesArguments() {
  const minor = parseInt(slice(process.version, indexOf(process.version, '.') + 1), 10);
  return major > 24 || (major === 24 && minor >= 8);
}

const spawnsByArguments = takesArguments();

// guardSpawns puts the guard beneath all that starts a process, in Node's own bindings and
// before other code runs.
let trying = false; // whether Node asks there is being found out
let tried = false; // ... and it did
function guardSpawns() {
  const proto = nodesBinding('process_wrap').Process.prototype;
  const { spawn } = proto;
  hold(proto, 'spawn', function guardedSpawn(...args) {
    // From Node 24.8 on, the options are arguments.
    if (!spawnsByArguments) return apply(spawn, this, [checkedOptions(args[0])]);
    const checked = checkedSpawn(text(args[0]), args[1], args[3]);
    const list = [checked.file, checked.args, args[2], checked.envPairs];
    for (let i = 4; i < args.length; i++) append(list, args[i]);
    return apply(spawn, this, list);
  });
  if (!closesSignal()) guardKill(proto, 'kill');
  const sync = nodesBinding('spawn_sync');
  const { spawn: spawnSync } = sync;
  hold(sync, 'spawn', function guardedSpawnSync(options) {
    if (!trying) return apply(spawnSync, sync, [checkedOptions(options)]);
    tried = true;
    return { __proto__: null, error: -2, status: null, signal: null, output: null, pid: 0 };
  });
}

// guardChildren finds out, once, whether child_process goes the ways that are guarded.
function guardChildren() {
  if (tried) return;
  const child = builtin('child_process');
  const handle = new child.ChildProcess()._handle;
  trying = true;
  try {
    child.spawnSync('/');
  } finally {
    trying = false;
  }
  if (!tried || getPrototypeOf(handle) !== nodesBinding('process_wrap').Process.prototype) stop('what starts a process is not where the guard knows it to be');
}

// checkedOptions returns an object's own properties alone, with what may be started.
function checkedOptions(given) {
  const options = { __proto__: null };
  const names = ownKeys(given);
  for (let i = 0; i < names.length; i++) options[names[i]] = given[names[i]];
  const checked = checkedSpawn(text(options.file), options.args, options.envPairs);
  options.file = checked.file;
  options.args = checked.args;
  options.envPairs = checked.envPairs;
  return options;
}

// Where Node listens for SIGUSR1 before the guard runs, the signal would open the
// inspector of a process that is just starting, so it is sent to none.
const usr1 = 10; // on Linux

function guardKill(object, name) {
  const original = object[name];
  hold(object, name, { [name]: function (...args) {
    const last = args.length - 1;
    if (last >= 0) args[last] = +args[last];
    if ((args[last] | 0) === usr1) {
      refuse('inspector', 'SIGUSR1', 'opens the inspector of a node that is starting', { __proto__: null, module: caller() }, 'closed');
    }
    return apply(original, this, args);
  } }[name]);
}
