'use strict';

async function pay(amount, { email }) {
  return { method: 'invoice', amount, sentTo: email, dueInDays: 14 };
}

module.exports = { pay };
