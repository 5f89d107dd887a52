// Edits package.json and lockfiles at random, and holds nbuild to npm: both refuse, or
// both give the same tree.
//
//   node run.mjs --nbuild FILE --work FOLDER [--edits 500] [--seed 1] [--corpus FOLDER]
//                [--real 3] [--disk 4] [--seconds N] [--one N] [--patience 120]
//
// Where npm does not end within --patience seconds, nbuild has to, with either answer.
//
// Edits are of small made projects, and one in --real is of a project of the corpus,
// whose packages are real in all but their bytes. npm's own code judges each in this
// process, as npm ci calls it; one in --disk is given to npm ci itself as well, which
// must judge alike, and whose tree is compared on disk, names, content, modes, links.
// nbuild is its binary, pin and then install, each time.
//
// Prints each disagreement that docs/formats.md does not name, and ends with 1 if there
// is one; the project is then left in the work folder. --one takes that edit alone;
// --seconds ends the campaign after that time, with what it did until then.
import { execFileSync, spawn } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createRequire } from 'node:module'
import { Chance } from './chance.mjs'
import { edit } from './edits.mjs'
import { Oracle } from './oracle.mjs'
import { Registry } from './registry.mjs'
import { real, sample, small } from './worlds.mjs'

const { values: o } = parseArgs({ options: {
  nbuild: { type: 'string' }, work: { type: 'string' }, edits: { type: 'string', default: '500' }, seed: { type: 'string', default: '1' },
  corpus: { type: 'string' }, real: { type: 'string', default: '3' }, disk: { type: 'string', default: '4' }, seconds: { type: 'string', default: '100000' }, patience: { type: 'string', default: '120' }, one: { type: 'string' } } })
const modules = execFileSync('npm', ['root', '-g'], { encoding: 'utf8' }).trim()
const semver = createRequire(path.join(modules, 'npm', 'package.json'))('semver')
const chance = new Chance(Number(o.seed))
const work = path.resolve(o.work)
const nbuild = path.resolve(o.nbuild)
fs.mkdirSync(work, { recursive: true })

const worlds = []
const open = async fill => {
  const registry = new Registry()
  await registry.open()
  const world = { registry, ...fill(registry) }
  worlds.push(world)
  return world
}
const made = await open(registry => { small(registry); return { name: 'made' } })
const corpora = []
if (o.corpus) for (const name of ['uptime-kuma', 'parse-server']) {
  corpora.push(await open(registry => ({ name, ...real(registry, path.join(o.corpus, name)), npmrc: name === 'uptime-kuma' ? 'legacy-peer-deps=true\n' : '',
    omit: name === 'parse-server' ? ['dev'] : [] })))
}

const environment = (world, legacy) => ({ ...process.env, NODE_ENV: '', NBUILD_STORE: path.join(work, 'store'), HOME: work,
  npm_config_registry: world.registry.url, npm_config_cache: path.join(work, 'cache', world.name), npm_config_audit: 'false', npm_config_fund: 'false',
  npm_config_update_notifier: 'false', npm_config_loglevel: 'error', npm_config_omit_lockfile_registry_resolved: String(legacy) })
// run waits without standing still: the registry answers from this process.
const run = (world, folder, legacy, program, ...args) => new Promise(resolve => {
  const child = spawn(program, args, { cwd: folder, env: environment(world, legacy), stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { said += text })
  child.on('close', (code, signal) => resolve({ code: signal ? 128 : code, said }))
})

function lay(folder, project) {
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  const write = (name, text) => fs.writeFileSync(path.join(folder, name), text)
  write('package.json', JSON.stringify(project.manifest, null, 2) + '\n')
  if (project.lock) write('package-lock.json', JSON.stringify(project.lock, null, 2) + '\n')
  if (project.npmrc) write('.npmrc', project.npmrc)
  write('build.hcl', 'nbuild = "1"\n\nproject "app" {}\n\nnpm "deps" {}\n')
  for (const [at, manifest] of Object.entries(project.folders ?? {})) {
    fs.mkdirSync(path.join(folder, at), { recursive: true })
    fs.writeFileSync(path.join(folder, at, 'package.json'), JSON.stringify(manifest))
  }
}

// tree lists what is installed: each file with its digest and mode, each link.
function tree(folder) {
  const all = []
  const walk = at => {
    for (const entry of fs.readdirSync(path.join(folder, at), { withFileTypes: true })) {
      const name = at + '/' + entry.name
      const full = path.join(folder, name)
      if (entry.isDirectory()) walk(name)
      else if (entry.isSymbolicLink()) all.push(`${name} -> ${fs.readlinkSync(full)}`)
      else if (entry.name !== '.package-lock.json') all.push(`${name} ${(fs.statSync(full).mode & 0o777).toString(8)} ${crypto.createHash('sha256').update(fs.readFileSync(full)).digest('hex').slice(0, 16)}`)
    }
  }
  if (fs.existsSync(path.join(folder, 'node_modules'))) walk('node_modules')
  return all.sort()
}

// folders lists the packages of a tree by place and version.
function folders(list, folder, lock) {
  // Also where an edit took the entry away: npm itself finds it in the tarball.
  const bundled = at => {
    const [, above, name] = at.match(/^(?:(.*)\/)?node_modules\/((?:@[^/]+\/)?[^/]+)$/) ?? []
    return lock.packages[at]?.inBundle || above && lock.packages[above]?.bundleDependencies?.includes(name)
  }
  return list.filter(line => !bundled(line.split(' ')[0].slice(0, -'/package.json'.length))).filter(line => /\/package\.json \d+ [0-9a-f]+$/.test(line)).map(line => line.split(' ')[0].slice(0, -'/package.json'.length)).map(at =>
    `${at} ${JSON.parse(fs.readFileSync(path.join(folder, at, 'package.json'))).version}`).sort()
}

// fitsAbove reports whether a problem is of an entry that does not fit, and one that does
// stands above it.
function fitsAbove(problem, packages) {
  const [, range, at] = problem.match(/ asks for (?:@?[^@ ]+)@(.+), and the lockfile has \S+ \S+ \((\S+)\)$/) ?? []
  const name = at?.split('node_modules/').at(-1)
  for (let above = at; above;) {
    above = above.slice(0, Math.max(0, above.lastIndexOf('node_modules/') - 1)) // its dependent's folder
    const there = above.slice(0, Math.max(0, above.lastIndexOf('node_modules/'))) + 'node_modules/' + name
    if (above && packages[there] && semver.satisfies(packages[there].version, range, { loose: true })) return true
  }
  return false
}

// accepted names the disagreements that docs/formats.md gives a reason for.
function accepted(npm, said, project) {
  const tagged = /"(npm:[^"]*@)?(latest|next)"/.test(JSON.stringify([project.manifest, project.lock]))
  const problems = [...said.matchAll(/^error\[(NB\d+)\]: (.*)$/gm)].map(m => m[2])
  if (!npm.refused && problems.length > 0) {
    if (problems.every(p => p.includes('has another package there'))) return "another package's name"
    if (problems.every(p => /^(\S+) asks as a peer for .*\(\1\/node_modules\/(@[^/]+\/)?[^/]+\)$/.test(p))) return "a peer in its dependent's own folder"
    if (problems.every(p => fitsAbove(p, project.lock.packages))) return 'an entry that does not fit, below one that does'
    if (npm.dropped.length > 0) return 'an entry that does not fit, for which npm drops some'
  }
  if (problems.length === 0 && tagged) return 'a tag, which npm asks the registry for'
  return ''
}

const count = { edits: 0, refused: 0, equal: 0, onDisk: 0, accepted: {}, wrong: 0, npm: 0, endless: 0 }
const report = (kind, i, project, more) => {
  count.wrong++
  lay(path.join(work, `wrong-${i}`), project)
  console.log(`edit ${i} (${project.world.name}: ${project.done.join(', ')}): ${kind}, in ${path.join(work, `wrong-${i}`)}\n${more}`)
}

async function judge(i, project) {
  const { world } = project
  const theirs = path.join(work, 'npm')
  const ours = path.join(work, 'nbuild')
  lay(ours, project)
  const omit = (world.omit ?? []).flatMap(kind => ['--omit', kind])
  lay(theirs, project)
  let npm = await oracle.judge(world, theirs, project.npmrc)
  if (npm.thrown) throw new Error(`edit ${i}: ${npm.thrown}`)
  const full = !npm.endless && i % (world === made ? Number(o.disk) : 2 * Number(o.disk) * Number(o.real)) === 0
  if (full) {
    lay(theirs, project)
    count.npm++
    const r = await run(world, theirs, true, 'npm', 'ci', '--ignore-scripts', ...omit)
    if (npm.refused !== (r.code !== 0)) throw new Error(`edit ${i}: npm ci ends with ${r.code}, its code called here says ${npm.said || 'nothing'}\n${r.said}`)
    npm = { ...npm, refused: r.code !== 0, said: r.said }
  }
  // What was pinned before stays, so that a large project is not fetched each time.
  if (world.pinned) fs.writeFileSync(path.join(ours, 'nbuild.lock'), world.pinned)
  let mine = await run(world, ours, true, nbuild, 'pin', '--progress', 'quiet')
  if (mine.code === 0) world.pinned = fs.readFileSync(path.join(ours, 'nbuild.lock'))
  if (mine.code === 0) mine = await run(world, ours, true, nbuild, 'install', '--progress', 'quiet', ...omit)
  if (npm.endless) {
    if (mine.code === 0 || mine.code === 3) count.endless++
    else report('npm does not end, and nbuild does not answer', i, project, mine.said)
    return
  }
  const told = `  npm: ${npm.said.split('\n').filter(l => /Missing:|Invalid:|code E|ERESOLVE|EOVERRIDE|Error/.test(l)).slice(0, 5).join('\n       ')}\n  nbuild (${mine.code}): ${mine.said.slice(0, 1500)}`
  if (npm.refused !== (mine.code !== 0) || mine.code !== 0 && mine.code !== 3) {
    const why = mine.code === 0 || mine.code === 3 ? accepted(npm, mine.said, project) : ''
    if (why) count.accepted[why] = (count.accepted[why] ?? 0) + 1
    else report(npm.refused ? 'npm refuses and nbuild does not' : 'nbuild refuses and npm does not', i, project, told)
    return
  }
  if (npm.refused) { count.refused++; return }
  const installed = tree(ours)
  const [a, b] = full ? [tree(theirs), installed] : [npm.tree.filter(line => !project.lock.packages[line.split(' ')[0]]?.inBundle), folders(installed, ours, project.lock)]
  const differ = [...a.filter(x => !b.includes(x)).map(x => '  < ' + x), ...b.filter(x => !a.includes(x)).map(x => '  > ' + x)]
  if (differ.length > 0 && accepted(npm, '', project)) {
    const why = accepted(npm, '', project)
    count.accepted[why] = (count.accepted[why] ?? 0) + 1
    return
  }
  if (differ.length > 0) return report('the trees differ (< npm, > nbuild)', i, project, differ.slice(0, 20).join('\n'))
  count.equal++
  if (full) count.onDisk++
}

const oracle = new Oracle(modules, work, Number(o.patience))
const bases = []
const start = Date.now()
for (let i = 1; i <= Number(o.edits) && Date.now() - start < 1000 * Number(o.seconds); i++) {
  let project
  if (corpora.length > 0 && i % Number(o.real) === 0) {
    const world = corpora[Math.floor(i / Number(o.real)) % corpora.length]
    project = { world, manifest: structuredClone(world.manifest), lock: structuredClone(world.lock), folders: world.folders, npmrc: world.npmrc }
  } else {
    if (bases.length === 0 || i % 8 === 1) { // a new project now and then: npm writes its lockfile
      for (;;) {
        const base = { world: made, manifest: sample(made.registry, chance) }
        const at = path.join(work, 'base')
        lay(at, base)
        const bare = chance.in(2)
        const written = await oracle.lock(made, at, bare)
        if (written.thrown || written.endless) continue
        base.lock = JSON.parse(fs.readFileSync(path.join(at, 'package-lock.json')))
        bases[0] = base
        break
      }
    }
    project = { world: made, manifest: structuredClone(bases[0].manifest), lock: structuredClone(bases[0].lock) }
  }
  project = { ...project, chance, registry: project.world.registry }
  project.done = edit(project)
  if (o.one && Number(o.one) !== i) continue
  count.edits++
  await judge(i, project)
}
const { edits, refused, equal, onDisk, wrong, endless } = count
console.log(`${edits} edits in ${Math.round((Date.now() - start) / 1000)} s: ${refused} refused by both, ${equal} trees equal (${onDisk} of them on disk, byte for byte), ` +
  `${Object.entries(count.accepted).map(([why, n]) => `${n} as documented: ${why}`).join(', ') || 'no documented difference'}, ${endless} that npm does not end with, ${wrong} disagreements; npm ci ran ${count.npm} times`)
for (const world of worlds) world.registry.close()
await oracle.close()
process.exit(wrong > 0 ? 1 : 0)
