// A little of everything that a module can hold.
import def, * as all from "./all.js";
import { one, two as deux, "a name" as named } from "./some.js" with { type: "json" };
export { deux as default, named as "other name" };
export * as rest from "./rest.js";

const base = 0x1f + 0b101 + 0o17 + 1_000.5e-3 + Number(12n ** 2n);
let pattern = /[/\]]+(?<year>\d{4})/giu.exec(`a${base}b${`nested ${one}`}`);

export class Box extends (def ?? Object) {
  static #count = 0;
  #value;
  static { Box.#count += 1; }
  constructor(value) { super(); this.#value = value; }
  get value() { return this.#value; }
  set value(v) { this.#value = v; }
  static async *[Symbol.asyncIterator]() { yield* [1, 2]; }
  static has(o) { return #value in o; }
}

export async function walk({ a = 1, b: [c, ...d], ...e } = {}, ...more) {
  for await (const x of more) if (x) continue; else break;
  label: for (let i = 0, n = d.length; i < n; i++) {
    switch (i) { case 0: continue label; default: break label; }
  }
  try { await c?.(a, ...d)?.[e].x; } catch { throw new Error("no", { cause: all }); } finally { void 0; }
  return a ? b => b ** 2 : async (q, r = q) => { await q; };
}

({ a: pattern.x, b: [pattern[0] = 1] } = { a: 1, b: [] });
await import("./late.js", { with: { type: "json" } });
console.log(import.meta.url, one === undefined ? -base : +base, typeof deux, !one);
