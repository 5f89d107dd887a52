// A server on Express 4 with two template engines, which asks itself and ends.
const path = require('path');
const express = require('express4');

const app = express();
app.set('views', path.join(__dirname, 'views'));
app.set('view engine', 'ejs');
app.engine('hbs', (file, data, done) => {
  const handlebars = require('handlebars');
  done(null, handlebars.compile(require('fs').readFileSync(file, 'utf8'))(data));
});
app.use(express.json(), express.urlencoded({ extended: true }), express.static(path.join(__dirname, 'public')));
app.get('/', (req, res) => res.render('index', { name: 'ejs' }));
app.get('/hbs', (req, res) => res.render('index.hbs', { name: 'hbs' }));
app.post('/echo', (req, res) => res.json(req.body));

const server = app.listen(0, '127.0.0.1', async () => {
  const at = `http://127.0.0.1:${server.address().port}`;
  for (const [to, options] of [['/'], ['/hbs'], ['/missing'], ['/echo', { method: 'POST', body: 'a[b]=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }]]) {
    const response = await fetch(at + to, options);
    await response.text();
  }
  process.exit(0);
});
