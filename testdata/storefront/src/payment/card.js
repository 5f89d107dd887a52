'use strict';

// A card is authorised by its check digit alone: this shop sells nothing.

function luhn(number) {
  let sum = 0;
  for (let i = 0; i < number.length; i++) {
    let digit = Number(number[number.length - 1 - i]);
    if (i % 2 === 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

async function pay(amount, { card }) {
  const { CheckoutError } = require('../checkout');
  if (!card || !luhn(card)) throw new CheckoutError('the card was declined');
  return { method: 'card', amount, card: `**** ${card.slice(-4)}` };
}

module.exports = { pay };
