
// The guard's own folder holds its settings, guard.json, the production source list,
// sources.json (nbuild.sources/v1), and in enforce what requests mean, meanings.json
// (nbuild.meanings/v1). Each is read once in a process, here, before any other code runs.

const home = __dirname;

// texts holds the guard's files as this process found them, and written their hashes.
// Threads are handed the texts. A process that is started reads the files again, which
// checkIntact refuses once they changed.
const texts = create(null);
const written = create(null);
const config = settings();
const enforcing = config.mode === 'enforce';
const bounding = config.eval === 'enforce';

// sources maps a path to its entry; the keys are real paths inside the image.
const sources = create(null);
// evaluators maps the path of a module that may turn strings into code to its hash.
const evaluators = create(null);
// instrumenters maps the path of a module that may rewrite what loads to its hash.
const instrumenters = create(null);
let instrumented = false; // there is any
// generated holds the hashes of code strings that any module may compile.
const generated = create(null);
// binaries holds the hashes of listed WebAssembly modules, by hash.
const binaries = create(null);
// importers holds the listed files that have an import() in them, by path, as nbuild
// read them when it made the list; undefined where it did not say.
const importers = config.imports === undefined ? undefined : create(null);
// meanings holds what requests mean, by the first folder that Node looks in and then by
// request, as places in entries; undefined where that is not known for this Node.
let entries;
let meanings;
readList();
if (enforcing && hasFile('meanings.json')) readMeanings();

function hasFile(name) {
  return handed === undefined ? existsSync(home + '/' + name) : hasOwn(handed.texts, name);
}

function ownFile(name) {
  texts[name] = handed === undefined ? readFileSync(home + '/' + name, 'utf8') : handed.texts[name];
  written[name] = handed === undefined ? hash(texts[name]) : handed.written[name];
  return texts[name];
}

function checkIntact() {
  const names = ownKeys(written);
  for (let i = 0; i < names.length; i++) {
    const file = home + '/' + names[i];
    let got = 'absent';
    try { got = hash(readBytes(file)); } catch { /* the reason says that it is gone */ }
    if (got !== written[names[i]]) {
      refuse('changed', file, 'changed while the process ran, so nothing that reads it is started',
        { __proto__: null, path: file, sha256: got, listed: written[names[i]] }, 'changed');
    }
  }
}

function settings() {
  ownFile('guard.cjs');
  const c = parseJSON(ownFile('guard.json'));
  if (c.schema !== 'nbuild.guard-config/v1') stop('guard.json is not of nbuild.guard-config/v1');
  return freeze({
    __proto__: null,
    mode: c.mode,
    eval: c.eval,
    console: c.console,
    children: freeze(c.children || []),
    flags: freeze(c.flags || []),
    environment: freeze(c.environment || []),
    libraries: freeze(c.libraries || {}),
    imports: c.imports === undefined ? undefined : freeze(c.imports),
  });
}

function readList() {
  const list = parseJSON(ownFile('sources.json'));
  if (list.schema !== 'nbuild.sources/v1') stop('sources.json is not of nbuild.sources/v1');
  entries = list.entries;
  const approved = list.evaluators || [];
  const strings = list.generated || [];
  for (let i = 0; i < entries.length; i++) {
    const e = entries[i];
    sources[e.path] = e;
    if (e.format === 'wasm') binaries[e.sha256] = e;
  }
  for (let i = 0; i < approved.length; i++) evaluators[approved[i].path] = approved[i].sha256;
  const rewriting = list.instrumenters || [];
  instrumented = rewriting.length > 0;
  for (let i = 0; i < rewriting.length; i++) instrumenters[rewriting[i].path] = rewriting[i].sha256;
  for (let i = 0; i < strings.length; i++) generated[strings[i].sha256] = true;
  if (importers !== undefined) for (let i = 0; i < config.imports.length; i++) importers[config.imports[i]] = true;
}

// readMeanings takes them where this is the Node that they are for, and no flag makes
// it look for other files.
function readMeanings() {
  const said = parseJSON(ownFile('meanings.json'));
  if (said.schema !== 'nbuild.meanings/v1') stop('meanings.json is not of nbuild.meanings/v1');
  if ('v' + said.node !== process.version) return;
  for (let i = 0; i < process.execArgv.length; i++) {
    const flag = process.execArgv[i];
    let ours = false;
    for (let j = 0; j < config.flags.length; j++) ours = ours || config.flags[j] === flag;
    if (!ours && matches(/^(?:-C|--(?:conditions|preserve|(?:no-)?experimental))/, flag) !== null) return;
  }
  const options = process.env.NODE_OPTIONS;
  if (options !== undefined && matches(/-C|--(?:conditions|preserve|(?:no-)?experimental)/, options) !== null) return;
  meanings = said.names;
}

// stop ends a process that can't be guarded: a guard that starts anyway would be
// a lie.
function stop(why) {
  const said = starts(why, 'nbuild guard: ') ? why : 'nbuild guard: ' + why;
  try { writeSync(2, plain(said) + '\n'); } catch { /* stderr is gone */ }
  reallyExit(1);
}
