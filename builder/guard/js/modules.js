
// CommonJS: every text that Node compiles as a module passes Module.prototype._compile,
// whoever calls it and whatever extension, loader or cache brought it there.

const compile = Module.prototype._compile;
const wrap = Module.wrap;
const wrapper = Module.wrapper;
const opening = wrapper[0];
const closing = wrapper[1];

// formats names what Node calls the formats of _compile.
const formats = freeze({ __proto__: null, commonjs: 'cjs', module: 'esm' });

function guardedCompile(content, filename, format) {
  if (typeof content !== 'string' || typeof filename !== 'string') {
    throw new NodeTypeError('nbuild guard: _compile takes a text and a file name');
  }
  // A changed wrapper would be code around every module.
  if (Module.wrap !== wrap || Module.wrapper !== wrapper || partOf(0) !== opening || partOf(1) !== closing) {
    refuse('wrapper', filename, 'would be compiled in a wrapper that was changed', { __proto__: null, path: filename }, 'closed');
  }
  const known = format === undefined || format === null || formats[format] !== undefined;
  if (!known) {
    refuse('format', filename, 'would be compiled as ' + text(format), { __proto__: null, path: filename }, 'format');
  }
  const entry = check(filename, known && format ? formats[format] : 'script', content);
  if (entry !== undefined && bounding && evaluators[filename] === entry.sha256 && entry.format === 'cjs') {
    content = withPowers(content, filename);
  }
  if (instrumented && entry !== undefined && instrumenters[filename] === entry.sha256 && entry.format === 'cjs' && entry.made !== true) content = withView(content);
  // Node 20 asks no hook for what a required module imports, so it imports nothing.
  if (registerHooks === undefined && entry !== undefined && entry.format === 'esm' && matches(/\b(?:import|from)\b/, content) !== null) {
    refuse('esm', filename, 'imports modules and was loaded by require, which Node 20 does where no list can hold', { __proto__: null, path: filename }, 'required');
  }
  compiled = true;
  if (entry !== undefined && (format === 'module' || entry.format === 'esm') && !mayImport(filename, entry, content) && linksAtOnce(this)) {
    return whileLinking(() => apply(compile, this, [content, filename, format]));
  }
  if (entry === undefined || entry.format === 'esm' || format === 'module' || mayImport(filename, entry, content)) {
    if (registerHooks === undefined && entry !== undefined && entry.format === 'cjs' && !importsHeld) content = deferred(content, filename);
    else keepImports();
  } else {
    releaseImports();
  }
  return apply(compile, this, [content, filename, format]);
}

// partOf reads a part of the wrapper, which is a value and not what a getter says.
function partOf(i) {
  const part = getOwnPropertyDescriptor(wrapper, i);
  return part === undefined ? undefined : part.value;
}

// linksAtOnce tells whether a module is linked before _compile returns. The program's own
// is not: Node starts to import it, and what it imports comes later.
let mainMark;
function linksAtOnce(self) {
  if (mainMark === undefined || isProxy(self)) return false;
  const mark = getOwnPropertyDescriptor(self, mainMark);
  if (mark === undefined || mark.value !== false) return false;
  // Node reads it again, and what it reads must not have become another.
  defineProperty(self, mainMark, { __proto__: null, value: false, writable: false, configurable: false });
  return true;
}

// compiled tells that code other than the guard's was compiled.
let compiled = false;

// JSON is read here, once, so that what is parsed is what was hashed.
function guardedJSON(module, filename) {
  const content = readFileSync(filename, asText);
  check(text(filename), 'json', content);
  let value;
  try {
    value = parseJSON(withoutMark(content));
  } catch (error) {
    error.message = filename + ': ' + error.message;
    throw error;
  }
  defineProperty(module, 'exports', { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}

// foundPath answers what a request means from what is known, and else as Node does. It
// decides nothing: whatever file it names is held to the list when it is loaded.
const findPath = Module._findPath;

function foundPath(request, paths, isMain) {
  if (isArray(paths) && typeof request === 'string') {
    const first = paths[0];
    if (typeof first === 'string' && hasOwn(meanings, first)) {
      const names = meanings[first];
      if (hasOwn(names, request)) return entries[names[request]].path;
    }
  }
  return apply(findPath, Module, [request, paths, isMain]);
}

function guardModules() {
  if (meanings !== undefined) Module._findPath = foundPath;
  lend(Module.prototype, '_compile', guardedCompile);
  lend(Module._extensions, '.json', guardedJSON);
  hold(Module, '_extensions', Module._extensions);
  if (Module.enableCompileCache) {
    // Bytecode in a cache is not what was hashed, so there is none. The answer is
    // the one that Node gives where it is disabled.
    const status = Module.constants && Module.constants.compileCacheStatus;
    hold(Module, 'enableCompileCache', function enableCompileCache() {
      record(enforcing ? 'denied' : 'reported', 'compile-cache', { __proto__: null }, 'the compile cache is off under the guard');
      return { status: status ? status.DISABLED : 3 };
    });
  }
}
