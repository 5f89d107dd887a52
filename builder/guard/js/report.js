
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

function tell(event, kind, facts, why, count) {
  line({
    __proto__: null, schema: 'nbuild.guard/v1', event, kind, pid,
    path: facts.path, sha256: facts.sha256, listed: facts.listed, module: facts.module,
    reason: why, count,
  });
}

// record counts an event and prints it the first time. It stops remembering new
// ones at a bound, so that a program can't make it grow.
function record(event, kind, facts, why) {
  const key = event + '\n' + kind + '\n' + facts.path + '\n' + facts.sha256 + '\n' + facts.module;
  const known = counts[key];
  if (known !== undefined) {
    known.count++;
    return;
  }
  if (keys.length >= bound) return;
  counts[key] = { __proto__: null, event, kind, facts, why, count: 1 };
  defineProperty(keys, keys.length, { __proto__: null, value: key, enumerable: true });
  tell(event, kind, facts, why, 1);
}

function summary() {
  for (let i = 0; i < keys.length; i++) {
    const k = counts[keys[i]];
    if (k.count > 1) tell(k.event, k.kind, k.facts, k.why, k.count);
  }
}

// Remedies, one for each kind of event.
const remedies = freeze({
  __proto__: null,
  unlisted: 'If production needs it, run `nbuild trace --run` over a test that loads it, or name it in a `load` block, then build and deploy again',
  changed: 'Deploy the signed image again; if you changed the file, build, sign and deploy',
  format: 'Trace, build and deploy again: the list names the format that each file had',
  eval: 'If you trust it, name the module in an `evaluator` block or the string\'s sha256 among the generated code, then build and deploy again',
  code: 'Name the string\'s sha256 among the generated code if you trust it, then build and deploy again',
  wasm: 'List the .wasm file as a source, then build and deploy again',
  child: 'Name the program in the guard\'s `children` if production needs it, then build and deploy again',
  flag: 'Start Node without it',
  required: 'Load it with import(), or run the image on Node 22 or later',
  closed: 'Production code has no use for it; load the guard in mode `report` where you need it',
});

// refuse is called for everything that the list does not allow. In enforce it
// records and throws; in report it records and returns.
function refuse(kind, what, why, facts, remedy, strict = enforcing, Kind = NodeError) {
  if (facts.path !== undefined) facts.path = plain(facts.path);
  if (!strict) {
    record('reported', kind, facts, why);
    return;
  }
  record('denied', kind, facts, why);
  const error = new Kind('nbuild guard: ' + plain(what) + ' ' + plain(why) + '. ' + remedies[remedy] + '.');
  defineProperty(error, 'code', { __proto__: null, value: 'ERR_NBUILD_GUARD', enumerable: true, configurable: true, writable: true });
  throw error;
}
