'use strict';

// The catalogue is a file that ships with the shop. Prices are in cents.

class Catalogue {
  #products;

  constructor(products) {
    this.#products = new Map(products.map((p) => [p.id, Object.freeze({ ...p })]));
  }

  static load() {
    return new Catalogue(require('../data/products.json'));
  }

  get size() {
    return this.#products.size;
  }

  find(id) {
    return this.#products.get(id);
  }

  list(query) {
    const all = [...this.#products.values()];
    if (typeof query !== 'string' || query === '') return all;
    const words = query.toLowerCase().split(/\s+/);
    return all.filter((p) => words.every((w) => p.name.toLowerCase().includes(w)));
  }
}

module.exports = { Catalogue };
