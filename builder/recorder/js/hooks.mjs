// The recorder's hooks of a Node without synchronous ones. They run in a thread of
// their own and write a file of their own.
import { createHash } from 'node:crypto';
import { openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const formats = { module: 'esm', commonjs: 'cjs', json: 'json', wasm: 'wasm' };
const said = new Set();
const maxLines = 500000;
let fd;
let startedBy;

export function initialize(data) {
  startedBy = data.startedBy;
  fd = openSync(join(data.folder, `${process.pid}-hooks-${process.hrtime.bigint()}.jsonl`), 'ax', 0o600);
}

function say(observation) {
  try {
    const line = JSON.stringify(observation);
    if (said.has(line) || said.size > maxLines) return;
    said.add(line);
    writeSync(fd, said.size > maxLines ? '{"t":"full"}\n' : line + '\n');
  } catch { /* the folder is gone, or the disk is full */ }
}

function fileOf(url) {
  try {
    return typeof url === 'string' && url.startsWith('file:') ? fileURLToPath(url) : undefined;
  } catch {
    return undefined;
  }
}

export async function resolve(specifier, context, next) {
  const result = await next(specifier, context);
  const to = fileOf(result.url);
  if (to !== undefined) say({ t: 'edge', from: fileOf(context.parentURL) || (context.parentURL === undefined && startedBy) || '', to });
  return result;
}

export async function load(url, context, next) {
  const result = await next(url, context);
  const file = fileOf(url);
  const format = formats[result.format];
  if (file === undefined || format === undefined) return result;
  try {
    const bytes = readFileSync(file);
    say({ t: 'load', file, format, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length });
    const { source } = result;
    if (source && format !== 'cjs' && !bytes.equals(Buffer.from(source))) say({ t: 'changed', file });
  } catch { /* it is no file: a name that a tool made up */ }
  return result;
}
