'use strict';

// A payment method is a module in payment/, loaded by the name that the customer
// chose. The schema admits only the names below, and so does the lookup here.

const { randomUUID } = require('node:crypto');

const METHODS = ['card', 'invoice'];

class CheckoutError extends Error {}

async function checkout(cart, order) {
  if (cart.lines.length === 0) throw new CheckoutError('the cart is empty');
  if (!METHODS.includes(order.method)) throw new CheckoutError('unknown payment method');
  const { pay } = require(`./payment/${order.method}`);
  const payment = await pay(cart.total, order);
  return { order: randomUUID(), total: cart.total, lines: cart.lines, payment };
}

module.exports = { checkout, CheckoutError, METHODS };
