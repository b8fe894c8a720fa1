/** What programs do with `ws`, as server and as client. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { createServer as createOurs } from 'mio-js/http'
import { connect } from 'mio-js/net'
import { createWebSocketStream, WebSocket, WebSocketServer, type ClientOptions } from 'ws'

export interface Context {
  readonly server: Server
  /** A client of a path, and what the server has of it. */
  pair(path?: string): Promise<[client: WebSocket, peer: WebSocket]>
  /** A client that is not waited for. */
  start(path: string): WebSocket
  close(): Promise<void>
}

const MIB = 1024 * 1024
const host = '127.0.0.1'

/** The declarations know all forms that `net.connect` has; the library uses this one. */
const createConnection = (({ host: to, port }: { host: string; port: number }) =>
  connect(port, to)) as unknown as NonNullable<ClientOptions['createConnection']>

export async function open(door: string): Promise<Context> {
  const isRegistered = door === 'register'
  const server = (isRegistered ? createServer : createOurs)()
  const plain = new WebSocketServer({ noServer: true, maxPayload: 64 * MIB })
  const deflated = new WebSocketServer({ noServer: true, perMessageDeflate: { threshold: 0 } })
  /** Who waits for the server's end of a connection, by what the client asks for. */
  const waiting = new Map<string | undefined, (peer: WebSocket) => void>()
  server.on('upgrade', (request, socket, head) => {
    if (request.url === '/forbidden') {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n')
      return
    }
    const to = request.url?.startsWith('/deflated') ? deflated : plain
    to.handleUpgrade(request, socket, head, (peer) => waiting.get(request.url)?.(peer))
  })
  server.listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const options: ClientOptions = isRegistered ? {} : { createConnection }
  const start = (path: string): WebSocket => new WebSocket(`ws://${host}:${port}${path}`, options)
  let count = 0
  return {
    server,
    start,
    async pair(path = '/plain') {
      const url = `${path}?${(count += 1)}`
      const accepted = new Promise<WebSocket>((resolve) => waiting.set(url, resolve))
      const client = start(url)
      const [peer] = await Promise.all([accepted, once(client, 'open')])
      return [client, peer]
    },
    async close() {
      server.close()
      await once(server, 'close')
    },
  }
}

export async function close(context: Context): Promise<void> {
  await context.close()
}

type Message = [data: Buffer, isBinary: boolean]

/** The next messages, when there are so many. */
async function messagesOf(socket: WebSocket, count: number): Promise<Message[]> {
  const messages: Message[] = []
  return new Promise((resolve) => {
    socket.on('message', function listener(data: Buffer, isBinary: boolean) {
      if (messages.push([data, isBinary]) < count) return
      socket.removeListener('message', listener)
      resolve(messages)
    })
  })
}

async function closed(socket: WebSocket): Promise<[code: number, reason: string]> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  return [code, reason.toString()]
}

/** Ends both, in either order. */
async function end(client: WebSocket, peer: WebSocket): Promise<void> {
  const both = Promise.all([closed(client), closed(peer)])
  client.close()
  await both
}

export const steps = {
  async 'texts and bytes arrive as what they are, in order'({ pair }: Context) {
    const [client, peer] = await pair()
    for (const [from, to] of [
      [client, peer],
      [peer, client],
    ] as const) {
      const told = messagesOf(to, 4001)
      from.send('Grüße, 世界 🌍')
      for (let i = 0; i < 2000; i += 1) {
        from.send(`${i} ${'x'.repeat(i % 300)}`)
        from.send(Buffer.alloc(i % 300, i))
      }
      const [greeting, ...messages] = await told
      assert.deepEqual(greeting, [Buffer.from('Grüße, 世界 🌍'), false])
      for (const [at, [data, isBinary]] of messages.entries()) {
        const i = Math.floor(at / 2)
        assert.equal(isBinary, at % 2 === 1)
        const expected = isBinary ? Buffer.alloc(i % 300, i) : `${i} ${'x'.repeat(i % 300)}`
        assert.ok(data.equals(Buffer.from(expected)))
      }
    }
    await end(client, peer)
  },

  async 'large messages arrive whole, in both directions at once'({ pair }: Context) {
    const [client, peer] = await pair()
    const [up, down] = [randomBytes(16 * MIB), randomBytes(16 * MIB)]
    const told = Promise.all([messagesOf(peer, 1), messagesOf(client, 1)])
    client.send(up)
    peer.send(down)
    const [[first], [second]] = await told
    assert.ok(first![0].equals(up))
    assert.ok(second![0].equals(down))
    await end(client, peer)
  },

  async 'fragments become one message'({ pair }: Context) {
    const [client, peer] = await pair()
    const told = messagesOf(peer, 1)
    for (let i = 0; i < 500; i += 1) client.send(`${i},`, { fin: i === 499 })
    const [[data] = []] = await told
    assert.equal(`${data}`, Array.from({ length: 500 }, (_, i) => `${i},`).join(''))
    await end(client, peer)
  },

  async 'messages can be compressed'({ pair }: Context) {
    const [client, peer] = await pair('/deflated')
    assert.match(client.extensions, /permessage-deflate/)
    const text = 'mio-js '.repeat(MIB)
    const told = messagesOf(client, 1)
    peer.send(text)
    const [[data] = []] = await told
    assert.ok(`${data}` === text)
    await end(client, peer)
  },

  async 'pings are answered'({ pair }: Context) {
    const [client, peer] = await pair()
    for (const [from, to] of [
      [client, peer],
      [peer, client],
    ] as const) {
      const both = Promise.all([once(to, 'ping'), once(from, 'pong')])
      from.ping('are you there?')
      const [[ping], [pong]] = (await both) as [[Buffer], [Buffer]]
      assert.deepEqual([`${ping}`, `${pong}`], ['are you there?', 'are you there?'])
    }
    await end(client, peer)
  },

  async 'whoever closes says why'({ pair }: Context) {
    for (const isClient of [true, false]) {
      const [client, peer] = await pair()
      const both = Promise.all([closed(client), closed(peer)])
      ;(isClient ? client : peer).close(4000, 'enough')
      assert.deepEqual(await both, [
        [4000, 'enough'],
        [4000, 'enough'],
      ])
    }
  },

  async 'one who vanishes is told of'({ pair }: Context) {
    for (const isClient of [true, false]) {
      const [client, peer] = await pair()
      const both = Promise.all([closed(client), closed(peer)])
      ;(isClient ? client : peer).terminate()
      assert.deepEqual(await both, [
        [1006, ''],
        [1006, ''],
      ])
    }
  },

  async 'a message that is too large ends the connection'({ pair }: Context) {
    const [client, peer] = await pair()
    const both = Promise.all([closed(client), once(peer, 'error')])
    client.send(Buffer.alloc(65 * MIB))
    const [[code], [error]] = (await both) as [[number, string], [NodeJS.ErrnoException]]
    // Whether the client hears of it depends on how much of it is under way.
    assert.ok([1006, 1009].includes(code), `${code}`)
    assert.equal(error.code, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
  },

  async 'streams of bytes pass through it'({ pair }: Context) {
    const [client, peer] = await pair()
    const [up, down] = [createWebSocketStream(client), createWebSocketStream(peer)]
    const bytes = randomBytes(8 * MIB)
    down.pipe(down)
    up.end(bytes)
    assert.ok((await buffer(up)).equals(bytes))
  },

  async 'many clients are told at once'({ pair }: Context) {
    const pairs = await Promise.all(Array.from({ length: 50 }, async () => pair()))
    const told = Promise.all(pairs.map(async ([client]) => messagesOf(client, 100)))
    for (let i = 0; i < 100; i += 1) for (const [, peer] of pairs) peer.send(`${i}`)
    for (const messages of await told) {
      assert.deepEqual(
        messages.map(([data]) => Number(`${data}`)),
        Array.from({ length: 100 }, (_, i) => i),
      )
    }
    await Promise.all(pairs.map(async (one) => end(...one)))
  },

  async 'an upgrade can be refused'({ start }: Context) {
    const [error] = (await once(start('/forbidden'), 'error')) as [Error]
    assert.equal(error.message, 'Unexpected server response: 401')
  },
}
