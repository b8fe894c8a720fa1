import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { IncomingMessage } from 'node:http'
import { alike, event, listening } from '../support/http.js'
import '../support/census.js'
import { until } from '../support/until.js'

const host = '127.0.0.1'
const large = randomBytes(4 * 2 ** 20)
const sum = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

alike('a large body arrives whole, there and back', sum(large), async (world, t) => {
  const server = world.http.createServer(world.server, (request, response) => {
    request.pipe(response)
  })
  const port = await listening(t, server)
  const request = world.http.request({ port, host, method: 'POST', agent: false })
  const answered = event<[IncomingMessage]>(request, 'response')
  await pipeline(Readable.from(pieces(large)), request)
  const [response] = await answered
  return sum(await buffer(response))
})

alike('a writer waits for a client that does not read', [true, 64 * 2 ** 20], async (world, t) => {
  const chunk = Buffer.alloc(2 ** 20)
  let written = 0
  let isFull = false
  const server = world.http.createServer(world.server, (_request, response) => {
    const write = (): void => {
      while (written < 64) {
        written += 1
        if (response.write(chunk)) continue
        isFull = true
        response.once('drain', write)
        return
      }
      response.end()
    }
    write()
  })
  const port = await listening(t, server)
  const request = world.http.get({ port, host, agent: false })
  const [response] = await event<[IncomingMessage]>(request, 'response')
  await until('it waits', () => isFull)
  const isEarly = written < 64
  let received = 0
  for await (const bytes of response) received += (bytes as Buffer).length
  return [isEarly, received]
})

alike(
  'both sides are told when the other one goes away in the middle',
  ['aborted', 'ECONNRESET'],
  async (world, t) => {
    let outcome = ''
    const server = world.http.createServer(world.server, (request, response) => {
      if (request.url === '/client') {
        request.once('error', () => {})
        response.once('close', () => {
          outcome = response.writableFinished ? 'finished' : 'aborted'
        })
        response.write('some')
      } else {
        response.write('some')
        response.once('close', () => {})
        setImmediate(() => request.socket.destroy())
      }
    })
    const port = await listening(t, server)
    const going = connect(port, host)
    going.write('GET /client HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(going, 'data')
    going.destroy()
    await until('the server knows', () => outcome !== '')

    const request = world.http.get({ port, host, path: '/server', agent: false })
    const [response] = await event<[IncomingMessage]>(request, 'response')
    response.resume()
    const [error] = await event<[NodeJS.ErrnoException]>(response, 'error')
    return [outcome, error.code]
  },
)

alike('a request that comes with its end is answered', 'whole', async (world, t) => {
  const server = world.http.createServer(world.server, (_request, response) => {
    response.end('whole')
  })
  const port = await listening(t, server)
  const socket = connect(port, host)
  socket.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  const all = String(await buffer(socket))
  return all.slice(all.indexOf('\r\n\r\n') + 4)
})

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000)
}
