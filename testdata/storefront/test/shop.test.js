'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');

const { createApp } = require('../src/app');

let base;
let server;

before(async () => {
  server = createApp().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  base = `http://127.0.0.1:${server.address().port}`;
});

after(() => server.close());

const send = (method, path, body) =>
  fetch(base + path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

test('the shop is healthy', async () => {
  const res = await fetch(`${base}/healthz`);
  assert.deepEqual(await res.json(), { status: 'ok', products: 5 });
});

test('pages are rendered and escaped', async () => {
  const home = await (await fetch(`${base}/?q=rope`)).text();
  assert.match(home, /Hemp rope/);
  assert.doesNotMatch(home, /Anvil/);
  assert.equal((await fetch(`${base}/products/none`)).status, 404);
});

test('the catalogue is searched', async () => {
  const { products } = await (await fetch(`${base}/api/products?q=storm`)).json();
  assert.deepEqual(products.map((p) => p.id), ['lamp']);
});

test('a cart is filled and paid for, by either method', async () => {
  for (const order of [
    { method: 'card', email: 'a@example.com', card: '4111111111111111' },
    { method: 'invoice', email: 'a@example.com' },
  ]) {
    const cart = await (await send('POST', '/api/carts')).json();
    await send('PUT', `/api/carts/${cart.id}/lines`, { product: 'kettle', quantity: 2 });
    const res = await send('POST', `/api/carts/${cart.id}/checkout`, order);
    assert.equal(res.status, 201);
    const done = await res.json();
    assert.equal(done.total, 6900);
    assert.equal(done.payment.method, order.method);
    assert.equal((await send('POST', `/api/carts/${cart.id}/checkout`, order)).status, 404);
  }
});

test('bad requests are refused', async () => {
  const cart = await (await send('POST', '/api/carts')).json();
  const at = `/api/carts/${cart.id}`;
  assert.equal((await send('PUT', `${at}/lines`, { product: 'kettle', quantity: -1 })).status, 400);
  assert.equal((await send('PUT', `${at}/lines`, { product: 'none', quantity: 1 })).status, 404);
  assert.equal((await send('POST', `${at}/checkout`, { method: 'card', email: 'a@example.com' })).status, 402);
  assert.equal((await send('POST', `${at}/checkout`, { method: '../report', email: 'a@example.com' })).status, 400);
  assert.equal((await send('POST', '/api/carts/../../etc')).status, 404);
});

test('the report is loaded on demand', async () => {
  const res = await fetch(`${base}/api/report.csv`);
  assert.match(await res.text(), /^id,name,price\r\n"anvil"/);
});
