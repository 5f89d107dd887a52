// A registry on the loopback of packages that are made as they are asked for: each
// tarball holds a package.json and one file, so that whole trees are npm's in shape
// and small in bytes.
import crypto from 'node:crypto'
import http from 'node:http'
import zlib from 'node:zlib'

const block = 512

function header(name, size) {
  const b = Buffer.alloc(block)
  const octal = (n, width) => n.toString(8).padStart(width - 1, '0') + '\0'
  b.write(name, 0, 100)
  b.write(octal(0o644, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(499162500, 12) + ' '.repeat(8) + '0', 100, 'latin1')
  b.write('ustar\x0000', 257, 'latin1')
  b.write(octal(b.reduce((sum, byte) => sum + byte, 0), 7) + ' ', 148, 'latin1')
  return b
}

function tar(files) {
  const parts = []
  for (const [name, text] of files) {
    const body = Buffer.from(text)
    parts.push(header(name, body.length), body, Buffer.alloc((block - body.length % block) % block))
  }
  return zlib.gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * block)]))
}

export class Registry {
  #packages = new Map() // name to version to {manifest, bundled, tarball}
  #server

  // add publishes a version; bundled are [folder, manifest] of what its tarball brings.
  add(manifest, bundled = []) {
    const versions = this.#packages.get(manifest.name) ?? new Map()
    this.#packages.set(manifest.name, versions)
    if (!versions.has(manifest.version)) versions.set(manifest.version, { manifest, bundled })
  }

  names() { return [...this.#packages.keys()] }
  versions(name) { return [...(this.#packages.get(name)?.keys() ?? [])] }
  manifest(name, version) { return this.#packages.get(name)?.get(version)?.manifest }

  tarball(name, version) {
    const p = this.#packages.get(name)?.get(version)
    if (!p) return undefined
    p.tarball ??= tar([
      ['package/package.json', JSON.stringify(p.manifest)], ['package/index.js', `module.exports = '${name}@${version}'\n`],
      ...p.bundled.flatMap(([folder, m]) => [[`package/${folder}/package.json`, JSON.stringify(m)], [`package/${folder}/index.js`, `module.exports = '${m.name}@${m.version}'\n`]]),
    ])
    return p.tarball
  }

  integrity(name, version) {
    const tarball = this.tarball(name, version)
    return tarball && 'sha512-' + crypto.createHash('sha512').update(tarball).digest('base64')
  }

  address(name, version) { return `${this.url}${name}/-/${name.split('/').pop()}-${version}.tgz` }

  #document(name) {
    const versions = this.#packages.get(name)
    if (!versions) return undefined
    const known = {}
    for (const [version, { manifest }] of versions) {
      known[version] = { ...manifest, dist: { integrity: this.integrity(name, version), tarball: this.address(name, version) } }
    }
    const plain = [...versions.keys()].filter(v => !v.includes('-'))
    return { name, versions: known, 'dist-tags': { latest: plain.at(-1) ?? [...versions.keys()].at(-1), next: [...versions.keys()].at(-1) },
      time: Object.fromEntries([...versions.keys()].map(v => [v, '2020-01-01T00:00:00.000Z'])) }
  }

  async open() {
    this.#server = http.createServer((request, response) => {
      const asked = decodeURIComponent(new URL(request.url, 'http://x').pathname).slice(1)
      const [name, file] = asked.split('/-/')
      const version = file?.slice(name.split('/').pop().length + 1, -'.tgz'.length)
      const body = file ? this.tarball(name, version) : this.#document(name)
      response.writeHead(body ? 200 : 404, { 'content-type': file ? 'application/octet-stream' : 'application/json' })
      response.end(file ? body : JSON.stringify(body ?? { error: 'not found' }))
    })
    await new Promise(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${this.#server.address().port}/`
  }

  close() { this.#server.close() }
}
