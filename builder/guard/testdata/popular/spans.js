'use strict';
// An Express server that OpenTelemetry instruments: a request gives its spans.
require('./tracing.js');
const http = require('http');
const express = require('express');
const { exporter, provider } = require('./tracing.js');

const app = express();
app.use((req, res, next) => next());
app.get('/user/:id', (req, res) => res.json({ id: req.params.id }));
const server = http.createServer(app).listen(0, '127.0.0.1', () => {
  http.get({ port: server.address().port, host: '127.0.0.1', path: '/user/7' }, (res) => res.resume().on('end', async () => {
    await provider.forceFlush();
    const names = exporter.getFinishedSpans().map((s) => s.name).sort();
    console.log('spans: ' + names.join(', '));
    process.exit(0);
  }));
});
