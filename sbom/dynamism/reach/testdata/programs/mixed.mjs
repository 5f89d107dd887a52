// A module program that loads CommonJS, JSON, packages with conditions and a worker.
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import lodash from 'lodash';
import { template } from './mixed/template.cjs';

const require = createRequire(import.meta.url);
const settings = require('./mixed/settings.json');
const { names } = await import(`./mixed/locale-${settings.locale}.mjs`);
const worker = new Worker(new URL('./mixed/worker.mjs', import.meta.url), { workerData: names });
const answer = await new Promise((done) => worker.once('message', done));
process.exit(template({ name: lodash.capitalize(answer) }) === 'Hello ANNA' ? 0 : 1);
