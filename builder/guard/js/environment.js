
// The environment of what is started. Whoever starts something hands over a complete
// one that was made here: Node reads none from anywhere else, and a program that wrote
// to process.env while it ran decides nothing of it that the guard rests on.

// runners are variables beside Node's own that make Node, a library or the system's
// loader run or read code.
const runners = /^(?:LD_|DYLD_|OPENSSL_|MALLOC_|(?:GCONV_PATH|LOCPATH|GLIBC_TUNABLES|SSLKEYLOGFILE|ICU_DATA)$)/;

// runsCode tells the variables that can bring code into a child before its guard. What
// begins with NODE_ and is not Node's own is the application's. What a Node reads that
// is newer than the list can't be told, so there every such name counts that the list
// does not have.
function runsCode(name) {
  if (!starts(name, 'NODE_')) return matches(runners, name) !== null;
  if (matches(nodeRefused, name) !== null) return true;
  return major > newestNode && matches(nodeHarmless, name) === null && matches(nodeSettled, name) === null;
}

// Node's own object; a program can put another in its place for its own eyes.
const realEnvironment = process.env;
const atStart = startEnvironment();

function startEnvironment() {
  const copy = create(null);
  const names = ownKeys(realEnvironment);
  for (let i = 0; i < names.length; i++) {
    if (runsCode(names[i])) copy[names[i]] = realEnvironment[names[i]];
  }
  return copy;
}

// approved tells a name of the guarding block's environment.
function approved(name) {
  for (let i = 0; i < config.environment.length; i++) if (config.environment[i] === name) return true;
  return false;
}

// settleVariable puts a variable into the environment of something that is started. Where
// a name comes twice, the first counts, as it does for the C library.
function settleVariable(env, name, value, who, thread) {
  if (name === '' || hasOwn(env, name)) return;
  if (matches(nodeSettled, name) !== null) {
    if (name !== 'NODE_DISABLE_COMPILE_CACHE' && value !== '') tellCacheIsOff();
    return;
  }
  if (name === 'NODE_OPTIONS') {
    value = settledOptions(value, who, thread);
    if (value === '') return;
  } else if (runsCode(name) && atStart[name] !== value && value !== '' && !approved(name)) {
    refuseVariable(name, who, 'would be started with ' + name + ' in its environment, which can run code before the guard');
  }
  put(env, name, value);
}

function refuseVariable(name, who, why, remedy = 'environment') {
  refuse('environment', who, why, { __proto__: null, path: name, module: caller() }, remedy);
}

// settled ends an environment. The compile cache holds bytecode that would run in
// place of the guard's own text, and no file of the list says what is in it.
function settled(env) {
  put(env, 'NODE_DISABLE_COMPILE_CACHE', '1');
  return env;
}

// settledOptions is what NODE_OPTIONS may be: what the process was started with, or
// options that are known to be harmless. No settings let others through, since the guard
// would find them at its start. Threads take those alone that are theirs.
function settledOptions(value, who, thread) {
  const words = wordsOf(value);
  if (value === atStart.NODE_OPTIONS && (!thread || words === undefined)) return value;
  let bad = words === undefined ? value : undefined;
  let read;
  if (bad === undefined) {
    read = readOptions(words, 0, (word) => { bad = word; }, true);
    if (bad === undefined && read.at < words.length) bad = words[read.at];
    if (bad === undefined && words.length > 0 && words[read.at - 1] === '--') bad = '--';
  }
  if (bad === undefined) return lineOf(thread ? read.threads : read.options);
  if (value === atStart.NODE_OPTIONS) return value;
  refuseVariable('NODE_OPTIONS', who, 'would be started with ' + bad + ' in NODE_OPTIONS, which can run code before the guard', 'flag');
  return value;
}

function tellCacheIsOff() {
  record(enforcing ? 'denied' : 'reported', 'compile-cache', { __proto__: null }, 'the compile cache is off under the guard');
}

// settledFrom makes an environment of an object's. Node takes inherited names as well.
function settledFrom(object, who, thread) {
  const env = { __proto__: null };
  for (const name in object) {
    const value = object[name];
    if (value !== undefined) settleVariable(env, name, text(value), who, thread);
  }
  return settled(env);
}

// settledPairs makes one of a list of NAME=value. What has no name is left out.
function settledPairs(pairs, who) {
  const env = { __proto__: null };
  for (let i = 0; i < pairs.length; i++) {
    const at = indexOf(pairs[i], '=');
    if (at > 0) settleVariable(env, slice(pairs[i], 0, at), slice(pairs[i], at + 1), who, false);
  }
  return settled(env);
}

// pairsOf is an environment as a list.
function pairsOf(env) {
  const pairs = [];
  const names = ownKeys(env);
  for (let i = 0; i < names.length; i++) append(pairs, names[i] + '=' + env[names[i]]);
  return pairs;
}
