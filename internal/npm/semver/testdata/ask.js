// Prints what node-semver says of made-up versions and ranges, one JSON array a line:
//   node ask.js FOLDER-OF-SEMVER COUNT SEED
// ["v", version, loose, readable]
// ["f", range, version, loose, prereleases, fits or null where the range can't be read]
// ["i", range, range, intersects or null where one can't be read]
'use strict'
const [folder, count, seed] = process.argv.slice(2)
const semver = require(folder)
let state = Number(seed) >>> 0
const chance = n => { // mulberry32
  state = (state + 0x6D2B79F5) >>> 0
  let t = state
  t = Math.imul(t ^ (t >>> 15), t | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) % n
}
const one = (...all) => all[chance(all.length)]
const maybe = (f, of = 3) => chance(of) === 0 ? f() : ''
const number = () => one('0', '0', '1', '1', '2', '2', '3', '10', '01', '9007199254740991', '9007199254740992')
const small = () => one('0', '0', '1', '1', '2', '2', '3', '10')
const x = () => one('x', 'X', '*')
const pre = () => one('-', '-', '-', '', '--') + one('alpha', 'beta.1', 'rc.2', '0', '1', '01', 'a-b', '9007199254740993', 'x.7.z', '')
const build = () => '+' + one('1', 'sha.5', 'b-2', '', 'a..b', '.')
const plain = () => [small(), small(), small()].join('.')
const odd = () => one('', 'v', '=', ' v', 'v ') + number() + '.' + number() + one('.', '.', '.', '') + number() + maybe(pre) + maybe(build, 5)
const version = () => one(plain, plain, () => plain() + one('-alpha', '-beta.1', '-rc.2', '-0', '-1'), odd)()
const part = () => maybe(() => x(), 4) || small()
const partial = () => one(
  () => part(), () => part() + '.' + part(), () => part() + '.' + part() + '.' + part(), plain,
  () => plain() + pre(), () => part() + '.' + part() + '.' + part() + maybe(pre) + maybe(build), odd, () => '')()
const operator = () => one('', '^', '~', '~>', '>', '>=', '<', '<=', '=', '^', '~', '>=', '<', '==', '=>', '>>', '^=', '~ >')
const gap = () => one('', '', '', '', ' ', '  ', '\t')
const simple = () => operator() + gap() + one('', '', '', 'v', '=') + partial()
const alternative = () => one(simple, simple, simple, () => simple() + ' ' + simple(), () => partial() + ' - ' + partial(),
  () => '>=' + partial() + ' <' + partial(), () => one('*', '', 'latest', '1.x', 'x', '1.2.3.4', '>', '<', '- 1', '1 -', '1-2', '+1', 'a*', '<*', '*.1', '>=0.0.0', '>=0.0.0-0', '<0.0.0-0'))()
const range = () => one(alternative, alternative, () => alternative() + one('||', ' || ') + alternative(), () => gap() + alternative() + gap())()
// No number of twenty digits: JavaScript writes larger ones with an exponent.
const say = row => /\d{20}/.test(row[1] + row[2]) || process.stdout.write(JSON.stringify(row) + '\n')
for (let i = 0; i < Number(count); i++) {
  const v = version(), r = range(), s = range(), loose = chance(2) === 0, includePrerelease = chance(3) === 0
  say(['v', v, loose, semver.valid(v, loose) !== null])
  let fits = null
  if (semver.validRange(r, { loose, includePrerelease }) !== null) fits = semver.satisfies(v, r, { loose, includePrerelease })
  say(['f', r, v, loose, includePrerelease, fits])
  let meets = null
  try { meets = semver.intersects(r, s) } catch {}
  say(['i', r, s, meets])
}
