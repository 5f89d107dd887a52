'use strict';
// Sixty packages and more that most servers are made of, each loaded and used once.
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { EventEmitter } = require('node:events');
const http = require('node:http');

const listening = async (server) => { server.listen(0, '127.0.0.1'); await once(server, 'listening'); return `http://127.0.0.1:${server.address().port}`; };
const packages = {
  express: require('express'),
  fastify: require('fastify'),
  koa: require('koa'),
  lodash: require('lodash'),
  axios: require('axios'),
  pg: require('pg'),
  ws: require('ws'),
  zod: require('zod'),
  commander: require('commander'),
  yargs: require('yargs'),
  chalk: require('chalk'),
  debug: require('debug'),
  semver: require('semver'),
  uuid: require('uuid'),
  moment: require('moment'),
  dayjs: require('dayjs'),
  'date-fns': require('date-fns'),
  luxon: require('luxon'),
  async: require('async'),
  bluebird: require('bluebird'),
  rxjs: require('rxjs'),
  dotenv: require('dotenv'),
  cors: require('cors'),
  helmet: require('helmet'),
  morgan: require('morgan'),
  'body-parser': require('body-parser'),
  'cookie-parser': require('cookie-parser'),
  multer: require('multer'),
  jsonwebtoken: require('jsonwebtoken'),
  bcryptjs: require('bcryptjs'),
  joi: require('joi'),
  ajv: require('ajv'),
  'ajv-formats': require('ajv-formats'),
  yup: require('yup'),
  mysql2: require('mysql2'),
  redis: require('redis'),
  ioredis: require('ioredis'),
  nodemailer: require('nodemailer'),
  winston: require('winston'),
  pino: require('pino'),
  undici: require('undici'),
  'form-data': require('form-data'),
  qs: require('qs'),
  glob: require('glob'),
  'fs-extra': require('fs-extra'),
  minimist: require('minimist'),
  chokidar: require('chokidar'),
  handlebars: require('handlebars'),
  ejs: require('ejs'),
  pug: require('pug'),
  'js-yaml': require('js-yaml'),
  xml2js: require('xml2js'),
  cheerio: require('cheerio'),
  'socket.io': require('socket.io'),
  graphql: require('graphql'),
  ms: require('ms'),
  'mime-types': require('mime-types'),
  immutable: require('immutable'),
  ramda: require('ramda'),
  tslib: require('tslib'),
  compression: require('compression'),
  'http-errors': require('http-errors'),
  'iconv-lite': require('iconv-lite'),
  'lru-cache': require('lru-cache'),
  react: require('react'),
  'react-dom/server': require('react-dom/server'),
};
const uses = {
  express: async (express) => {
    const app = express();
    app.use(require('helmet')(), require('cors')(), require('compression')(), require('cookie-parser')(), require('body-parser').json(), require('morgan')('tiny', { stream: { write() {} } }));
    app.post('/', (req, res) => res.json({ ...req.body, cookie: req.cookies.a }));
    const server = http.createServer(app);
    const at = await listening(server);
    const { data } = await require('axios').post(at, { n: 1 }, { headers: { cookie: 'a=b' } });
    assert.deepEqual(data, { n: 1, cookie: 'b' });
    server.close();
  },
  fastify: async (fastify) => {
    const app = fastify();
    app.post('/', { schema: { body: { type: 'object', properties: { n: { type: 'integer' } } }, response: { 200: { type: 'object', properties: { n: { type: 'integer' } } } } } }, async (req) => req.body);
    // Not app.inject: what answers that requires an ECMAScript module, which Node 20
    // does not under the guard.
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"n":"2"}' });
    assert.equal(await answer.text(), '{"n":2}');
    await app.close();
  },
  koa: async (Koa) => {
    const app = new Koa(); app.use((c) => { c.body = 'koa'; });
    const server = http.createServer(app.callback());
    const { request } = require('undici');
    assert.equal(await (await request(await listening(server))).body.text(), 'koa');
    server.close();
  },
  lodash: (_) => assert.equal(_.template('<%= a %>')({ a: 'x' }), 'x'),
  axios: (a) => assert.ok(a.create().get), pg: (pg) => assert.equal(new pg.Client({ host: 'localhost' }).host, 'localhost'),
  ws: async (WS) => {
    const server = new WS.WebSocketServer({ port: 0, host: '127.0.0.1' }); await once(server, 'listening');
    server.on('connection', (s) => s.send('hello'));
    const client = new WS(`ws://127.0.0.1:${server.address().port}`);
    assert.equal(String((await once(client, 'message'))[0]), 'hello'); client.close(); server.close();
  },
  zod: ({ z }) => assert.deepEqual(z.object({ n: z.number() }).parse({ n: 1 }), { n: 1 }),
  commander: ({ Command }) => assert.equal(new Command().option('-n <n>').parse(['-n', '1'], { from: 'user' }).opts().n, '1'),
  yargs: (yargs) => assert.equal(yargs(['--n', '1']).parse().n, 1), chalk: (chalk) => assert.ok(chalk.red('x')), debug: (debug) => debug('x')('y'),
  semver: (s) => assert.ok(s.satisfies('1.2.3', '^1')), uuid: (u) => assert.equal(u.v4().length, 36), moment: (m) => assert.equal(m.utc(0).year(), 1970),
  dayjs: (d) => assert.equal(d('2020-01-01').year(), 2020), 'date-fns': (d) => assert.equal(d.addDays(new Date(0), 1).getTime(), 864e5),
  luxon: ({ DateTime }) => assert.equal(DateTime.fromISO('2020-01-01').year, 2020), async: async (a) => assert.deepEqual(await a.map([1], async (n) => n + 1), [2]),
  bluebird: async (B) => assert.equal(await B.delay(1, 'x'), 'x'), rxjs: ({ of, firstValueFrom }) => firstValueFrom(of(1)), dotenv: (d) => assert.deepEqual(d.parse('A=1'), { A: '1' }),
  cors: (f) => f(), helmet: (f) => f(), morgan: (f) => f('tiny'), 'body-parser': (b) => b.json(), 'cookie-parser': (f) => f(), multer: (f) => f({ storage: f.memoryStorage() }),
  jsonwebtoken: (j) => assert.equal(j.verify(j.sign({ a: 1 }, 's'), 's').a, 1), bcryptjs: (b) => assert.ok(b.compareSync('x', b.hashSync('x', 4))),
  joi: (J) => assert.equal(J.number().validate('1').value, 1), ajv: (A) => { const a = new A.default(); require('ajv-formats').default(a); assert.ok(a.compile({ type: 'string', format: 'email' })('a@b.example')); },
  'ajv-formats': (f) => assert.ok(f.default), yup: (y) => assert.equal(y.number().cast('1'), 1), mysql2: (m) => assert.equal(m.escape(1), '1'),
  redis: (r) => assert.ok(r.createClient()), ioredis: (R) => assert.ok(new R({ lazyConnect: true })), nodemailer: async (n) => assert.ok((await n.createTransport({ jsonTransport: true }).sendMail({ to: 'a@b.example', text: 'x' })).message),
  winston: (w) => w.createLogger({ silent: true, transports: [new w.transports.Console()] }).info('x'), pino: (p) => p({ enabled: false }).info('x'),
  undici: (u) => assert.ok(u.Agent), 'form-data': (F) => new F().append('a', 'b'), qs: (q) => assert.deepEqual(q.parse('a[b]=c'), { a: { b: 'c' } }),
  glob: (g) => assert.ok(g.globSync('*.js', { cwd: __dirname }).length), 'fs-extra': (f) => assert.ok(f.pathExistsSync(__filename)), minimist: (m) => assert.equal(m(['--a=1']).a, 1),
  chokidar: async (c) => { const w = c.watch([]); await w.close(); }, handlebars: (h) => assert.equal(h.compile('{{a}}')({ a: 1 }), '1'), ejs: (e) => assert.equal(e.render('<%= a %>', { a: 1 }), '1'),
  pug: (p) => assert.equal(p.render('b x'), '<b>x</b>'), 'js-yaml': (y) => assert.deepEqual(y.load('a: 1'), { a: 1 }), xml2js: async (x) => assert.deepEqual(await x.parseStringPromise('<a>1</a>'), { a: '1' }),
  cheerio: (c) => assert.equal(c.load('<b>x</b>')('b').text(), 'x'), 'socket.io': async ({ Server }) => { const http_ = http.createServer(); new Server(http_); await listening(http_); http_.close(); }, graphql: (g) => assert.ok(g.parse('{ a }')), ms: (f) => assert.equal(f('1s'), 1000),
  'mime-types': (m) => assert.equal(m.lookup('a.json'), 'application/json'), immutable: (i) => assert.equal(i.Map({ a: 1 }).get('a'), 1), ramda: (r) => assert.equal(r.add(1, 2), 3), tslib: (t) => assert.ok(t.__assign),
  compression: (f) => f(), 'http-errors': (f) => assert.equal(f(404).status, 404), 'iconv-lite': (i) => assert.equal(i.decode(Buffer.from([0xe9]), 'latin1'), 'é'),
  'lru-cache': ({ LRUCache }) => assert.equal(new LRUCache({ max: 1 }).set('a', 1).get('a'), 1), react: (r) => assert.ok(r.createElement('b')),
  'react-dom/server': (s) => assert.equal(s.renderToString(require('react').createElement('b', null, 'x')), '<b>x</b>'),
};

// Some have no form for require.
const modules = async () => {
  assert.equal((await import('nanoid')).nanoid(5).length, 5);
  assert.equal((await import('marked')).marked('# x').trim(), '<h1>x</h1>');
  assert.equal(await (await import('p-limit')).default(1)(async () => 1), 1);
  assert.ok((await import('node-fetch')).default);
  assert.ok((await import('execa')).execa);
};
(async () => {
  for (const [name, use] of Object.entries(uses)) await use(packages[name]);
  await modules();
  console.log(Object.keys(uses).length + 5 >= 60 ? 'popular: all run' : 'popular: too few');
  process.exit(0);
})().catch((e) => { console.error(e); process.exit(1); });
