
// The check of a source: what is about to be compiled, at which path, as which
// format. The text is the very string that the compiler gets.

const manifests = create(null);

// check holds a text to the list and returns its entry, or undefined where the
// mode lets an unlisted one pass.
function check(file, format, content) {
  const entry = sources[file];
  if (entry === undefined) {
    const made = instrumented ? isVouched(file, format, hash(content)) : undefined;
    if (made !== undefined) return made;
    refuse('unlisted', file, 'is not on the production source list', { __proto__: null, path: file, sha256: hash(content) }, 'unlisted');
    return undefined;
  }
  const got = hash(content);
  if (instrumented && got !== entry.sha256) {
    const made = isVouched(file, format, got);
    if (made !== undefined) {
      if (made.package !== undefined && manifests[made.package] === undefined) checkManifest(made.package);
      return made;
    }
  }
  // Node decides between the two kinds of script by the text where nothing else does.
  if (entry.format !== format && !(format === 'script' && (entry.format === 'cjs' || entry.format === 'esm'))) {
    if (got !== entry.sha256 && rewriter !== undefined) refuseText(file, content, got, entry);
    else refuse('format', file, 'is listed as ' + entry.format + ' and was loaded as ' + format, { __proto__: null, path: file, sha256: got }, 'format');
    return undefined;
  }
  if (got !== entry.sha256 && !isTextOf(file, content, entry.sha256)) {
    refuseText(file, content, got, entry);
    return undefined;
  }
  if (entry.package !== undefined && manifests[entry.package] === undefined) checkManifest(entry.package);
  return entry;
}

// refuseText refuses a text that is not the listed one. Where the file is as it was
// signed, something in the process rewrote its text.
function refuseText(file, content, got, entry) {
  const facts = { __proto__: null, path: file, sha256: got, listed: entry.sha256 };
  let here;
  try { here = hash(readBytes(file)); } catch { /* then it was changed */ }
  if (here !== entry.sha256) {
    refuse('changed', file, 'is not the file that was signed (its sha256 is ' + got + ', the list has ' + entry.sha256 + ')', facts, 'changed');
    return;
  }
  facts.module = rewriter === undefined ? caller() : rewriter;
  refuse('made', file, 'was rewritten before it was compiled, by what is not approved to (the file is as it was signed' +
    (facts.module === undefined ? '' : '; it was ' + facts.module) + ')', facts, 'made');
}

// rewriter is the module that last registered a load hook.
let rewriter;

// isTextOf tells whether a text is what the listed bytes decode to, for files that
// are not valid UTF-8 or begin with a byte order mark. The bytes are read again,
// and count only because they have the listed hash.
function isTextOf(file, content, listed) {
  let bytes;
  try {
    bytes = readBytes(file);
  } catch {
    return false;
  }
  if (hash(bytes) !== listed) return false;
  const decoded = utf8(bytes, 0, lengthOf(bytes));
  return decoded === content || withoutMark(decoded) === content;
}

// checkManifest holds the package.json that governs a module to the list, once:
// it says which format the module has and what its names resolve to.
function checkManifest(file) {
  manifests[file] = true;
  const entry = sources[file];
  if (entry === undefined) return;
  let got = 'absent';
  try {
    got = hash(readFileSync(file, asText));
    if (got !== entry.sha256) got = hash(readBytes(file)); // it may be no valid UTF-8
  } catch { /* the reason says that it is gone */ }
  if (got === entry.sha256) return;
  manifests[file] = undefined;
  refuse('changed', file, 'is not the file that was signed (its sha256 is ' + got + ', the list has ' + entry.sha256 + ')',
    { __proto__: null, path: file, sha256: got, listed: entry.sha256 }, 'changed');
}
