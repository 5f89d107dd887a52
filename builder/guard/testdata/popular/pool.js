'use strict';
const { Piscina } = require('piscina');
const pool = new Piscina({ filename: require('path').resolve(__dirname, 'task.js'), maxThreads: 2 });
pool.run({ a: 1, b: 2 }).then(async (sum) => { console.log('pool: ' + sum); await pool.destroy(); process.exit(sum === 3 ? 0 : 1); });
