// Edits as people and tools make them: of package.json after the lockfile was
// written, and of the lockfile by hand or by a merge.

const sections = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']
const places = lock => Object.keys(lock.packages).filter(at => at.includes('node_modules/') && !lock.packages[at].link)
const folderName = at => at.slice(at.lastIndexOf('node_modules/') + 'node_modules/'.length)
const packageName = (lock, at) => lock.packages[at].name ?? folderName(at)

// range is what somebody might ask of a package.
function range(registry, chance, name) {
  const version = chance.one(registry.versions(name)) ?? '1.0.0'
  const [major, minor] = version.split('.')
  return chance.one(['^' + version, version, '~' + version, '>=' + version, '<' + version, '*', '', 'latest', 'next', `${major}`, `${major}.x`, `${major}.${minor}`,
    `^${major} || ^${Number(major) + 1}`, `${major}.0.0 - ${version}`, `>${major}`, ` = ${version} `, `npm:${name}@^${version}`, `v${version}`, `^${version}-rc.0`])
}

// asked lists what package.json asks for, as [section, name].
const asked = manifest => sections.flatMap(section => Object.keys(manifest[section] ?? {}).map(name => [section, name]))

const edits = {
  add({ manifest, registry, chance }) {
    const name = chance.one(registry.names())
    const section = chance.one(sections)
    manifest[section] = { ...manifest[section], [name]: range(registry, chance, name) }
    if (section === 'peerDependencies' && chance.in(2)) manifest.peerDependenciesMeta = { ...manifest.peerDependenciesMeta, [name]: { optional: true } }
  },
  addLocked({ manifest, lock, registry, chance }) { // something that is there already, for another
    const at = chance.one(places(lock))
    const section = chance.one(sections)
    if (at) manifest[section] = { ...manifest[section], [folderName(at)]: chance.one([lock.packages[at].version, '^' + lock.packages[at].version, range(registry, chance, packageName(lock, at))]) }
  },
  remove({ manifest, chance }) {
    const [section, name] = chance.one(asked(manifest)) ?? []
    if (section) delete manifest[section][name]
  },
  range({ manifest, registry, chance }) {
    const [section, name] = chance.one(asked(manifest)) ?? []
    if (section) manifest[section][name] = range(registry, chance, name)
  },
  alias({ manifest, registry, chance }) {
    const [section, name] = chance.one(asked(manifest)) ?? []
    const other = chance.one(registry.names())
    if (section) manifest[section][name] = `npm:${other}@${chance.one(['*', '^' + chance.one(registry.versions(other))])}`
  },
  section({ manifest, chance }) {
    const [section, name] = chance.one(asked(manifest)) ?? []
    if (!section) return
    const spec = manifest[section][name]
    delete manifest[section][name]
    const to = chance.one(sections)
    manifest[to] = { ...manifest[to], [name]: spec }
  },
  override({ manifest, lock, registry, chance }) {
    const at = chance.one(places(lock))
    if (!at) return
    const name = folderName(at)
    const { version } = lock.packages[at]
    const value = chance.one([version, '^' + version, '*', '', range(registry, chance, packageName(lock, at)), '$' + (chance.one(asked(manifest))?.[1] ?? name), `npm:${chance.one(registry.names())}@*`])
    const key = chance.one([name, name, `${name}@${version}`, `${name}@^${version}`, `${name}@<${version}`, `${name}@*`])
    const around = chance.one(places(lock))
    manifest.overrides = chance.one([
      { [key]: value }, { ...manifest.overrides, [key]: value }, { [folderName(around)]: { [key]: value } },
      { [folderName(around)]: { '.': lock.packages[around].version, [key]: value } }, { [folderName(around)]: { [folderName(chance.one(places(lock)))]: { [key]: value } } },
    ])
  },
  noOverrides({ manifest }) { delete manifest.overrides },
  accept({ manifest, registry, chance }) {
    const [, name] = chance.one(asked(manifest)) ?? []
    if (name) manifest.acceptDependencies = { [name]: range(registry, chance, name) }
  },
  bundle({ manifest, chance }) {
    const [, name] = chance.one(asked(manifest)) ?? []
    if (name) manifest.bundleDependencies = [name]
  },
  version({ lock, registry, chance }) {
    const at = chance.one(places(lock).filter(p => !lock.packages[p].inBundle))
    if (!at) return
    const name = packageName(lock, at)
    const version = chance.one(registry.versions(name))
    if (!version) return
    const e = lock.packages[at]
    e.version = version
    e.integrity = registry.integrity(name, version)
    if (e.resolved) e.resolved = registry.address(name, version)
  },
  drop({ lock, chance }) {
    const at = chance.one(places(lock))
    if (at) for (const place of Object.keys(lock.packages)) if (place === at || place.startsWith(at + '/')) delete lock.packages[place]
  },
  entryRange({ lock, registry, chance }) {
    const all = places(lock).flatMap(at => [...sections, 'optionalDependencies'].flatMap(s => Object.keys(lock.packages[at][s] ?? {}).map(name => [at, s, name])))
    const [at, section, name] = chance.one(all) ?? []
    if (at) lock.packages[at] = { ...lock.packages[at], [section]: { ...lock.packages[at][section], [name]: range(registry, chance, name) } }
  },
  entryNeeds({ lock, registry, chance }) {
    const at = chance.one(places(lock))
    const name = chance.in(2) ? folderName(chance.one(places(lock)) ?? 'node_modules/leaf') : chance.one(registry.names())
    const section = chance.one(['dependencies', 'optionalDependencies', 'peerDependencies'])
    if (at) lock.packages[at] = { ...lock.packages[at], [section]: { ...lock.packages[at][section], [name]: range(registry, chance, name) } }
  },
  copy({ lock, registry, chance }) { // another version in somebody's own folder
    const into = chance.one(places(lock).filter(p => !lock.packages[p].inBundle))
    const from = chance.one(places(lock).filter(p => !lock.packages[p].inBundle))
    if (!into || !from) return
    const at = `${into}/node_modules/${folderName(from)}`
    const name = packageName(lock, from)
    const version = chance.one(registry.versions(name))
    if (!lock.packages[at] && version) lock.packages[at] = { ...lock.packages[from], version, integrity: registry.integrity(name, version), ...(lock.packages[from].resolved && { resolved: registry.address(name, version) }) }
  },
  legacy(project) { project.npmrc = project.chance.one(['legacy-peer-deps=true\n', 'strict-peer-deps=true\n', '']) },
}

// edit changes a project in one place or two and returns what was done.
export function edit(project) {
  const done = []
  for (let i = project.chance.in(3) ? 2 : 1; i > 0; i--) {
    const name = project.chance.one(Object.keys(edits))
    edits[name](project)
    done.push(name)
  }
  return done
}
