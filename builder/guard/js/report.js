
// What the guard says: one JSON line an event on stderr, schema nbuild.guard/v1.
// The same event is printed once and counted; the counts are printed when the
// process ends.

const counts = create(null);
const keys = [];
const bound = 10000;

// plain makes a text safe to print: one line, no control characters, bounded.
function plain(s) {
  s = text(s);
  let out = '';
  for (let i = 0; i < s.length && i < 4096; i++) {
    const c = charCode(s, i);
    const hidden = c < 32 || (c >= 127 && c < 160) || (c >= 0x200b && c <= 0x200f) ||
      (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c === 0xfeff;
    out += hidden ? '\\u' + slice('0000' + hexOf(c, 16), -4) : s[i];
  }
  return out;
}

function line(event) {
  try {
    writeSync(2, stringifyJSON(event) + '\n');
  } catch { /* stderr is gone or full: the decision stands without its record */ }
}

function tell(event, kind, facts, why, allow, count) {
  line({
    __proto__: null, schema: 'nbuild.guard/v1', event, kind, pid,
    path: facts.path, sha256: facts.sha256, listed: facts.listed, module: facts.module,
    reason: why, allow, count,
  });
}

// record counts an event and prints it the first time. It stops remembering new
// ones at a bound, so that a program can't make it grow.
function record(event, kind, facts, why, allow = only) {
  const key = event + '\n' + kind + '\n' + facts.path + '\n' + facts.sha256 + '\n' + facts.module;
  const known = counts[key];
  if (known !== undefined) {
    known.count++;
    return;
  }
  if (keys.length >= bound) return;
  counts[key] = { __proto__: null, event, kind, facts, why, allow, count: 1 };
  defineProperty(keys, keys.length, { __proto__: null, value: key, enumerable: true });
  tell(event, kind, facts, why, allow, 1);
}

function summary() {
  for (let i = 0; i < keys.length; i++) {
    const k = counts[keys[i]];
    if (k.count > 1) tell(k.event, k.kind, k.facts, k.why, k.allow, k.count);
  }
}

// What in build.hcl would let pass what is refused, by what it is about. Where nothing
// else does, it is the mode that only reports.
const only = 'guard = "report" in the image block';
const allows = freeze({
  __proto__: null,
  unlisted: 'load "GLOB"',
  changed: only,
  format: only,
  wasm: 'load "GLOB"',
  child: 'children in guarding',
  environment: 'environment in guarding',
  flag: only,
  required: 'node in the base block',
  closed: only,
});

// allowOf is the attribute or block of build.hcl, with the name of what is refused where
// that is known.
function allowOf(remedy, facts) {
  switch (remedy) {
    case 'made': return 'instrumenter "' + packageOf(facts.module) + '"';
    case 'eval': return 'evaluator "' + packageOf(facts.module) + '"';
    case 'wasm': return facts.path !== undefined || facts.sha256 === undefined ? allows.wasm : 'generated "' + facts.sha256 + '"';
    case 'code': return facts.sha256 === undefined ? only : 'generated "' + facts.sha256 + '"';
    default: return allows[remedy];
  }
}

// remedyOf says what to do about a refusal, with the attribute or block of build.hcl
// that would allow it.
function remedyOf(remedy, facts) {
  switch (remedy) {
    case 'unlisted':
      return 'If production needs it, name it in a `load "GLOB"` block of the dynamism block in build.hcl, or run `nbuild trace --run` over a test that loads it; then build and deploy again';
    case 'changed':
      return 'Deploy the signed image again; if you changed the file, build, sign and deploy. Nothing in build.hcl allows it but ' + only;
    case 'made':
      return 'If you trust what rewrites it, approve that in the dynamism block of build.hcl, as in `instrumenter "' + packageOf(facts.module) + '" { reason = "..." }`; then build and deploy again';
    case 'format':
      return 'Trace, build and deploy again: the list names the format that each file had. Nothing in build.hcl allows another but ' + only;
    case 'eval':
      return 'If you trust it, approve it in the dynamism block of build.hcl with `evaluator "' + packageOf(facts.module) + '" { reason = "..." }`, or this one string with `generated "' + facts.sha256 + '" { reason = "..." }`; then build and deploy again';
    case 'code':
      return facts.sha256 === undefined ? 'Nothing in build.hcl allows it but ' + only
        : 'If you trust it, approve the string in the dynamism block of build.hcl with `generated "' + facts.sha256 + '" { reason = "..." }`, then build and deploy again';
    case 'wasm':
      return 'If you trust it, name its .wasm file in a `load "GLOB"` block of the dynamism block in build.hcl, or where no file holds it approve it with `generated "' + facts.sha256 + '" { reason = "..." }`; then build and deploy again';
    case 'child':
      return 'If production needs it, name it in the image block as in `guarding { children = [' + stringifyJSON(facts.path) + '] }`, then build and deploy again';
    case 'environment':
      return 'If it has to be given, name it in the image block as in `guarding { environment = [' + stringifyJSON(facts.path) + '] }`, then build and deploy again';
    case 'flag':
      return 'Start Node without it. Nothing in build.hcl allows it but ' + only;
    case 'required':
      return 'Load it with import(), or build the image on Node 22 or later: `node = "22"` in the base block of build.hcl';
    default:
      return 'Production code has no use for it. Nothing in build.hcl allows it but ' + only;
  }
}

// packageOf is what a block of build.hcl calls the package of a file.
function packageOf(file) {
  if (file === undefined) return 'project';
  const at = lastIndexOf(file, '/node_modules/');
  if (at < 0) return 'project';
  const from = at + 14;
  let to = indexOf(file, '/', from);
  if (to >= 0 && file[from] === '@') to = indexOf(file, '/', to + 1);
  if (to < 0) return 'project';
  const name = slice(file, from, to);
  return 'pkg:npm/' + (name[0] === '@' ? '%40' + slice(name, 1) : name);
}

// refuse is called for everything that the list does not allow. In enforce it
// records and throws; in report it records and returns.
function refuse(kind, what, why, facts, remedy, strict = enforcing, Kind = NodeError) {
  if (facts.path !== undefined) facts.path = plain(facts.path);
  if (!strict) {
    record('reported', kind, facts, why, allowOf(remedy, facts));
    return;
  }
  record('denied', kind, facts, why, allowOf(remedy, facts));
  const error = new Kind('nbuild guard: ' + plain(what) + ' ' + plain(why) + '. ' + plain(remedyOf(remedy, facts)) + '.');
  defineProperty(error, 'code', { __proto__: null, value: 'ERR_NBUILD_GUARD', enumerable: true, configurable: true, writable: true });
  throw error;
}

// refuseReplacing is what assigning to a place that the guard holds comes to.
function refuseReplacing(name) {
  refuse('replaced', text(name), 'is where the guard stands, and can\'t be replaced', { __proto__: null, path: text(name), module: caller() }, 'closed');
}
