
// Machine code: addons, and the libraries of the image that they link to. A file is opened
// once, and its bytes are read and hashed through that descriptor. The loader is given the
// name, which has to lead to that very file, unchanged, before and after: a descriptor's
// number belongs to every thread, so any worker could put another file behind it, and the
// name of a file in a read-only image can't come to mean another. Libraries are loaded
// before the addon, in order, from what the list has, and the loader then looks for none.

const { dlopen } = process;
const keptLoaded = 0x1001; // RTLD_LAZY and RTLD_NODELETE: a library is no addon, and stays

// What says whether a file changed. Node assigns all it knows of a file one by one, and a
// setter that every object inherits would be in between.
const stateFields = freeze(['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs']);
const exactly = freeze({ __proto__: null, bigint: true });
{
  const stats = statSync('/', exactly);
  const fields = ownKeys(stats);
  for (let i = 0; i < fields.length; i++) {
    defineProperty(getPrototypeOf(stats), fields[i], { __proto__: null, value: undefined, writable: true, configurable: false });
  }
}

function stateIn(stats) {
  let all = '';
  for (let i = 0; i < stateFields.length; i++) all += stats[stateFields[i]] + ' ';
  return all;
}

function guardAddons() {
  hold(process, 'dlopen', function guardedOpen(...args) {
    // Node asks all three before it opens the file, and what answers could put another there.
    const module = args[0];
    if (!isObject(module)) throw new NodeTypeError('nbuild guard: process.dlopen takes a module');
    const copy = ownCopy(module);
    const { exports } = copy;
    const file = text(args[1]);
    const flags = args.length > 2 ? args[2] | 0 : undefined;
    const held = heldFile(file, 'addon');
    try {
      openLibraries(held.file);
      openHeld(held, (name) => {
        apply(dlopen, process, flags === undefined ? [copy, name] : [copy, name, flags]);
      });
    } finally {
      release(held);
      if (copy.exports !== exports) module.exports = copy.exports;
    }
  });
}

// ownCopy is an object that has what another has, as it is now.
function ownCopy(object) {
  const copy = create(getPrototypeOf(object));
  const names = ownKeys(object);
  for (let i = 0; i < names.length; i++) put(copy, names[i], object[names[i]]);
  if (!hasOwn(copy, 'exports')) put(copy, 'exports', object.exports);
  return copy;
}

// heldFile opens a file for the loader and holds it to the list. Where the mode lets pass
// what can't be read, it has no descriptor.
function heldFile(filename, format) {
  const held = { __proto__: null, file: filename, fd: -1, state: '' };
  let got;
  try {
    const file = realpath(filename);
    held.fd = openSync(file, readable);
    held.file = file;
    held.state = stateIn(fstatSync(held.fd, exactly));
    got = hash(readAll(held.fd));
  } catch {
    // What can't be read here could still be found: by a search path, a suffix, or
    // up to a zero in its name.
    release(held);
    held.file = filename;
    refuse('unlisted', filename, 'can\'t be read as a file, so it is not known to be on the production source list', { __proto__: null, path: filename }, 'unlisted');
    return held;
  }
  let fine = false;
  try {
    checkHeld(held.file, format, got);
    fine = true;
  } finally {
    if (!fine) release(held);
  }
  return held;
}

function checkHeld(file, format, got) {
  const entry = sources[file];
  const facts = { __proto__: null, path: file, sha256: got };
  if (entry === undefined) {
    refuse('unlisted', file, 'is not on the production source list', facts, 'unlisted');
  } else if (entry.format !== format) {
    refuse('format', file, 'is listed as ' + entry.format + ' and was loaded as ' + format, facts, 'format');
  } else if (entry.sha256 !== got) {
    facts.listed = entry.sha256;
    refuse('changed', file, 'is not the file that was signed (its sha256 is ' + got + ', the list has ' + entry.sha256 + ')', facts, 'changed');
  }
}

function release(held) {
  if (held.fd < 0) return;
  const { fd } = held;
  held.fd = -1;
  closeSync(fd);
}

// openLibraries loads what an addon links to inside the image, the first needed first.
// What it links to in the base is found behind all that the image could have in between.
function openLibraries(addon) {
  if (!hasOwn(config.libraries, addon)) return;
  const { load, absent } = config.libraries[addon];
  for (let i = 0; i < absent.length; i++) {
    if (realOrAbsent(absent[i]) !== undefined) {
      refuse('unlisted', absent[i], 'would be loaded by ' + addon + ' and is not on the production source list', { __proto__: null, path: absent[i], module: addon }, 'unlisted');
    }
  }
  for (let i = 0; i < load.length; i++) {
    const held = heldFile(load[i], 'library');
    try {
      openHeld(held, (name) => {
        try {
          apply(dlopen, process, [{ __proto__: null, exports: { __proto__: null } }, name, keptLoaded]);
        } catch { /* Node says that it is no addon; what it lacks, the addon's opening says */ }
      });
    } finally {
      release(held);
    }
  }
}

// openHeld has a file opened by its name.
function openHeld(held, open) {
  if (held.fd < 0) return open(held.file);
  if (stateIn(fstatSync(held.fd, exactly)) !== held.state || stateIn(statSync(held.file, exactly)) !== held.state) {
    refuse('changed', held.file, 'was replaced while it was looked at', { __proto__: null, path: held.file }, 'changed');
  }
  try {
    return open(held.file);
  } finally {
    settle(held);
  }
}

// settle ends the process where a file changed while it was loaded: what runs then may not
// be what was hashed, and machine code can't be taken back.
function settle(held) {
  try {
    if (stateIn(statSync(held.file, exactly)) === held.state) return;
  } catch { /* it is gone */ }
  const why = 'changed while it was loaded, so what runs may not be what was signed';
  record(enforcing ? 'denied' : 'reported', 'changed', { __proto__: null, path: plain(held.file) }, why);
  if (enforcing) stop(held.file + ' ' + why);
}
