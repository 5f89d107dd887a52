'use strict';
// pino writes by a worker.
const { readFileSync, rmSync } = require('fs');
const file = require('path').join(require('os').tmpdir(), `popular-${process.pid}.log`);
const transport = require('pino').transport({ target: 'pino/file', options: { destination: file } });
const log = require('pino')(transport);
transport.on('error', (e) => { console.error(e); process.exit(1); });
transport.on('ready', () => {
  log.info('written by a worker');
  setTimeout(() => {
    const said = readFileSync(file, 'utf8');
    rmSync(file);
    console.log('logs: ' + JSON.parse(said).msg);
    process.exit(0);
  }, 500);
});
