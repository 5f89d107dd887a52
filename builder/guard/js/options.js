
// Options of Node. They are read here as Node reads them, and written anew so that
// nothing rests on that: each value is in one argument with its option, and two dashes
// end them. If Node took for its value what the guard took for the program, it would
// find those dashes in the value's place and stop.

const major = parseInt(slice(process.version, 1), 10);
const shorts = freeze({ __proto__: null, '-C': '--conditions', '-h': '--help', '-r': '--require', '-v': '--version' });
let optionTable;

// optionOf returns how an argument is written that may be given: the option, and
// whether its value is the next argument. It returns undefined for any other.
function optionOf(argument) {
  const at = starts(argument, '--') ? indexOf(argument, '=') : -1;
  let spelled = at < 0 ? argument : slice(argument, 0, at);
  if (at < 0 && shorts[spelled] !== undefined) spelled = shorts[spelled];
  if (!starts(spelled, '--')) return undefined;
  let name = '';
  for (let i = 2; i < spelled.length; i++) name += spelled[i] === '_' ? '-' : spelled[i];
  if (optionTable === undefined) optionTable = optionRows();
  const negated = starts(name, 'no-');
  const row = optionTable[negated ? slice(name, 3) : name];
  if (row === undefined || major < row[4] || (major > row[5] && row[5] < newestNode)) return undefined;
  const value = row[0] === VALUE || row[0] === ENGINE_VALUE;
  // On a smaller stack than Node's own, the guard's start could end in the middle.
  if (name === 'stack-size' && !(+slice(argument, at + 1) >= 984)) return undefined;
  if ((negated && !row[1]) || (at >= 0 && !value) || (at < 0 && row[0] === ENGINE_VALUE)) return undefined;
  return {
    __proto__: null,
    text: '--' + name + (at < 0 ? '' : slice(argument, at)),
    next: value && at < 0,
    thread: row[2],
    loads: row[3],
    only: name === 'help' || name === 'version', // Node prints, and runs nothing
  };
}

// readOptions reads options from a place in a list. What may not be given it hands to
// refused; if that returns, as in mode report, it reads no further. It returns the
// options as they are to be given, and the place behind them. What NODE_OPTIONS has Node
// load comes before the guard, so there nothing may.
function readOptions(list, from, refused, variable = false) {
  const read = { __proto__: null, options: [], threads: [], at: from, only: false, all: true };
  while (read.at < list.length) {
    const argument = list[read.at];
    if (argument === '--') {
      read.at++;
      break;
    }
    if (argument.length < 2 || charCode(argument, 0) !== 45 /* - */) break;
    const ours = oursAt(list, read.at);
    if (ours > 0) {
      read.at += ours;
      continue;
    }
    const option = narrows(argument) ? { __proto__: null, text: argument, next: false, thread: true, loads: false, only: false } : optionOf(argument);
    if (option === undefined || (option.loads && variable)) {
      refused(argument);
      read.all = false;
      break;
    }
    read.at++;
    if (option.next && read.at < list.length && charCode(list[read.at], 0) !== 45) {
      // Node takes a dash that follows a backslash for the value's own.
      option.text += '=' + (starts(list[read.at], '\\-') ? slice(list[read.at], 1) : list[read.at]);
      read.at++;
    }
    append(read.options, option.text);
    if (option.thread) append(read.threads, option.text);
    if (option.only) read.only = true;
  }
  return read;
}

// oursAt says how many arguments from a place on are the guard's own, which a parent
// may hand on.
function oursAt(list, at) {
  if (list[at] === '--require') return list[at + 1] === __filename ? 2 : 0;
  for (let i = 0; i < config.flags.length; i++) if (config.flags[i] === list[at]) return 1;
  return 0;
}

// narrows tells an option of Node's permission model in an image that does not set it:
// there it can only take something away from a child.
function narrows(argument) {
  for (let i = 0; i < config.flags.length; i++) if (starts(config.flags[i], '--allow-fs-read')) return false;
  return matches(/^--(?:permission|experimental-permission|allow-[a-z-]+(?:=.+)?)$/, argument) !== null;
}

// wordsOf splits the value of NODE_OPTIONS as Node does; undefined where Node finds a
// mistake in it.
function wordsOf(value) {
  const words = [];
  let word;
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    let c = value[i];
    if (c === '\\' && quoted) {
      i++;
      if (i === value.length) return undefined;
      c = value[i];
    } else if (c === ' ' && !quoted) {
      if (word !== undefined) append(words, word);
      word = undefined;
      continue;
    } else if (c === '"') {
      quoted = !quoted;
      continue;
    }
    word = word === undefined ? c : word + c;
  }
  if (word !== undefined) append(words, word);
  return quoted ? undefined : words;
}

// lineOf is the value of NODE_OPTIONS that wordsOf splits into a list of words.
function lineOf(words) {
  let line = '';
  for (let i = 0; i < words.length; i++) {
    if (i > 0) line += ' ';
    if (indexOf(words[i], ' ') < 0 && indexOf(words[i], '"') < 0) {
      line += words[i];
      continue;
    }
    line += '"';
    for (let j = 0; j < words[i].length; j++) line += (words[i][j] === '"' || words[i][j] === '\\' ? '\\' : '') + words[i][j];
    line += '"';
  }
  return line;
}

function strings(list) {
  const copy = [];
  if (!isArray(list)) return copy;
  for (let i = 0; i < list.length; i++) append(copy, text(list[i]));
  return copy;
}

function append(list, value) {
  defineProperty(list, list.length, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}

// put sets a property of an object's own, whatever stands on its prototypes.
function put(object, name, value) {
  defineProperty(object, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}
