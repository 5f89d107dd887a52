'use strict';
// Sentry rewrites what it traces as it loads.
const Sentry = require('@sentry/node');
const sent = [];
Sentry.init({
  dsn: 'http://key@127.0.0.1:9/1', tracesSampleRate: 1,
  transport: () => ({ send: async (envelope) => { sent.push(...envelope[1].map(([header, item]) => [header.type, item])); return {}; }, flush: async () => true }),
});
const http = require('http');
const express = require('express');
const app = express();
app.get('/user/:id', (req, res) => res.json({ id: req.params.id }));
const server = http.createServer(app).listen(0, '127.0.0.1', () => {
  http.get({ port: server.address().port, host: '127.0.0.1', path: '/user/7' }, (res) => res.resume().on('end', async () => {
    try { throw new Error('seen'); } catch (e) { Sentry.captureException(e); }
    await Sentry.flush(2000);
    const spans = sent.filter(([type]) => type === 'span').flatMap(([, item]) => item.items);
    const origins = [...new Set(spans.map((span) => span.attributes['sentry.origin'].value))].sort();
    console.log(`sentry: ${sent.filter(([type]) => type === 'event').length} error, spans of ${origins.join(', ')}`);
    process.exit(0);
  }));
});
