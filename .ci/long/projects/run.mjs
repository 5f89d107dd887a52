// run.mjs --nbuild PROGRAM --work FOLDER [--modes off,report,enforce] PROJECT…: takes each
// project, a folder with its package.json, its lockfile and its sources, through init, pin
// and build in a fresh folder, and starts its image, with the guard off, reporting and
// enforcing. A file PROJECT.env beside a project holds variables that its server is
// started with, NAME=value a line. It prints a table, and writes FOLDER/results.json.
//
// An image counts as started where it answers over HTTP, listens, or comes to connecting
// to a database that is not there. Blocks that a message proposes are pasted, and counted;
// nothing else is edited.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const args = process.argv.slice(2)
const option = (name, otherwise) => { const i = args.indexOf('--' + name); return i < 0 ? otherwise : args.splice(i, 2)[1] }
const nbuild = resolve(option('nbuild', 'nbuild'))
const work = resolve(option('work', 'projects.work'))
const modes = option('modes', 'off,report,enforce').split(',')
const keep = option('keep', '') === 'yes'
const projects = args.map(p => resolve(p))
const here = dirname(fileURLToPath(import.meta.url))
mkdirSync(work, { recursive: true })

const resultsFile = join(work, 'results.json')
const results = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : {}

function run(dir, ...command) {
  const start = Date.now()
  const r = spawnSync(command[0], command.slice(1), { cwd: dir, encoding: 'utf8', maxBuffer: 1 << 28, timeout: 30 * 60_000 })
  return { ok: r.status === 0, code: r.status ?? r.signal, out: r.stdout ?? '', err: r.stderr ?? '', seconds: (Date.now() - start) / 1000 }
}

// problems are the errors of an answer: code and what.
const problems = err => [...err.matchAll(/^error\[(NB\d+)\]: (.*)$/gm)].map(m => `${m[1]} ${m[2]}`)

// pasted puts the blocks that errors and warnings propose into a build file, each once, and
// returns how many those were.
function pasted(dir, said) {
  const file = join(dir, 'build.hcl')
  let text = readFileSync(file, 'utf8')
  const blocks = { dynamism: new Map(), npm: new Map() }
  const proposal = /\b(evaluator|instrumenter|unbuilt|load) "([^"]+)" \{/g
  // One message names several packages, and shows the block of the first.
  for (const [, labels] of said.matchAll(/modules of (.*?) turn strings into code/g)) said += labels.split(', ').map(l => ` evaluator "${l}" {`).join('')
  // Where a package can be built, that is what is proposed first.
  const built = new Map([...said.matchAll(/\bscript "([^"]+)" \{\s+allow\s+= (\[[^\]]*\])/g)].map(([, label, allow]) => [label, allow]))
  const add = (outer, head, more = '') => {
    if (!new RegExp('^ *' + head.replace(/[^\w ]/g, '\\$&'), 'm').test(text)) blocks[outer].set(head, `  ${head}\n${more}    reason = "as the message proposes"\n  }\n`)
  }
  for (const [label, allow] of built) add('npm', `script ${JSON.stringify(label)} {`, `    allow = ${allow}\n`)
  for (const [, kind, label] of said.matchAll(proposal)) {
    if (kind !== 'unbuilt' || !built.has(label)) add(kind === 'unbuilt' ? 'npm' : 'dynamism', `${kind} ${JSON.stringify(label)} {`)
  }
  // What the guard saw load and the list has not: its record names the file.
  for (const [line] of said.matchAll(/^\{"schema":"nbuild\.guard\/v1".*\}$/gm)) {
    const r = JSON.parse(line)
    const [allowed, kind, label] = r.allow.match(/^(evaluator|instrumenter|generated) "([^"]+)"$/) ?? []
    if (allowed) add('dynamism', `${kind} ${JSON.stringify(label)} {`)
    if (r.kind === 'unlisted' && r.path?.startsWith('/app/')) add('dynamism', `load ${JSON.stringify(r.path.slice(5))} {`)
  }
  let n = 0
  for (const [outer, all] of [['dynamism', blocks.dynamism], ['npm "deps"', blocks.npm]]) {
    if (all.size === 0) continue
    n += all.size
    const body = [...all.values()].join('')
    const at = text.indexOf(`\n${outer} {\n`)
    if (at >= 0) text = text.slice(0, at) + `\n${outer} {\n${body}` + text.slice(at + outer.length + 4)
    else text += `\n${outer} {\n${body}}\n`
  }
  if (n > 0) writeFileSync(file, text)
  return n
}

// unpacked lays an image layout out as a folder.
function unpacked(layout, into) {
  const blob = d => join(layout, 'blobs', ...d.split(':'))
  const json = d => JSON.parse(readFileSync(blob(d), 'utf8'))
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'))
  const manifest = json(index.manifests.find(m => !m.artifactType).digest)
  mkdirSync(into, { recursive: true })
  for (const l of manifest.layers) {
    const r = spawnSync('tar', ['-xf', blob(l.digest), '-C', into, '--no-same-owner'], { encoding: 'utf8' })
    if (r.status !== 0) throw new Error(`unpacking ${l.digest}: ${r.stderr}`)
  }
  for (const d of ['proc', 'dev', 'tmp']) mkdirSync(join(into, d), { recursive: true })
  return json(manifest.config.digest).config
}

// started starts an image and says how far it came.
function started(layout, root, variables) {
  rmSync(root, { recursive: true, force: true })
  const config = unpacked(layout, root)
  const env = Object.fromEntries((config.Env ?? []).map(v => [v.slice(0, v.indexOf('=')), v.slice(v.indexOf('=') + 1)]))
  const command = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])]
  const r = spawnSync('bwrap', ['--dev-bind', '/', '/', '--unshare-net', '--', process.execPath, join(here, 'start.mjs'), root, config.WorkingDir || '/',
    config.User.split(':')[0], '25', JSON.stringify({ ...env, ...variables }), ...command], { encoding: 'utf8', maxBuffer: 1 << 26, timeout: 120_000 })
  rmSync(root, { recursive: true, force: true })
  if (r.status !== 0) return { state: 'not tried', log: r.stderr }
  const s = JSON.parse(r.stdout)
  const guard = (s.log.match(/nbuild\.guard\/v1|nbuild guard:/g) ?? []).length
  const status = Object.values(s.answers).find(a => a !== null)
  const connects = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|ServerSelection|P1001|Can't reach database|connect.*failed|getaddrinfo|Connection is closed/i.test(s.log)
  const state = status !== undefined ? `answers ${status}` : s.listens.length > 0 ? 'listens' : connects ? 'connects' : s.ended !== null ? `ends ${s.ended}` : 'runs, silent'
  const records = s.log.split('\n').filter(l => l.startsWith('{"schema":"nbuild.guard/v1"')).join('\n')
  return { state, guard, records, log: s.log.slice(-6000) }
}

const well = s => s !== undefined && /^(answers|listens|connects)/.test(s)

for (const source of projects) {
  const name = basename(source)
  const at = join(work, name)
  const dir = join(at, 'app')
  const r = results[name] = { edits: 0, blocks: 0, steps: [], starts: {}, said: [] }
  rmSync(at, { recursive: true, force: true })
  cpSync(source, dir, { recursive: true, verbatimSymlinks: true })
  run(dir, 'git', 'init', '-q')
  run(dir, 'git', 'add', '-A')
  run(dir, 'git', '-c', 'user.name=ci', '-c', 'user.email=ci@example.com', 'commit', '-qm', 'As it is')
  const variables = existsSync(source + '.env') ? Object.fromEntries(readFileSync(source + '.env', 'utf8').split('\n').filter(l => l.includes('=')).map(l => [l.slice(0, l.indexOf('=')), l.slice(l.indexOf('=') + 1)])) : {}
  try {
    const init = run(dir, nbuild, '--json', 'init')
    r.init = init.ok ? 'written' : problems(run(dir, nbuild, 'init').err).join('; ')
    if (!init.ok) continue
    const answer = JSON.parse(init.out)
    Object.assign(r, { steps: answer.steps, cmd: answer.cmd, unknown: answer.unknown, uses: [...answer.text.matchAll(/^ *use += "(.*)"$/gm)].map(m => m[1]) })
    const pin = run(dir, nbuild, '--progress', 'quiet', 'pin')
    r.pin = pin.ok ? Math.round(pin.seconds) : problems(pin.err).join('; ')
    if (!pin.ok) { r.said.push(pin.err.slice(-3000)); continue }
    let reported = ''
    for (const mode of modes) {
      if (mode === 'enforce') r.blocks += pasted(dir, reported) // what it said in report
      const file = join(dir, 'build.hcl')
      const was = readFileSync(file, 'utf8')
      writeFileSync(file, was.replace(/\n  guard +=.*/, '').replace(/(\nimage "[^"]+" \{\n)/, `$1  guard = "${mode}"\n`))
      let built, s
      for (let i = 0; i < 12; i++) {
        built = run(dir, nbuild, '--progress', 'plain', 'build', '-v', '--to', 'oci:../out')
        let proposed = mode === 'enforce' || !built.ok ? pasted(dir, built.err) : 0
        if (proposed > 0 && /\bscript "/.test(built.err)) run(dir, nbuild, '--progress', 'quiet', 'pin')
        if (proposed === 0 && built.ok) {
          s = started(join(at, 'out'), join(at, 'root'), variables)
          if (mode === 'enforce' && s.guard > 0) proposed = pasted(dir, s.log)
          if (mode === 'report') reported = s.records
        }
        r.blocks += proposed
        if (proposed === 0) break
      }
      rmSync(join(at, 'out'), { recursive: true, force: true })
      if (!built.ok) {
        r.starts[mode] = 'not built: ' + problems(built.err).join('; ')
        r.said.push(`${mode}: ` + built.err.slice(-4000))
        continue
      }
      r.starts[mode] = s.state
      r['guard ' + mode] = s.guard
      if (!well(s.state) || s.guard > 0) r.said.push(`${mode}: ${s.log}`)
    }
  } catch (e) {
    r.said.push(String(e.stack ?? e))
  } finally {
    if (!keep) rmSync(at, { recursive: true, force: true })
    writeFileSync(resultsFile, JSON.stringify(results, null, 1))
    console.log([name, r.init, (r.uses ?? []).join('+') || '-', r.pin, ...modes.map(m => r.starts[m] ?? '-'), `${r.blocks} blocks`].join(' | '))
  }
}
const count = m => Object.values(results).filter(r => well(r.starts?.[m])).length
console.log(`${Object.keys(results).length} projects; started: ${modes.map(m => `${m} ${count(m)}`).join(', ')}`)
