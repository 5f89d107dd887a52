import { z } from 'zod'

import { find } from './catalogue'

const Line = z.object({ id: z.string(), count: z.number().int().min(1).max(99) })
const Cart = z.array(Line).max(50)

/** What a cart costs in cents. It throws where the cart is no cart, or holds what is not sold. */
export function total(cart: unknown): number {
  return Cart.parse(cart).reduce((sum, line) => {
    const product = find(line.id)
    if (product === undefined) throw new RangeError(`nobody sells ${line.id}`)
    return sum + product.cents * line.count
  }, 0)
}
