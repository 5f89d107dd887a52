// Choices that a seed decides: the same seed makes the same campaign.
export class Chance {
  #state
  constructor(seed) { this.#state = seed >>> 0 }
  below(n) { // mulberry32
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
  one(list) { return list[this.below(list.length)] }
  in(n) { return this.below(n) === 0 }
}
