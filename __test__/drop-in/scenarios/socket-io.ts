/** What programs do with `socket.io`, as server and as client. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Agent } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent as OurAgent, createServer as createOurs } from 'mio-js/http'
import { Server, type Socket as Peer } from 'socket.io'
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'

export interface Context {
  readonly server: Server
  /** A client that is connected, and what the server has of it. */
  pair(how?: Options): Promise<[client: Socket, peer: Peer]>
  close(): Promise<void>
}

type Options = Partial<ManagerOptions & SocketOptions>

const MIB = 1024 * 1024
const host = '127.0.0.1'

export async function open(door: string): Promise<Context> {
  const isRegistered = door === 'register'
  const listener = (isRegistered ? createServer : createOurs)()
  const server = new Server({ maxHttpBufferSize: 32 * MIB })
  server.attach(listener)
  listener.listen(0, host)
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const agent = isRegistered ? undefined : (new OurAgent() as Agent)
  const always: Options = { forceNew: true, reconnectionDelay: 20, reconnectionDelayMax: 20 }
  if (agent !== undefined) always.agent = agent as never
  return {
    server,
    async pair(how = {}) {
      const accepted = new Promise<Peer>((resolve) => {
        server.once('connection', resolve)
      })
      const client = io(`http://${host}:${port}`, { ...always, ...how })
      const connected = new Promise<void>((resolve, reject) => {
        client.once('connect', resolve).once('connect_error', reject)
      })
      const [peer] = await Promise.all([accepted, connected])
      return [client, peer]
    },
    async close() {
      await server.close()
      agent?.destroy()
    },
  }
}

export async function close(context: Context): Promise<void> {
  await context.close()
}

/** Ends a client, and waits until the server has heard of it. */
async function end(client: Socket, peer: Peer): Promise<void> {
  const told = new Promise((resolve) => peer.once('disconnect', resolve))
  client.disconnect()
  await told
}

/** Calls and answers, in both directions, with bytes. */
async function talk(client: Socket, peer: Peer): Promise<void> {
  const bytes = randomBytes(3 * MIB)
  peer.on('echo', (value: unknown, answer: (value: unknown) => void) => answer(value))
  client.on('echo', (value: unknown, answer: (value: unknown) => void) => answer(value))
  assert.deepEqual(await client.emitWithAck('echo', { n: [1, 'zwölf'] }), { n: [1, 'zwölf'] })
  assert.ok(bytes.equals((await client.emitWithAck('echo', bytes)) as Buffer))
  assert.ok(bytes.equals((await peer.emitWithAck('echo', bytes)) as Buffer))
  const answers = await Promise.all(
    Array.from({ length: 300 }, async (_, i) => client.emitWithAck('echo', i)),
  )
  assert.deepEqual(
    answers,
    Array.from({ length: 300 }, (_, i) => i),
  )
}

export const steps = {
  async 'a connection begins by polling, and is upgraded'({ pair }: Context) {
    const [client, peer] = await pair()
    const { engine } = client.io
    if (engine.transport.name === 'polling') {
      await new Promise((resolve) => engine.once('upgrade', resolve))
    }
    assert.equal(engine.transport.name, 'websocket')
    await talk(client, peer)
    await end(client, peer)
  },

  async 'polling alone will do'({ pair }: Context) {
    const [client, peer] = await pair({ transports: ['polling'] })
    assert.equal(client.io.engine.transport.name, 'polling')
    await talk(client, peer)
    await end(client, peer)
  },

  async 'a websocket alone will do'({ pair }: Context) {
    const [client, peer] = await pair({ transports: ['websocket'] })
    assert.equal(client.io.engine.transport.name, 'websocket')
    await talk(client, peer)
    await end(client, peer)
  },

  async 'rooms are told'({ server, pair }: Context) {
    const pairs: [Socket, Peer][] = []
    for (let i = 0; i < 12; i += 1) {
      pairs.push(await pair(i % 2 === 0 ? {} : { transports: ['websocket'] }))
    }
    const heard = pairs.map(([client, peer], i) => {
      const messages: number[] = []
      void peer.join(i % 3 === 0 ? 'room' : 'hall')
      client.on('news', (value: number) => messages.push(value))
      return messages
    })
    for (let i = 0; i < 100; i += 1) server.to('room').emit('news', i)
    const last = pairs.map(
      async ([client]) => new Promise((resolve) => client.once('last', resolve)),
    )
    server.emit('last')
    await Promise.all(last)
    for (const [i, messages] of heard.entries()) {
      assert.deepEqual(messages, i % 3 === 0 ? Array.from({ length: 100 }, (_, n) => n) : [])
    }
    await Promise.all(pairs.map(async (one) => end(...one)))
  },

  async 'a client reconnects after its connection was cut'({ server, pair }: Context) {
    const [client, peer] = await pair({ transports: ['websocket'] })
    const before = client.id
    const again = new Promise<Peer>((resolve) => server.once('connection', resolve))
    const connected = new Promise<void>((resolve) => client.once('connect', resolve))
    peer.conn.close()
    const next = await again
    await connected
    assert.notEqual(client.id, before)
    await talk(client, next)
    await end(client, next)
  },

  async 'the server can send a client away'({ pair }: Context) {
    // By polling the server may wait for the next poll of the client, which is gone, for 30 s.
    const [client, peer] = await pair({ transports: ['websocket'] })
    const told = new Promise<string>((resolve) => client.once('disconnect', resolve))
    peer.disconnect(true)
    assert.equal(await told, 'io server disconnect')
    client.close()
  },
}
