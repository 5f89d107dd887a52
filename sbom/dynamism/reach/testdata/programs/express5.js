// A server on Express 5 with pug, which asks itself and ends.
const express = require('express');

const app = express();
app.set('views', `${__dirname}/views`);
app.set('view engine', 'pug');
app.get('/', (req, res) => res.render('index', { name: 'pug' }));
app.get('/download', (req, res) => res.download(__filename));

const server = app.listen(0, '127.0.0.1', async () => {
  for (const to of ['/', '/download', '/missing']) {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${to}`);
    await response.text();
  }
  process.exit(0);
});
