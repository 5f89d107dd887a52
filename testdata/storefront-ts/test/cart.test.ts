import assert from 'node:assert/strict'
import { test } from 'node:test'

import { total } from '../src/cart'

test('a cart costs what its lines cost', () => {
  assert.equal(total([{ id: 'anvil', count: 1 }, { id: 'rope', count: 2 }]), 15800)
})

test('what is no cart, or is not sold, has no price', () => {
  assert.throws(() => total([{ id: 'anvil', count: 0 }]))
  assert.throws(() => total([{ id: 'tnt', count: 1 }]), RangeError)
})
