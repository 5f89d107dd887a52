'use strict';

const fs = require('node:fs');
const path = require('node:path');

const text = require('./lang/' + process.env.LANG + '.json');
const page = fs.readFileSync(path.join(__dirname, 'lib', 'page.html'), 'utf8');
new (require('node:worker_threads').Worker)(path.resolve(__dirname, 'lib/worker.js'));
module.exports = [text, page];
