
// Bounded eval. The process runs with --disallow-code-generation-from-strings, so
// V8 itself refuses eval and every constructor of functions. What is compiled here
// instead goes through vm.Script, which that flag does not touch: strings of
// approved modules, and strings whose hash is on the list.
//
// An approved module gets its own `eval` and `Function` as names in its scope, and
// a view of the global object that has them. They are capabilities: no other module
// holds them, so none can have an approved one call them on its behalf, as it could
// if the guard looked at who is calling.

const vm = require('vm');
const { Script } = vm;
const runInThisContext = uncurry(Script.prototype.runInThisContext);
const dynamicImport = vm.constants && vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const heads = freeze({
  __proto__: null,
  Function: 'function',
  AsyncFunction: 'async function',
  GeneratorFunction: 'function*',
  AsyncGeneratorFunction: 'async function*',
});
const intrinsics = freeze({
  __proto__: null,
  Function,
  AsyncFunction: (async () => {}).constructor,
  GeneratorFunction: (function* () {}).constructor,
  AsyncGeneratorFunction: (async function* () {}).constructor,
});

function run(code, filename) {
  const options = { __proto__: null, filename };
  if (dynamicImport !== undefined) options.importModuleDynamically = dynamicImport;
  beforeCompile(code);
  return runInThisContext(new Script(code, options));
}

// assemble writes the text that a function constructor compiles (ECMA-262
// §20.2.1.1.1); its hash is what the list approves.
function assemble(kind, args) {
  let parameters = '';
  const last = args.length - 1;
  for (let i = 0; i < last; i++) parameters += (i > 0 ? ',' : '') + text(args[i]);
  return heads[kind] + ' anonymous(' + parameters + '\n) {\n' + (last < 0 ? '' : text(args[last])) + '\n}';
}

// compileFunction compiles such a text. It must be one function whichever way it
// is read, so that a body can't close it and go on beside it.
function compileFunction(code, filename) {
  // eslint-disable-next-line no-new
  new Script(code, { __proto__: null, filename });
  return run('(' + code + ')', filename);
}

// evaluate runs a text as an indirect eval would; a block keeps its declarations
// to itself.
function evaluate(code, filename) {
  if (matches(/\b(?:let|const|class)\b/, code) === null) return run(code, filename);
  const strict = matches(/^\s*(?:"use strict"|'use strict')/, code) !== null;
  return run((strict ? '"use strict";{' : '{') + code + '\n}', filename);
}

// constructorFor returns a stand-in for one of the function constructors.
function constructorFor(kind, onCode) {
  const original = intrinsics[kind];
  const standIn = { [kind]: function (...args) {
    return onCode(kind, args, new.target);
  } }[kind];
  defineProperty(standIn, 'length', { __proto__: null, value: 1, configurable: true });
  defineProperty(standIn, 'prototype', { __proto__: null, value: original.prototype, writable: false });
  return standIn;
}

function adopt(fn, target, kind) {
  if (target !== undefined && target.prototype !== intrinsics[kind].prototype) {
    Object.setPrototypeOf(fn, target.prototype);
  }
  return fn;
}

// powersOf makes the capabilities of one approved module.
function powersOf(file) {
  const filename = file + ' (evaluated)';
  const power = { __proto__: null };
  const build = (kind, args, target) => {
    const code = assemble(kind, args);
    // The usual way to the constructor of async functions leads to ours.
    const asked = matches(/^function anonymous\(\n\) \{\nreturn \(?async function ?\(\) ?\{ ?\}\)?\.constructor;?\n\}$/, code);
    if (asked !== null) return () => power.AsyncFunction;
    return adopt(compileFunction(code, filename), target, kind);
  };
  power.Function = constructorFor('Function', build);
  power.AsyncFunction = constructorFor('AsyncFunction', build);
  power.eval = { eval: (code) => (typeof code === 'string' ? evaluate(code, filename) : code) }.eval;
  power.global = new NodeProxy(globalThis, {
    __proto__: null,
    get(target, key) {
      if (key === 'Function') return power.Function;
      if (key === 'eval') return power.eval;
      if (key === 'global' || key === 'globalThis') return power.global;
      return target[key];
    },
  });
  return power;
}

const slot = 'nbuild:powers';

// A module asks for its powers by a word that is used once. It asks what all functions
// inherit, which no program can put another in the place of, as it could with a global
// name or a property of a module. The word is no secret: it stands in a text that is in
// memory, and a program can read that. So it is answered at the place where the guard
// wrote it and nowhere else, and whoever asks elsewhere has used it up.
const pending = create(null);

// asked is a text that asks for a value between two others.
function asked(value, before, after) {
  const word = randomUUID();
  const head = before + '(()=>{})["' + slot + '"]("' + word + '")';
  const content = head + after;
  pending[word] = { __proto__: null, value, end: head.length, sha256: hash(withoutZeros(content)) };
  return content;
}

// withoutZeros is a text as V8 hashes it.
function withoutZeros(content) {
  for (let at = indexOf(content, '\0'); at >= 0; at = indexOf(content, '\0', at)) content = slice(content, 0, at) + ' ' + slice(content, at + 1);
  return content;
}

function redeem(word) {
  const held = typeof word === 'string' ? pending[word] : undefined;
  if (held === undefined) return undefined;
  delete pending[word];
  const frame = asker();
  try {
    return hashOfScript(frame) === held.sha256 && positionOf(frame) < held.end ? held.value : undefined;
  } catch {
    return undefined; // it is no frame
  }
}

// asker is the frame that called what called this. The engine makes it, and its methods
// take nothing else: a program that puts its own in the place can only have kept one from
// before, and there was none at the word's place.
const { scriptHash: hashOfScript, position: positionOf } = frameMethods();

function asker() {
  let found;
  framesOf(3, (frames) => { found = getOwnPropertyDescriptor(frames, 2); });
  return found === undefined ? undefined : found.value;
}

function frameMethods() {
  let methods;
  framesOf(1, (frames) => { methods = getPrototypeOf(frames[0]); });
  return { __proto__: null, scriptHash: uncurry(methods.getScriptHash), position: uncurry(methods.getPosition) };
}

// framesOf hands over the frames from its caller's on, as far as the program lets it.
function framesOf(most, take) {
  const { prepareStackTrace, stackTraceLimit } = NodeError;
  try {
    NodeError.prepareStackTrace = (_, frames) => frames;
    NodeError.stackTraceLimit = most + 1;
    const frames = new NodeError().stack;
    const own = [];
    for (let i = 1; i < frames.length; i++) append(own, frames[i]);
    take(own);
  } catch { /* none, then */ } finally {
    NodeError.prepareStackTrace = prepareStackTrace;
    NodeError.stackTraceLimit = stackTraceLimit;
  }
}

// withPowers makes a module's text one that has its powers in scope. The text is the
// body of a function within a function, so that "use strict" stays its own.
function withPowers(content, filename) {
  const power = powersOf(filename);
  if (starts(content, '#!')) content = '//' + content;
  return asked((outer, self, args) => apply(outer(power.Function, power.eval, power.global, power.global), self, args),
    'return ', '(function(Function,eval,global,globalThis){return function(){' + content + '\n}},this,arguments)');
}

// `eval` can't be given another meaning in strict code, so an ECMAScript module gets
// its Function alone.
function withModulePowers(content) {
  return asked(powersOf('module').Function, 'const Function=', ';' + content);
}

// caller names the file of the nearest frame that is not the guard's or Node's. It
// is for people to read; no decision rests on it.
function caller() {
  let found;
  framesOf(20, (frames) => {
    for (let i = 0; i < frames.length && found === undefined; i++) {
      const name = frames[i].getFileName();
      if (typeof name === 'string' && name !== __filename && !starts(name, 'node:')) found = starts(name, 'file:') ? pathOf(name) : name;
    }
  });
  return found;
}

// refuseString refuses a string that would become code.
function refuseString(way, code) {
  const module = caller();
  refuse('eval', module || 'A program', 'turns a string into code with ' + way + ', which is bounded to approved modules (sha256 of the string: ' + hash(code) + ')',
    { __proto__: null, path: undefined, sha256: hash(code), module }, 'eval', bounding, NodeEvalError);
}

function guardEval() {
  if (!bounding && instrumented) { // approved modules ask for what is theirs
    hold(Function.prototype, slot, redeem);
  }
  if (config.eval === 'report') {
    watchEval();
    return;
  }
  if (!bounding) return;
  if (generationAllowed()) stop('Node was started without --disallow-code-generation-from-strings, so eval can\'t be bounded');
  const build = (kind, args, target) => {
    const code = assemble(kind, args);
    if (generated[hash(code)] !== true) refuseString(kind, code);
    return adopt(compileFunction(code, 'generated code'), target, kind);
  };
  const kinds = ownKeys(intrinsics);
  for (let i = 0; i < kinds.length; i++) {
    const standIn = constructorFor(kinds[i], build);
    const original = intrinsics[kinds[i]];
    Object.setPrototypeOf(standIn, getPrototypeOf(original) === original.prototype ? original.prototype : getPrototypeOf(original));
    hold(original.prototype, 'constructor', standIn);
    if (kinds[i] === 'Function') hold(original.prototype, slot, redeem);
    if (kinds[i] === 'Function') {
      defineProperty(globalThis, 'Function', { __proto__: null, value: standIn, writable: true, configurable: true });
    }
  }
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] !== 'Function') Object.setPrototypeOf(intrinsics[kinds[i]].prototype.constructor, globalThis.Function);
  }
  const standIn = { eval: (code) => {
    if (typeof code !== 'string') return code;
    if (generated[hash(code)] !== true) refuseString('eval', code);
    return evaluate(code, 'generated code');
  } }.eval;
  defineProperty(globalThis, 'eval', { __proto__: null, value: standIn, writable: true, configurable: true });
}

function generationAllowed() {
  try {
    (0, eval)('0');
    return true;
  } catch {
    return false;
  }
}

// watchEval tells of each string that became code, in report mode. The engine's
// own debugger sees all of them, direct eval included, and says who asked.
function watchEval() {
  let inspector;
  try {
    inspector = require('inspector');
  } catch {
    return; // a Node without an inspector
  }
  const session = new inspector.Session();
  session.connect();
  let live = false;
  session.on('Debugger.scriptParsed', ({ params }) => {
    if (!live || (params.url !== '' && !params.hasSourceURL)) return;
    session.post('Debugger.getScriptSource', { __proto__: null, scriptId: params.scriptId }, (error, answer) => {
      if (error) return;
      let code = answer.scriptSource;
      if (starts(code, '(function anonymous(') || starts(code, '(async function anonymous(')) code = slice(code, 1, code.length - 1);
      const frames = params.stackTrace ? params.stackTrace.callFrames : [];
      let module;
      for (let i = 0; i < frames.length && module === undefined; i++) {
        const from = frames[i].url;
        if (from !== '' && !starts(from, 'node:') && from !== __filename) module = starts(from, 'file:') ? pathOf(from) : from;
      }
      const entry = module === undefined ? undefined : sources[module];
      if (entry !== undefined && evaluators[module] === entry.sha256) return;
      const sha256 = hash(code);
      if (generated[sha256] === true) return;
      const facts = { __proto__: null, path: undefined, sha256, module, listed: entry && entry.sha256 };
      record('reported', 'eval', facts, 'a string became code; approve the module in an evaluator block, or the string by its sha256', allowOf('eval', facts));
    });
  });
  session.post('Debugger.enable');
  live = true;
}
