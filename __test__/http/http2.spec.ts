import type {
  ClientHttp2Session,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2'
import type { Server } from 'node:net'
import { text } from 'node:stream/consumers'
import type { ExecutionContext } from 'ava'
import type { Socket } from 'mio-js/net'
import { cert, key } from '../support/certificate.js'
import { alike, answer, event, listening, ours, type World } from '../support/http.js'
import '../support/census.js'
import { served } from '../support/platforms.js'

const host = '127.0.0.1'

function respond(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const { socket } = stream.session ?? {}
  stream.respond({ ':status': 200, 'x-peer': socket?.remoteAddress ?? 'unknown' })
  stream.write(`${headers[':path']}: `)
  stream.pipe(stream)
}

/** A session that is closed with the test, before its server. */
function session(
  t: ExecutionContext,
  { http2 }: World,
  protocol: string,
  port: number,
): ClientHttp2Session {
  const client = http2.connect(`${protocol}://${host}:${port}`, { ca: cert })
  t.teardown(() => {
    client.destroy()
  })
  return client
}

async function exchange(client: ClientHttp2Session, path: string, body: string): Promise<unknown> {
  const stream = client.request({ ':method': 'POST', ':path': path })
  const responded = event<[IncomingHttpHeaders]>(stream, 'response')
  const received = text(stream)
  stream.end(body)
  const [headers] = await responded
  return [headers[':status'], headers['x-peer'], await received]
}

for (const protocol of ['http', 'https']) {
  const make = ({ http2, server }: World): Server => {
    return protocol === 'http'
      ? http2.createServer(server)
      : http2.createSecureServer({ ...server, cert, key })
  }

  alike(
    `${protocol}: streams of one session have their answers`,
    [
      [200, host, '/1: one'],
      [200, host, '/2: two'],
    ],
    async (world, t) => {
      const server = make(world)
      server.on('stream', respond)
      const port = await listening(t, server)
      const client = session(t, world, protocol, port)
      return Promise.all([exchange(client, '/1', 'one'), exchange(client, '/2', 'two')])
    },
  )

  alike(
    `${protocol}: more than any window holds goes both ways`,
    300_000 + '/large: '.length,
    async (world, t) => {
      const server = make(world)
      server.on('stream', respond)
      const port = await listening(t, server)
      const client = session(t, world, protocol, port)
      const [, , body] = (await exchange(client, '/large', 'x'.repeat(300_000))) as string[]
      return body?.length
    },
  )

  alike(
    `${protocol}: a session that is closed lets the server close`,
    'closed',
    async (world, t) => {
      const server = make(world)
      server.on('stream', respond)
      const port = await listening(t, server)
      const client = session(t, world, protocol, port)
      await exchange(client, '/', '')
      const isClosed = new Promise<string>((resolve) => {
        server.close(() => {
          resolve('closed')
        })
      })
      client.close()
      return isClosed
    },
  )

  alike(
    `${protocol}: nobody there is an error of the session`,
    'ECONNREFUSED',
    async (world, t) => {
      const server = make(world)
      const port = await listening(t, server)
      await new Promise((resolve) => server.close(resolve))
      const client = session(t, world, protocol, port)
      const [error] = await event<[NodeJS.ErrnoException]>(client, 'error')
      return error.code
    },
  )
}

alike('a secure server speaks HTTP/1.1 if it may', ['1.1', 'answered'], async (world, t) => {
  const options = { ...world.server, cert, key, allowHTTP1: true }
  const server = world.http2.createSecureServer(options, (_request, response) => {
    response.end('answered')
  })
  const port = await listening(t, server)
  const request = world.https.get({ port, host, ca: cert, agent: false })
  const { body, response } = await answer(request)
  return [response.httpVersion, body]
})

alike('protocols of others are refused', 'ERR_HTTP2_UNSUPPORTED_PROTOCOL', async (world, t) => {
  const { http2 } = world
  t.throws(() => http2.connect('no url'), { code: 'ERR_INVALID_URL' })
  const error = t.throws<NodeJS.ErrnoException>(() => http2.connect('ftp://127.0.0.1'))
  return Promise.resolve(error.code)
})

served('http: small frames do not wait for acknowledgements, at either end', async (t) => {
  const server = ours.http2.createServer()
  const begun = event<[ServerHttp2Session]>(server, 'session')
  const port = await listening(t, server)
  const client = session(t, ours, 'http', port)
  const [[peer]] = await Promise.all([begun, event(client, 'connect')])
  for (const { socket } of [client, peer]) {
    const { stream } = socket as unknown as { stream: Socket }
    t.true(stream.getOption('nodelay'))
  }
})
