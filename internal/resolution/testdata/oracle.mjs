// Answers, for each line {mode, specifier, parent} on stdin, what this Node
// resolves it to: {path}, {builtin}, {data} or {code}.
import { createRequire, isBuiltin } from 'node:module';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const answer = (resolved) => {
  if (resolved.startsWith('data:')) return { data: resolved };
  if (!resolved.startsWith('/') && isBuiltin(resolved)) return { builtin: resolved.replace(/^node:/, '') };
  return { path: resolved };
};

const ask = ({ mode, specifier, parent }) => {
  // Neither way of asking says what loading would: that there is no such module.
  if (specifier.startsWith('node:') && !isBuiltin(specifier)) return { code: 'ERR_UNKNOWN_BUILTIN_MODULE' };
  if (mode === 'require') return answer(createRequire(parent).resolve(specifier));
  const resolved = import.meta.resolve(specifier, pathToFileURL(parent).href);
  if (!/^(file|data|node):/.test(resolved)) return { code: 'ERR_UNSUPPORTED_ESM_URL_SCHEME' };
  if (!resolved.startsWith('file:')) return answer(resolved);
  const path = fileURLToPath(resolved);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return { code: 'ERR_UNSUPPORTED_DIR_IMPORT' };
  if (!stat?.isFile()) return { code: 'ERR_MODULE_NOT_FOUND' };
  return { path };
};

const out = [];
for (const line of readFileSync(0, 'utf8').split('\n')) {
  if (!line) continue;
  try {
    out.push(ask(JSON.parse(line)));
  } catch (err) {
    let code = err.code ?? err.name;
    // Node 20 lets the parser's and the system's own words through.
    if (code === 'SyntaxError') code = 'ERR_INVALID_PACKAGE_CONFIG';
    if (code === 'ENOTDIR') code = 'ERR_MODULE_NOT_FOUND';
    out.push({ code });
  }
}
process.stdout.write(out.map((o) => JSON.stringify(o)).join('\n') + '\n');
