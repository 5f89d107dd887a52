'use strict';

// What a thread is handed by the one that starts it (handover.js): the guard's own files,
// and what the thread is to run. The first guard of a process is given nothing, and reads.
const handed = arguments[5];

// The engine's flag against code from strings is on the command line, and holds for the
// context that it made before this line ran. From here on the flag itself would only
// cost: Node keeps its own modules compiled, and V8 takes none of that under another
// set of flags, which is a tenth of a server's start. So the flag is taken back. It is
// set again for good before a thread begins, whose context is made then; in a thread
// that is not so, the guard says so and stops.
const restriction = 'disallow-code-generation-from-strings';
const inWorker = process.abort.disabled === true;
const setEngineFlags = engineFlags();
const restricted = setEngineFlags !== undefined && process.execArgv.includes('--' + restriction);
if (restricted) setEngineFlags('--no-' + restriction);

function engineFlags() {
  if (inWorker) return undefined;
  if (parseInt(process.version.slice(1), 10) > 22) return require('v8').setFlagsFromString;
  // The module v8 brings streams with it. Until Node 22 its function has another way,
  // which Node's permission model closes.
  const told = Object.getOwnPropertyDescriptor(process, 'noDeprecation');
  process.noDeprecation = true;
  try {
    return process.binding('v8').setFlagsFromString;
  } catch {
    return require('v8').setFlagsFromString;
  } finally {
    if (told === undefined) delete process.noDeprecation;
    else Object.defineProperty(process, 'noDeprecation', told);
  }
}

// restrictThreads is called before any thread begins. The engine would map the machine
// code of its own functions once more for each thread, from the program's file and through
// a descriptor, in whose place another thread could put one of its own: so it uses what is
// mapped already.
function restrictThreads() {
  if (setEngineFlags === undefined) return;
  if (restricted) setEngineFlags('--' + restriction);
  setEngineFlags('--no-short-builtin-calls');
}
