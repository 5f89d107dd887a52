// A server on Fastify 5 with schemas, a plugin and its logger, which asks itself and
// ends.
const fastify = require('fastify')({ logger: { level: 'info', stream: { write() {} } } });

fastify.register(async (scope) => {
  scope.get('/inside', async () => ({ ok: true }));
});
fastify.post('/', {
  schema: {
    body: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } },
    response: { 200: { type: 'object', properties: { n: { type: 'integer' } } } },
  },
}, async (request) => ({ n: request.body.n }));

fastify.listen({ port: 0, host: '127.0.0.1' }).then(async (at) => {
  for (const [to, body] of [['/inside'], ['/', '{"n":"42"}'], ['/', '{"n":"no"}']]) {
    const response = await fetch(at + to, body && { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    await response.text();
  }
  process.exit(0);
});
