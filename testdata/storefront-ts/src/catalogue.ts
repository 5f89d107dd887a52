/** A product as the shop sells it. Prices are in cents, so that no sum is rounded. */
export interface Product {
  readonly id: string
  readonly name: string
  readonly cents: number
}

export const products: readonly Product[] = [
  { id: 'anvil', name: 'Anvil', cents: 12900 },
  { id: 'rope', name: 'Hemp rope', cents: 1450 },
]

export const find = (id: string): Product | undefined => products.find(p => p.id === id)
