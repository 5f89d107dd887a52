// What the campaign's projects are made of: a small world that has everything npm's
// rules are about, and the packages that a real lockfile names.
import fs from 'node:fs'
import path from 'node:path'

// small publishes packages that reach peers, aliases, bundles and platforms, in
// several versions each.
export function small(registry) {
  const add = (name, versions, more = {}) => {
    for (const version of versions) registry.add({ name, version, ...(typeof more === 'function' ? more(version) : more) })
  }
  const major = version => Number(version.split('.')[0])
  add('leaf', ['0.9.0', '1.0.0', '1.1.0', '1.2.0', '2.0.0-rc.1', '2.0.0', '2.1.0', '3.0.0'])
  add('vein', ['1.0.0', '1.0.1', '1.1.0', '2.0.0'], v => ({ dependencies: { leaf: major(v) < 2 ? '^1.0.0' : '^2.0.0' } }))
  add('oak', ['1.0.0', '1.2.0', '2.0.0'], v => ({ dependencies: { leaf: `^${major(v)}.0.0`, vein: '^1.0.0' } }))
  add('elm', ['1.0.0', '1.1.0', '2.0.0'], { dependencies: { leaf: '>=1 <3', oak: '1' } })
  add('ash', ['1.0.0', '1.0.2'], { dependencies: { elm: '~1.0.0', twig: 'npm:leaf@^2.0.0' } })
  add('fir', ['1.0.0', '2.0.0'], { dependencies: { ash: '*', vein: '1.x' }, optionalDependencies: { rare: '^1.0.0' } })
  add('rare', ['1.0.0', '1.5.0'], { dependencies: { leaf: '1 || 2' }, engines: { node: '>=18' } })
  add('host', ['1.0.0', '2.0.0', '2.1.0', '3.0.0'])
  add('plug', ['1.0.0', '2.0.0'], v => ({ peerDependencies: { host: `^${major(v)}.0.0` } }))
  add('plug-any', ['1.0.0'], { peerDependencies: { host: '*', plug: '>=1' } })
  add('plug-may', ['1.0.0', '1.1.0'], { peerDependencies: { host: '^2.0.0', leaf: '^1.0.0' }, peerDependenciesMeta: { host: { optional: true } } })
  add('kit', ['1.0.0', '2.0.0'], v => ({ dependencies: { plug: `^${major(v)}.0.0`, 'plug-any': '1' } }))
  add('rig', ['1.0.0'], { dependencies: { host: '^1.0.0', kit: '*', 'plug-may': '^1.0.0' } })
  add('ring-a', ['1.0.0', '1.1.0'], { dependencies: { 'ring-b': '^1.0.0' } })
  add('ring-b', ['1.0.0', '1.1.0'], { dependencies: { 'ring-a': '^1.0.0', leaf: '*' } })
  const systems = [['linux', 'x64'], ['linux', 'arm64'], ['darwin', 'arm64'], ['win32', 'x64']]
  const versions = ['1.0.0', '1.1.0']
  for (const [os, cpu] of systems) add(`@acme/roll-${os}-${cpu}`, versions, { os: [os], cpu: [cpu] })
  add('@acme/roll-linux-x64-musl', versions, { os: ['linux'], cpu: ['x64'], libc: ['musl'] })
  add('roll', versions, v => ({ optionalDependencies: Object.fromEntries([...systems.map(s => s.join('-')), 'linux-x64-musl'].map(s => [`@acme/roll-${s}`, v])) }))
  const inside = { name: 'leaf', version: '1.0.0' }
  registry.add({ name: 'box', version: '1.0.0', dependencies: { leaf: '^1.0.0', vein: '^1.0.0' }, bundleDependencies: ['leaf'] }, [['node_modules/leaf', inside]])
  registry.add({ name: 'box', version: '1.1.0', dependencies: { leaf: '^1.0.0' }, bundleDependencies: ['leaf'] }, [['node_modules/leaf', inside]])
}

// sample is a package.json of the small world.
export function sample(registry, chance) {
  const manifest = { name: 'sample', version: '1.0.0' }
  const sections = ['dependencies', 'dependencies', 'dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']
  for (let i = 2 + chance.below(6); i > 0; i--) {
    const name = chance.one(registry.names().filter(n => !n.startsWith('@')))
    const section = chance.one(sections)
    const version = chance.one(registry.versions(name))
    if (Object.keys(manifest).some(key => manifest[key]?.[name])) continue
    manifest[section] = { ...manifest[section], [name]: chance.one(['^' + version, version, '*', '~' + version, '>=' + version]) }
  }
  if (chance.in(4)) manifest.dependencies = { ...manifest.dependencies, other: chance.one(['npm:leaf@^1.0.0', 'npm:oak@1', 'npm:vein@*']) }
  if (chance.in(5)) manifest.overrides = { leaf: chance.one(['1.1.0', '2.0.0', '^1.0.0']) }
  return manifest
}

// real publishes every package of a lockfile, each with a later minor and a later
// major version beside it, and returns the project with the digests of these.
export function real(registry, folder) {
  const read = name => JSON.parse(fs.readFileSync(path.join(folder, name)))
  const manifest = read('package.json')
  const lock = read('package-lock.json')
  delete manifest.scripts
  const kept = ['dependencies', 'optionalDependencies', 'peerDependencies', 'peerDependenciesMeta', 'bundleDependencies', 'engines', 'os', 'cpu', 'libc']
  const named = at => lock.packages[at].name ?? at.slice(at.lastIndexOf('node_modules/') + 'node_modules/'.length)
  const published = at => Object.fromEntries([['name', named(at)], ['version', lock.packages[at].version],
    ...kept.filter(key => lock.packages[at][key]).map(key => [key, lock.packages[at][key]])])
  const places = Object.keys(lock.packages).filter(at => at.includes('node_modules/') && !lock.packages[at].link)
  for (const at of places) {
    if (lock.packages[at].inBundle) continue
    const bundled = lock.packages[at].bundleDependencies ? places.filter(p => p.startsWith(at + '/') && lock.packages[p].inBundle)
      .map(p => [p.slice(at.length + 1), published(p)]) : []
    registry.add(published(at), bundled)
  }
  for (const at of places) {
    const e = lock.packages[at]
    delete e.hasInstallScript
    delete e.bin
    delete e.deprecated
    if (e.inBundle) continue
    e.integrity = registry.integrity(named(at), e.version)
    const [major, minor] = e.version.split('.').map(Number)
    for (const version of [`${major}.${minor + 1}.0`, `${major + 1}.0.0`]) registry.add({ ...published(at), version, bundleDependencies: undefined })
  }
  const folders = Object.fromEntries(Object.keys(lock.packages).filter(at => at && !at.includes('node_modules/')).map(at => [at, lock.packages[at]]))
  return { manifest, lock, folders }
}
