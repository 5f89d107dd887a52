'use strict';

function toCSV(products) {
  const cell = (v) => `"${String(v).replaceAll('"', '""')}"`;
  const rows = products.map((p) => [p.id, p.name, p.price].map(cell).join(','));
  return ['id,name,price', ...rows, ''].join('\r\n');
}

module.exports = { toCSV };
