
// Instrumentation that is approved. An instrumenter rewrites what other modules are
// made of as they load. Its approval is a capability, as an evaluator's is: it gets a
// view of node:module of its own, whose _compile and registerHooks vouch for the texts
// that it hands on. Nothing is asked about who is calling. A text is vouched for by its
// path, its format and its hash, for a file that is on the list and as it was signed, so
// what was changed on disk is refused whoever rewrites it.

const vouched = create(null);
const vouchedKey = (file, format, sha256) => file + '\n' + (format === 'cjs' ? 'script' : format) + '\n' + sha256;

// signed tells whether a file has the bytes that the list has.
function signed(file) {
  const entry = sources[file];
  if (entry === undefined) {
    // What stands for one of Node's own modules has an address below the root.
    return file.length > 6 && starts(file, '/node:') && isBuiltin(slice(file, 1));
  }
  try { return hash(readBytes(file)) === entry.sha256; } catch { return false; }
}

const { isBuiltin } = Module;

// vouch takes a text that an approved instrumenter made for a file.
function vouch(file, format, content) {
  const entry = sources[file];
  const sha256 = hash(content);
  if (entry !== undefined && entry.sha256 === sha256) return;
  const key = vouchedKey(file, format, sha256);
  if (vouched[key] !== true && signed(file)) vouched[key] = true;
}

// isVouched returns what stands in for the entry of a text that was vouched for.
function isVouched(file, format, sha256) {
  if (vouched[vouchedKey(file, format, sha256)] !== true) return undefined;
  const entry = sources[file];
  if (entry === undefined) return { __proto__: null, path: file, sha256, format, made: true };
  return { __proto__: null, path: file, sha256: entry.sha256, format: format === 'script' ? entry.format : format, package: entry.package, made: true };
}

// holdInput refuses to show an instrumenter a text that is not the signed one: what it
// made of that would be vouched for.
function holdInput(file, format, content) {
  const entry = sources[file];
  if (entry === undefined) return; // it is refused when it is compiled
  const got = hash(content);
  if (got === entry.sha256 || isVouched(file, format, got) !== undefined || isTextOf(file, content, entry.sha256)) return;
  refuseText(file, content, got, entry);
}

let viewed;
function viewOfModule() {
  if (viewed !== undefined) return viewed;
  let known; let handedOut;
  const prototype = new NodeProxy(Module.prototype, {
    __proto__: null,
    get(target, key) {
      const current = target[key];
      if (key !== '_compile' || typeof current !== 'function') return current;
      if (current !== known) {
        known = current;
        handedOut = function (...args) {
          const content = args[0];
          const filename = args[1];
          if (typeof content === 'string' && typeof filename === 'string') vouch(filename, formatOf(args[2]), content);
          return apply(current, this, args);
        };
      }
      return handedOut;
    },
    set(target, key, value) {
      if (key !== '_compile' || typeof value !== 'function' || value === handedOut) {
        target[key] = value === handedOut && key === '_compile' ? known : value;
        return true;
      }
      target[key] = function (...args) {
        // What is neither could be another text each time that it is asked.
        if (typeof args[0] !== 'string' || typeof args[1] !== 'string') throw new NodeTypeError('nbuild guard: _compile takes a text and a file name');
        holdInput(args[1], formatOf(args[2]), args[0]);
        return apply(value, this, args);
      };
      return true;
    },
  });
  const own = {
    __proto__: null,
    prototype,
    registerHooks: registerHooks === undefined ? undefined : instrumentingHooks,
    register: register === undefined ? undefined : registerNothing,
  };
  viewed = new NodeProxy(Module, {
    __proto__: null,
    get(target, key) {
      if (key === 'Module' || key === 'default') return target[key] === Module ? viewed : target[key];
      return own[key] !== undefined ? own[key] : target[key];
    },
  });
  return viewed;
}

const formatOf = (format) => (format === undefined || format === null || formats[format] === undefined ? 'script' : formats[format]);

// instrumentingHooks registers the hooks of an approved instrumenter.
function instrumentingHooks(hooks) {
  const { resolve, load } = hooks;
  const before = rewriter;
  const registered = Module.registerHooks({ __proto__: null, resolve, load: typeof load !== 'function' ? load : vouching(load) });
  rewriter = before;
  return registered;
}

// vouching holds what a load hook of an approved instrumenter is shown, and vouches for
// what it answers.
function vouching(load) {
  return (address, context, next) => {
    const result = load(address, context, (...args) => {
      const from = typeof args[0] === 'string' ? args[0] : address;
      return shown(from, apply(next, undefined, args));
    });
    const content = result === null || typeof result !== 'object' ? undefined : textOf(result.source);
    if (content === undefined || !starts(address, 'file:')) return result;
    const { format } = result;
    vouch(pathOf(address), loadedFormat(format), content);
    return { __proto__: null, format, source: content, shortCircuit: true };
  };
}

// shown is what an instrumenter sees of what the hooks beneath it answered: a record of its
// own, with the very text that was held.
function shown(address, got) {
  if (got === null || typeof got !== 'object') return got;
  const { format, source } = got;
  const bytes = typeof source === 'string' || source === undefined || source === null ? undefined : bytesOf(source);
  const content = bytes === undefined ? source : utf8(bytes, 0, lengthOf(bytes));
  if (typeof content === 'string' && starts(address, 'file:')) holdInput(pathOf(address), loadedFormat(format), content);
  const record = create(ObjectPrototype);
  put(record, 'format', format);
  put(record, 'source', bytes === undefined ? source : setPrototypeOf(bytes, BufferPrototype));
  put(record, 'shortCircuit', true);
  return record;
}

const loadedFormat = (format) => (format === 'module' ? 'esm' : format === 'json' ? 'json' : 'script');

// textOf is a source as a text, undefined where there is none or it is of another kind.
function textOf(source) {
  if (typeof source === 'string') return source;
  const bytes = source === undefined || source === null ? undefined : bytesOf(source);
  return bytes === undefined ? undefined : utf8(bytes, 0, lengthOf(bytes));
}

// registerNothing answers an approved instrumenter that would put hooks into a thread,
// which nothing holds there. What is required is instrumented all the same, so it is not
// thrown, and said.
function registerNothing(specifier) {
  record('denied', 'hooks', { __proto__: null, path: plain(slice(text(specifier), 0, 80)), module: caller() },
    'hooks in a thread are not held by the list and were not registered: what is required is instrumented, what is imported is not, unless module.registerHooks is used', only);
}

// instrumentingRequire is the require of an approved module.
function instrumentingRequire(original) {
  const require = function require(id) {
    return id === 'module' || id === 'node:module' ? viewOfModule() : apply(original, this, [id]);
  };
  const names = ownKeys(original);
  for (let i = 0; i < names.length; i++) {
    if (names[i] !== 'prototype' && names[i] !== 'length' && names[i] !== 'name') defineProperty(require, names[i], getOwnPropertyDescriptor(original, names[i]));
  }
  return require;
}

function withView(content) {
  if (starts(content, '#!')) content = '//' + content;
  return asked((outer, self, args) => apply(outer(instrumentingRequire(args[1])), self, args),
    'return ', '(function(require){return function(){' + content + '\n}},this,arguments)');
}

// An approved ECMAScript module that imports node:module gets the view from an address
// that only the guard's own hook leads to.
const viewAddress = 'nbuild:module';

function resolveHook(specifier, context, next) {
  if (starts(specifier, 'nbuild:')) throw new NodeTypeError('nbuild guard: ' + plain(specifier) + ' is the guard\'s own address');
  const { parentURL } = context;
  if ((specifier === 'module' || specifier === 'node:module') && typeof parentURL === 'string' && starts(parentURL, 'file:') &&
    !isRequire(context.conditions) && instrumenters[pathOf(parentURL)] !== undefined) {
    return { __proto__: null, url: viewAddress, format: 'module', shortCircuit: true };
  }
  const found = next(specifier, context);
  if (found === null || typeof found !== 'object') return found;
  const { url: address, format, importAttributes } = found; // once: they could answer otherwise
  if (typeof address === 'string' && starts(address, 'nbuild:')) throw new NodeTypeError('nbuild guard: ' + viewAddress + ' is the guard\'s own address');
  return { __proto__: null, url: address, format, importAttributes, shortCircuit: true };
}

// viewSource is the text of the view as a module.
function viewSource() {
  let names = '';
  const all = ownKeys(Module);
  for (let i = 0; i < all.length; i++) {
    if (typeof all[i] === 'string' && matches(/^[A-Za-z_$][\w$]*$/, all[i]) !== null && all[i] !== 'arguments' && all[i] !== 'caller' && all[i] !== 'default' && all[i] !== 'length' && all[i] !== 'name' && all[i] !== 'prototype') names += all[i] + ',';
  }
  return asked(viewOfModule(), 'const m=', ';export default m;export const {' + names + '}=m;');
}
