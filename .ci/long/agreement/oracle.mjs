// npm ci's own judgement, in this process: its library loads the lockfile, builds the
// tree that package.json asks for, and npm compares the two. That is all that npm ci
// does before it writes; what it writes is the tree that is returned.
import { createRequire } from 'node:module'
import path from 'node:path'

export class Oracle {
  constructor(root, work) {
    const require = createRequire(path.join(root, 'npm', 'package.json'))
    this.Arborist = require('@npmcli/arborist')
    this.validate = require('./lib/utils/validate-lockfile.js')
    this.work = work
  }

  #options(world, folder, npmrc = '') {
    return { path: folder, packageLock: true, save: false, registry: world.registry.url, cache: path.join(this.work, 'cache', world.name, '_cacache'),
      legacyPeerDeps: /legacy-peer-deps=true/.test(npmrc), strictPeerDeps: /strict-peer-deps=true/.test(npmrc), workspaces: [], omit: world.omit ?? [],
      workspacesEnabled: true, nodeVersion: process.version, npmVersion: '11.0.0', audit: false }
  }

  // lock writes a lockfile, as npm install --package-lock-only does.
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
