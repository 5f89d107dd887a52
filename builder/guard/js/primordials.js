
// What the guard uses of the language and of Node, taken before any other code
// ran. Below this section no method is called on a value that other code may have
// patched: functions are called through these names, records have no prototype,
// and nothing is iterated by a protocol that can be replaced.

const { apply, construct, defineProperty, getPrototypeOf, ownKeys } = Reflect;
const { create, freeze, getOwnPropertySymbols, setPrototypeOf } = Object;
const { parse: parseJSON, stringify: stringifyJSON } = JSON;
const { isArray } = Array;
const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
const { isView } = ArrayBuffer;
const ObjectPrototype = Object.prototype;

// A descriptor says what it has itself. As the language makes it, it would answer for the
// rest by what a program put on the prototype of all objects.
const { getOwnPropertyDescriptor: descriptorOf } = Object;
function getOwnPropertyDescriptor(object, name) {
  const found = descriptorOf(object, name);
  return found === undefined ? undefined : setPrototypeOf(found, null);
}

const NodeError = Error;
const NodeEvalError = EvalError;
const NodeTypeError = TypeError;
const NodeProxy = Proxy;
const NodePromise = Promise;
const Bytes = Uint8Array;
const text = String;

const uncurry = Function.prototype.bind.bind(Function.prototype.call);
const charCode = uncurry(String.prototype.charCodeAt);
const indexOf = uncurry(String.prototype.indexOf);
const lastIndexOf = uncurry(String.prototype.lastIndexOf);
const slice = uncurry(String.prototype.slice);
const lowerCase = uncurry(String.prototype.toLowerCase);
const hexOf = uncurry(Number.prototype.toString);
const matches = uncurry(RegExp.prototype.exec);
const hasOwn = uncurry(Object.prototype.hasOwnProperty);
const BufferPrototype = Buffer.prototype;
const utf8 = uncurry(BufferPrototype.utf8Slice);
const base64 = uncurry(BufferPrototype.base64Slice);
const typed = getPrototypeOf(Uint8Array.prototype);
const bufferOf = uncurry(getOwnPropertyDescriptor(typed, 'buffer').get);
const offsetOf = uncurry(getOwnPropertyDescriptor(typed, 'byteOffset').get);
const lengthOf = uncurry(getOwnPropertyDescriptor(typed, 'byteLength').get);
const setBytes = uncurry(typed.set);
const isTyped = uncurry(getOwnPropertyDescriptor(typed, Symbol.toStringTag).get);
const dataBufferOf = uncurry(getOwnPropertyDescriptor(DataView.prototype, 'buffer').get);
const dataOffsetOf = uncurry(getOwnPropertyDescriptor(DataView.prototype, 'byteOffset').get);
const dataLengthOf = uncurry(getOwnPropertyDescriptor(DataView.prototype, 'byteLength').get);
const addToSet = uncurry(WeakSet.prototype.add);
const inSet = uncurry(WeakSet.prototype.has);
const rejected = Promise.reject.bind(Promise);

const Module = require('module');
const fs = require('fs');
const url = require('url');
const path = require('path');
const { isProxy } = require('util').types;
const { openSync, readSync, fstatSync, closeSync, readFileSync, writeSync, statSync, existsSync, constants: fsConstants, accessSync } = fs;
// The native one asks the system; the other goes through functions that can be replaced.
const realpath = fs.realpathSync.native;
const pathOfURL = uncurry(getOwnPropertyDescriptor(url.URL.prototype, 'pathname').get);
const { URL: NodeURL } = url;
const isURL = (value) => {
  try {
    pathOfURL(value);
    return true;
  } catch {
    return false;
  }
};
const addressOf = uncurry(getOwnPropertyDescriptor(NodeURL.prototype, 'href').get);
const hostOf = uncurry(getOwnPropertyDescriptor(NodeURL.prototype, 'hostname').get);
const decoded = decodeURIComponent;

// pathOf is the path of a file's address. Node's own function asks getters that a program
// can put others in the place of.
function pathOf(address) {
  const parsed = new NodeURL(address);
  const escaped = pathOfURL(parsed);
  if (hostOf(parsed) !== '' || matches(/%2f/i, escaped) !== null) throw new NodeTypeError('nbuild guard: ' + plain(address) + ' is the address of no file');
  return decoded(escaped);
}
const { resolve: resolvePath, dirname, basename } = path;
const { reallyExit, execPath, pid } = process;
const emitter = process;
const onProcess = process.on;

// hash returns the SHA-256 of a text (as UTF-8) or of bytes, in hex. The one-shot
// function calls no method that a program can reach and replace.
const { hash: oneShot, randomUUID } = require('crypto');
const hash = (content) => oneShot('sha256', content, 'hex');

// readBytes reads a file through functions that call nothing of fs that a program
// could have replaced, as readFileSync does for bytes. It is bounded.
function readBytes(file) {
  const fd = openSync(file, readable);
  try {
    return readAll(fd);
  } finally {
    closeSync(fd);
  }
}

// room is a buffer that says its size itself. Node asks for it while it reads, and the
// language's own getter, which a program can replace, would be shown the buffer.
function room(size) {
  const bytes = new Bytes(size);
  defineProperty(bytes, 'byteLength', { __proto__: null, value: size });
  return bytes;
}

// readable opens a file without waiting for whoever writes a pipe.
const readable = fsConstants.O_RDONLY | fsConstants.O_NONBLOCK;

// readAll reads a file from its beginning, by position: what has none, as pipes and
// sockets, gives other bytes to each who reads, and can't be read here.
function readAll(fd) {
  const most = 0x10000000;
  if (fstatSync(fd).size > most) throw new NodeError('too large to be hashed');
  let bytes = room(65536);
  let have = 0;
  for (;;) {
    if (have === lengthOf(bytes)) {
      if (have >= most) throw new NodeError('too large to be hashed');
      const more = room(2 * have);
      setBytes(more, bytes);
      bytes = more;
    }
    const n = readSync(fd, bytes, have, lengthOf(bytes) - have, have);
    if (n === 0) return new Bytes(bufferOf(bytes), 0, have);
    have += n;
  }
}

// asText has readFileSync give a text. It makes an object of a word, which would take
// what every object inherits.
const asText = freeze({ __proto__: null, encoding: 'utf8', flag: 'r' });

// builtin returns one of Node's own modules. The guard's require goes through functions
// that a program can replace, so it is not used once a program runs.
const { getBuiltinModule } = process;
const loadModule = Module._load;
const { syncBuiltinESMExports } = Module;
const builtin = (id) => (getBuiltinModule ? getBuiltinModule(id) : apply(loadModule, Module, ['node:' + id, undefined, false]));

// realOrAbsent is where a path leads, undefined where the system finds nothing there. Any
// other failure, such as the end of the stack, tells nothing of the path.
function realOrAbsent(file) {
  try {
    return text(realpath(file));
  } catch (error) {
    if (!isObject(error) || !hasOwn(error, 'errno')) throw error;
    return undefined;
  }
}

// starts and ends tell how a text begins and ends.
const starts = (s, prefix) => slice(s, 0, prefix.length) === prefix;
const ends = (s, suffix) => s.length >= suffix.length && slice(s, s.length - suffix.length) === suffix;

// hold puts a value where no later code can put another. What tries is refused by name,
// in sloppy code too, where Node itself would say nothing. An object that inherits the
// value may have one of its own.
const holders = new WeakSet();
function hold(object, name, value) {
  const old = getOwnPropertyDescriptor(object, name);
  if (old !== undefined && !old.configurable) {
    if (old.writable) defineProperty(object, name, { __proto__: null, value, writable: false });
    else if (old.value !== value && !inSet(holders, old.get || holders)) throw new NodeTypeError('nbuild guard: ' + text(name) + ' was made fast before the guard stood there');
    return;
  }
  if (name === 'constructor') {
    // Programs give functions one of their own by assigning it, and Node reads the
    // descriptor to say what an object is. What stood there before is gone either way.
    lend(object, name, value);
    return;
  }
  const get = () => value;
  // What reads descriptors takes such a getter for the value, by this convention of
  // libraries that look for the language's own functions.
  defineProperty(get, 'originalValue', { __proto__: null, value });
  addToSet(holders, get);
  defineProperty(object, name, {
    __proto__: null,
    get,
    set(other) {
      if (this !== object) own(this, name, other);
      else if (other !== value) refuseReplacing(name);
    },
    configurable: false,
    enumerable: old ? old.enumerable : false,
  });
}

function own(object, name, value) {
  const before = isObject(object) ? getOwnPropertyDescriptor(object, name) : undefined;
  const done = isObject(object) && defineProperty(object, name, before !== undefined
    ? { __proto__: null, value } : { __proto__: null, value, writable: true, enumerable: true, configurable: true });
  if (!done) throw new NodeTypeError("Cannot assign to read only property '" + text(name) + "'");
}

// lend puts a value where later code may put another around it, as instrumentation
// does. What stood there before is the guard's alone, so whatever is put in its place
// can only ask the guard.
function lend(object, name, value) {
  const old = getOwnPropertyDescriptor(object, name);
  defineProperty(object, name, {
    __proto__: null, value, writable: true, configurable: true, enumerable: old ? old.enumerable : false,
  });
}

// bytesOf copies the bytes of any view or buffer, so that what is hashed can't be
// changed before it is used. It returns undefined for anything else.
function bytesOf(value) {
  let buffer; let offset = 0; let length;
  if (isView(value)) {
    if (isTyped(value) !== undefined) {
      buffer = bufferOf(value); offset = offsetOf(value); length = lengthOf(value);
    } else {
      buffer = dataBufferOf(value); offset = dataOffsetOf(value); length = dataLengthOf(value);
    }
  } else {
    buffer = value;
  }
  try {
    const seen = length === undefined ? new Bytes(buffer) : new Bytes(buffer, offset, length);
    if (bufferOf(seen) !== buffer) return undefined;
    const copy = new Bytes(lengthOf(seen));
    setBytes(copy, seen);
    return copy;
  } catch {
    return undefined;
  }
}

// withoutMark removes a byte order mark, as Node does before it compiles.
const withoutMark = (s) => (charCode(s, 0) === 0xfeff ? slice(s, 1) : s);
