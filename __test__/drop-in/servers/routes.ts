/** What a server of the tests answers, in the words of `node:http`. Frameworks call these as theirs. */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

type Route = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** As many bytes as asked for, each of which tells where it is. */
export function bytes(count: number): Buffer {
  const all = Buffer.allocUnsafe(count)
  for (let at = 0; at < count; at += 1) all[at] = at % 251
  return all
}

/** How many answers were given up by those who wanted them. */
let abandoned = 0

export const routes: Readonly<Record<string, Route>> = {
  '/text'(_request, response) {
    response.setHeader('content-type', 'text/plain')
    response.end('hello')
  },

  /** The port of the client. */
  '/port'(request, response) {
    response.end(`${request.socket.remotePort}`)
  },

  /** The same, on a connection that ends with it. */
  '/last'(request, response) {
    response.setHeader('connection', 'close')
    response.end(`${request.socket.remotePort}`)
  },

  async '/echo'(request, response) {
    await pipeline(request, response)
  },

  async '/hash'(request, response) {
    const hash = createHash('sha256')
    let length = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      hash.update(chunk)
      length += chunk.length
    }
    response.end(`${length} ${hash.digest('hex')}`)
  },

  /** Sixteen MiB, as fast as they are taken. */
  async '/bytes'(_request, response) {
    const piece = bytes(251 * 256)
    await pipeline(Readable.from(Array.from({ length: 261 }, () => piece)), response)
  },

  /** One chunk, and nothing more. */
  '/endless'(_request, response) {
    response.write('first')
    response.once('close', () => (abandoned += 1))
  },

  '/abandoned'(_request, response) {
    response.end(`${abandoned}`)
  },

  /** Less than was promised. */
  '/cut'(_request, response) {
    response.setHeader('content-length', 1000)
    response.write('x'.repeat(500), () => response.destroy())
  },

  /** Begins, and ends when somebody asks for `/end`. */
  '/begin'(_request, response) {
    response.write('begun ')
    begun.add(response)
  },

  '/end'(_request, response) {
    for (const one of begun) one.end('ended')
    begun.clear()
    response.end('done')
  },
}

const begun = new Set<ServerResponse>()

export const lengthOfBytes = 251 * 256 * 261

/** As a listener of `request`. */
export function answer(request: IncomingMessage, response: ServerResponse): void {
  const route = routes[request.url ?? '']
  if (route === undefined) {
    response.statusCode = 404
    response.end('not found')
    return
  }
  // Whoever sends a body may be gone before it ends.
  Promise.resolve(route(request, response)).catch(() => response.destroy())
}
