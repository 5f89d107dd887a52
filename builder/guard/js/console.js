
// Console lines that name the module they come from, one record a line: a line
// break in what is logged can't begin a forged one.
function guardConsole() {
  if (config.console !== 'module') return;
  const { format } = require('util');
  const targets = freeze({ __proto__: null, log: 1, info: 1, debug: 1, warn: 2, error: 2, trace: 2 });
  const names = ownKeys(targets);
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    const fd = targets[name];
    const stream = fd === 1 ? 'stdout' : 'stderr';
    lend(console, name, { [name]: function (...args) {
      const said = record1(caller(), apply(format, undefined, args));
      process[stream].write(said + '\n');
    } }[name]);
  }
}

// record1 writes one record: where it comes from, then the text, with what could
// end the line or hide in it escaped.
function record1(module, said) {
  return '[' + plain(module === undefined ? '?' : module) + '] ' + plain(said);
}
