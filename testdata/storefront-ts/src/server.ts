import { createServer } from 'node:http'

import { total } from './cart'
import { products } from './catalogue'

const server = createServer((request, response) => {
  const answer = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  if (request.url === '/healthz') return answer(200, { ok: true })
  if (request.url === '/products') return answer(200, products)
  if (request.url !== '/total' || request.method !== 'POST') return answer(404, { error: 'nothing is here' })
  let body = ''
  request.setEncoding('utf8')
  request.on('data', (chunk: string) => { if ((body += chunk).length > 10_000) request.destroy() })
  request.on('end', () => {
    try {
      answer(200, { cents: total(JSON.parse(body)) })
    } catch (e) {
      answer(400, { error: e instanceof Error ? e.message : 'no cart' })
    }
  })
})

server.listen(Number(process.env['PORT'] ?? 8080), process.env['HOST'] ?? '0.0.0.0', () => { console.log('open') })

process.once('SIGTERM', () => { server.close(() => process.exit(0)) })
