/**
 * A web server on the drop-in: nothing but the first import tells it from one on `node:http`. It answers
 * JSON, takes an upload as a stream, sends a large answer as fast as its reader reads, and ends without
 * cutting an answer.
 *
 * Listens on HOST:PORT, by default 127.0.0.1:8000. SIGINT and SIGTERM end it.
 */
import { type IncomingMessage, type ServerResponse, createServer } from 'mio-js/http'
import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const { HOST = '127.0.0.1', PORT = '8000' } = process.env
const MAX_UPLOAD = 16 * 2 ** 20
const MAX_LINES = 1e6
/** Milliseconds that clients have to read the rest when the server ends. */
const PATIENCE = 5000

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => unknown

const routes: Readonly<Record<string, Handler>> = {
  'GET /': (request, response) => {
    sendJson(response, 200, { hello: request.socket.remoteAddress })
  },

  /** The digest of what is sent, which is never in memory as a whole. */
  'POST /digest': async (request, response) => {
    const hash = createHash('sha256')
    let length = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length
      // What is too much is read all the same: closing before would take the answer away as well.
      if (length <= MAX_UPLOAD) hash.update(chunk)
    }
    if (length <= MAX_UPLOAD) sendJson(response, 200, { length, sha256: hash.digest('hex') })
    else sendJson(response, 413, { error: `more than ${MAX_UPLOAD} bytes` })
  },

  /** As many lines as are wanted, made as they are read. */
  'GET /lines': async (_request, response, url) => {
    const count = Math.min(Number(url.searchParams.get('count') ?? 10), MAX_LINES)
    response.setHeader('content-type', 'text/plain')
    await pipeline(Readable.from(lines(count)), response)
  },
}

function* lines(count: number): Iterable<string> {
  const many = 1000
  for (let from = 0; from < count; from += many) {
    const length = Math.min(many, count - from)
    yield Array.from({ length }, (_, index) => `line ${from + index}\n`).join('')
  }
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  response.end(`${JSON.stringify(value)}\n`)
}

const server = createServer(async (request, response) => {
  const { method, url = '' } = request
  const base = 'http://localhost'
  const place = URL.canParse(url, base) ? new URL(url, base) : undefined
  const handler = routes[`${method} ${place?.pathname}`]
  if (place === undefined || handler === undefined) {
    sendJson(response, 404, { error: 'there is nothing here' })
    return
  }
  try {
    await handler(request, response, place)
  } catch (error) {
    // Who goes away in the middle is no error of ours.
    if (request.destroyed && !request.complete) return
    if ((error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE') return
    console.error(error)
    if (response.headersSent) response.destroy()
    else sendJson(response, 500, { error: 'something went wrong' })
  }
})

server.listen(Number(PORT), HOST, () => {
  const { address, port } = server.address() as AddressInfo
  console.log(`listening on ${address}:${port}`)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close(() => console.log('stopped'))
    server.closeIdleConnections()
    // Those that are busy close after their answer.
    server.keepAliveTimeout = 1
    setTimeout(() => server.closeAllConnections(), PATIENCE).unref()
  })
}
