'use strict';
const cluster = require('cluster');
if (cluster.isPrimary) {
  cluster.fork().on('message', (said) => { console.log('cluster: ' + said); process.exit(said === 'a member says: 200' ? 0 : 1); });
} else {
  const http = require('http');
  const server = http.createServer((req, res) => res.end()).listen(0, '127.0.0.1', () => {
    http.get({ port: server.address().port, host: '127.0.0.1' }, (res) => process.send('a member says: ' + res.statusCode));
  });
}
