// npm ci's own judgement, in a thread: its library loads the lockfile, builds the tree
// that package.json asks for, and npm compares the two. That is all that npm ci does
// before it writes; what it writes is the tree that is returned.
//
// Of some projects npm never ends (an override of a package that is also asked for by an
// alias, below a bundled one, was seen to do it), so it has a time, and a thread that is
// over it is stopped.
import { createRequire } from 'node:module'
import path from 'node:path'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'

// Oracle asks a thread, and gives it up where it does not answer within patience, in
// seconds.
export class Oracle {
  constructor(root, work, patience) {
    this.data = { root, work }
    this.patience = patience
  }

  // lock writes a lockfile, as npm install --package-lock-only does.
  lock(world, folder, omit) { return this.#ask('lock', world, folder, omit) }

  // judge returns { refused, said, dropped, tree }, or { endless: true }.
  judge(world, folder, npmrc) { return this.#ask('judge', world, folder, npmrc) }

  async #ask(what, world, ...rest) {
    this.worker ??= new Worker(new URL(import.meta.url), { workerData: this.data })
    const worker = this.worker
    const { promise, resolve } = deferred()
    const timer = setTimeout(() => resolve({ endless: true }), 1000 * this.patience)
    const failed = error => resolve({ failed: error.message })
    worker.on('message', resolve).on('error', failed)
    worker.postMessage([what, { name: world.name, url: world.registry.url, omit: world.omit }, ...rest])
    const answer = await promise
    clearTimeout(timer)
    worker.off('message', resolve).off('error', failed)
    if (answer.endless || answer.failed) {
      this.worker = undefined
      await worker.terminate()
    }
    if (answer.failed) throw new Error(answer.failed)
    return answer
  }

  close() { return this.worker?.terminate() }
}

function deferred() {
  let resolve
  const promise = new Promise(done => { resolve = done })
  return { promise, resolve }
}

class Npm {
  constructor({ root, work }) {
    const require = createRequire(path.join(root, 'npm', 'package.json'))
    this.Arborist = require('@npmcli/arborist')
    this.validate = require('./lib/utils/validate-lockfile.js')
    this.work = work
  }

  #options(world, folder, npmrc = '') {
    return { path: folder, packageLock: true, save: false, registry: world.url, cache: path.join(this.work, 'cache', world.name, '_cacache'),
      legacyPeerDeps: /legacy-peer-deps=true/.test(npmrc), strictPeerDeps: /strict-peer-deps=true/.test(npmrc), workspaces: [], omit: world.omit ?? [],
      workspacesEnabled: true, nodeVersion: process.version, npmVersion: '11.0.0', audit: false }
  }

  async lock(world, folder, omitLockfileRegistryResolved) {
    const arborist = new this.Arborist({ ...this.#options(world, folder), save: true, packageLockOnly: true, omitLockfileRegistryResolved, complete: true })
    await arborist.reify({ save: true, packageLockOnly: true, complete: true })
  }

  async judge(world, folder, npmrc) {
    const options = this.#options(world, folder, npmrc)
    try {
      const virtual = new this.Arborist(options)
      await virtual.loadVirtual()
      const locked = new Map(virtual.virtualTree.inventory)
      const arborist = new this.Arborist(options)
      await arborist.buildIdealTree()
      const errors = this.validate(locked, arborist.idealTree.inventory)
      if (errors.length > 0) return { refused: true, said: errors.join('\n') }
      const omit = new Set(options.omit)
      const tree = [...arborist.idealTree.inventory.values()].filter(n => !n.isProjectRoot && !n.isLink && n.location.includes('node_modules/') && !n.inert && !n.extraneous && !n.shouldOmit(omit))
      // What the lockfile has and npm drops, without a word, while it mends something.
      const dropped = [...locked].filter(([at, n]) => !n.extraneous && at !== '' && !arborist.idealTree.inventory.get(at)).map(([at]) => at)
      return { refused: false, said: '', dropped, tree: tree.map(n => `${n.location} ${n.version}`).sort() }
    } catch (error) {
      return { refused: true, said: `Error ${error.code ?? ''} ${error.message}` }
    }
  }
}

if (!isMainThread) {
  const npm = new Npm(workerData)
  parentPort.on('message', async ([what, ...rest]) => {
    try {
      parentPort.postMessage(await npm[what](...rest) ?? {})
    } catch (error) {
      parentPort.postMessage({ thrown: `${error.code ?? ''} ${error.message}` })
    }
  })
}
