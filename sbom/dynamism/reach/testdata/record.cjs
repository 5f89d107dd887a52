// A preload that writes down every file which Node loads, in this thread and in
// workers, one a line, to the file that RECORD names.
const Module = require('node:module');
const { appendFileSync } = require('node:fs');
const { fileURLToPath } = require('node:url');

const seen = new Set();
const record = (file) => {
  if (seen.has(file)) return;
  seen.add(file);
  appendFileSync(process.env.RECORD, file + '\n');
};

const load = Module._load;
Module._load = function (request, parent, isMain) {
  try {
    const file = Module._resolveFilename(request, parent, isMain);
    if (file.startsWith('/')) record(file);
  } catch {
    // What can't be found is not loaded.
  }
  return load.apply(this, arguments);
};

if (Module.registerHooks) {
  Module.registerHooks({
    load(url, context, next) {
      if (url.startsWith('file:')) record(fileURLToPath(url));
      return next(url, context);
    },
  });
}
