'use strict';

// The process: configuration from the environment, a listening socket, and a
// shutdown that lets requests finish.

const { createApp } = require('./app');

const host = process.env.HOST || '0.0.0.0';
const port = Number(process.env.PORT || 8080);

const app = createApp({ log: process.env.LOG !== 'off' });
const server = app.listen(port, host, () => {
  console.log(`storefront listens on ${host}:${server.address().port}`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    setTimeout(() => process.exit(1), 5000).unref();
  });
}
