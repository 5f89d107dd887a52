// start.mjs ROOT WORKDIR UID SECONDS ENV-JSON COMMAND…: starts what an image starts, in its
// own root, as its user, with nothing of the host but /proc, /dev and an empty /tmp, and
// prints as JSON how far it came. It is itself run in a network of its own, whose loopback
// alone is up, so whatever listens there is the server.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'

const [root, workdir, uid, seconds, env, ...command] = process.argv.slice(2)
const args = ['--ro-bind', root, '/', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--unshare-user', '--uid', uid, '--gid', uid,
  '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--die-with-parent', '--clearenv', '--chdir', workdir]
for (const [name, value] of Object.entries(JSON.parse(env))) args.push('--setenv', name, value)
const server = spawn('bwrap', [...args, '--', ...command], { stdio: ['ignore', 'pipe', 'pipe'] })
let log = ''
let ended = null
for (const out of [server.stdout, server.stderr]) out.on('data', d => { log = (log + d).slice(-200000) })
server.on('close', (code, signal) => { ended = signal ?? code })

const wait = ms => new Promise(r => setTimeout(r, ms))

// listening lists the TCP ports of this network on which somebody listens.
function listening() {
  const ports = new Set()
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(file, 'utf8').split('\n').slice(1)) {
      const [, local, , state] = line.trim().split(/\s+/)
      if (state === '0A') ports.add(parseInt(local.split(':').pop(), 16))
    }
  }
  return [...ports].sort((a, b) => a - b)
}

// ask returns the status that a port answers over HTTP, null where it answers nothing.
const ask = port => new Promise(answer => {
  const r = request({ host: 'localhost', port, path: '/', timeout: 8000, headers: { accept: 'text/html,*/*' } }, res => { res.resume(); answer(res.statusCode) })
  r.on('timeout', () => r.destroy())
  r.on('error', () => answer(null))
  r.end()
})

const until = Date.now() + seconds * 1000
const result = { answers: {}, listens: [], ended: null }
while (Date.now() < until && ended === null) {
  await wait(300)
  result.listens = listening()
  for (const port of result.listens) {
    if (result.answers[port] === undefined) result.answers[port] = await ask(port)
  }
  if (Object.values(result.answers).some(s => s !== null)) break
}
await wait(1500) // what loads late, and whatever the question itself has begun
result.ended = ended
server.kill('SIGKILL')
for (let i = 0; i < 20 && ended === null; i++) await wait(50)
result.log = log
process.stdout.write(JSON.stringify(result), () => process.exit(0)) // a pipe takes a long one in parts
