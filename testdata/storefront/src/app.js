'use strict';

// The shop's HTTP face. Pages are rendered from templates, everything under /api
// speaks JSON.

const path = require('node:path');

const compression = require('compression');
const cookieParser = require('cookie-parser');
const express = require('express');
const { rateLimit } = require('express-rate-limit');
const helmet = require('helmet');
const morgan = require('morgan');

const { Catalogue } = require('./catalogue');
const { Carts } = require('./cart');
const { checkout, CheckoutError } = require('./checkout');
const { idSchema, lineSchema, orderSchema } = require('./schema');

function createApp({ log = false, catalogue = Catalogue.load(), carts = new Carts() } = {}) {
  const app = express();
  app.set('views', path.join(__dirname, '..', 'views'));
  app.set('view engine', 'ejs');
  app.disable('x-powered-by');

  app.use(helmet());
  app.use(compression());
  if (log) app.use(morgan('tiny'));
  app.use(cookieParser());
  app.use(express.json({ limit: '16kb' }));
  app.use('/public', express.static(path.join(__dirname, '..', 'public')));

  app.get('/healthz', (req, res) => res.json({ status: 'ok', products: catalogue.size }));

  app.get('/', (req, res) => {
    res.render('index', { title: 'Storefront', products: catalogue.list(req.query.q) });
  });

  app.get('/products/:id', (req, res) => {
    const product = catalogue.find(req.params.id);
    if (!product) return res.status(404).render('missing', { title: 'Not found', what: 'product' });
    res.render('product', { title: product.name, product });
  });

  const api = express.Router();
  api.use(rateLimit({ windowMs: 60_000, limit: 600, standardHeaders: 'draft-7', legacyHeaders: false }));

  api.get('/products', (req, res) => res.json({ products: catalogue.list(req.query.q) }));

  api.get('/products/:id', (req, res) => {
    const product = catalogue.find(req.params.id);
    if (!product) return res.status(404).json({ error: 'no such product' });
    res.json(product);
  });

  api.post('/carts', (req, res) => res.status(201).json(carts.create()));

  api.put('/carts/:id/lines', (req, res) => {
    const id = idSchema.parse(req.params.id);
    const line = lineSchema.parse(req.body);
    const product = catalogue.find(line.product);
    if (!product) return res.status(404).json({ error: 'no such product' });
    const cart = carts.put(id, product, line.quantity);
    if (!cart) return res.status(404).json({ error: 'no such cart' });
    res.json(cart);
  });

  api.post('/carts/:id/checkout', async (req, res, next) => {
    try {
      const id = idSchema.parse(req.params.id);
      const order = orderSchema.parse(req.body);
      const cart = carts.find(id);
      if (!cart) return res.status(404).json({ error: 'no such cart' });
      res.status(201).json(await checkout(cart, order));
      carts.drop(id);
    } catch (err) {
      next(err);
    }
  });

  // Reports are rare and their module is not small, so it is loaded on demand.
  api.get('/report.csv', (req, res) => {
    const { toCSV } = require('./report');
    res.type('text/csv').send(toCSV(catalogue.list()));
  });

  app.use('/api', api);
  app.use((req, res) => res.status(404).json({ error: 'not found' }));
  app.use((err, req, res, next) => {
    if (res.headersSent) return next(err);
    if (err.name === 'ZodError') return res.status(400).json({ error: 'invalid request', issues: err.issues });
    if (err instanceof CheckoutError) return res.status(402).json({ error: err.message });
    res.status(err.status || 500).json({ error: err.expose ? err.message : 'internal error' });
  });
  return app;
}

module.exports = { createApp };
