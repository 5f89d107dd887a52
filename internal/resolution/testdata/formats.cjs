// Answers, for each line {mode, file} on stdin, what this Node takes the file for when
// it is loaded in that way: "cjs", "esm", "wasm", or "" where it refuses it.
const { readFileSync } = require('fs');
const { pathToFileURL } = require('url');
const { spawnSync } = require('child_process');

if (process.env.TELL_AT_EXIT) {
  process.on('exit', () => require('fs').writeSync(1, String(globalThis.seen ?? '')));
} else {
  answer();
}

async function answer() {
  const lines = readFileSync(0, 'utf8').split('\n').filter(Boolean).map(JSON.parse);
  // One file can be loaded once in a process: whichever comes first says what it is.
  const ways = { require: (file) => require(file), import: (file) => import(pathToFileURL(file)) };
  if (process.env.ONLY) {
    const said = {};
    for (const { mode, file } of lines) {
      if (mode !== process.env.ONLY) continue;
      globalThis.seen = undefined;
      try {
        await ways[mode](file);
        said[file] = globalThis.seen ?? 'wasm';
      } catch {
        said[file] = '';
      }
    }
    process.stdout.write(JSON.stringify(said));
    return;
  }
  const input = lines.map((line) => JSON.stringify(line)).join('\n');
  const run = (args, env, input) => spawnSync(process.execPath, ['--no-warnings', ...args], { env: { ...process.env, ...env }, input, maxBuffer: 1 << 26 }).stdout.toString();
  const said = {};
  for (const ONLY of Object.keys(ways)) said[ONLY] = JSON.parse(run([__filename], { ONLY }, input));
  for (const { mode, file } of lines) {
    console.log(mode === 'start' ? run(['--require', __filename, file], { TELL_AT_EXIT: '1' }) : said[mode][file]);
  }
}
