'use strict';

// Carts live in memory, at most a bounded number of them: the oldest goes first.

const { randomUUID } = require('node:crypto');

const LIMIT = 10_000;

class Carts {
  #carts = new Map();

  create() {
    if (this.#carts.size >= LIMIT) this.drop(this.#carts.keys().next().value);
    const cart = { id: randomUUID(), lines: [], total: 0 };
    this.#carts.set(cart.id, cart);
    return cart;
  }

  find(id) {
    return this.#carts.get(id);
  }

  // put sets how many of a product a cart holds; none takes the line away.
  put(id, product, quantity) {
    const cart = this.find(id);
    if (!cart) return undefined;
    const lines = cart.lines.filter((l) => l.product !== product.id);
    if (quantity > 0) lines.push({ product: product.id, quantity, price: product.price });
    cart.lines = lines;
    cart.total = lines.reduce((sum, l) => sum + l.quantity * l.price, 0);
    return cart;
  }

  drop(id) {
    this.#carts.delete(id);
  }
}

module.exports = { Carts };
