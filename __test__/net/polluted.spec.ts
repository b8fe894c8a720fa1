/** What is on Object.prototype means to sockets and servers what it means to those of Node. */
import { once } from 'node:events'
import { BlockList, type Server, type Socket } from 'node:net'
import '../support/census.js'
import { same } from '../support/net.js'
import type { World } from '../support/net-world.js'
import { where } from '../support/platforms.js'

/** What programs call options, with values that would show. */
const polluting: Record<string, unknown> = {
  port: 1,
  host: '203.0.113.1',
  path: '/nowhere/at all',
  localAddress: '203.0.113.1',
  localPort: 'none',
  fd: 2 ** 31 - 1,
  family: 6,
  lookup: 5,
  timeout: -1,
  reusePort: true,
  ipv6Only: true,
  exclusive: true,
  // Node itself aborts for a negative one on Windows.
  backlog: process.platform === 'win32' ? 7 : -1,
  signal: AbortSignal.abort(),
  allowHalfOpen: true,
  pauseOnConnect: true,
  onread: 5,
  noDelay: true,
  keepAlive: true,
  highWaterMark: 'much',
  blockList: 5,
  engine: 5,
  maxPending: 'much',
  leftover: 5,
  hostname: '203.0.113.1',
  linger: -1,
  socket: 5,
  paused: true,
  options: 5,
  threads: 99,
  borrow: 5,
}

/** Does something while all objects have the property. */
function polluted<T>(name: string, body: () => T): T {
  Reflect.defineProperty(Object.prototype, name, {
    value: polluting[name],
    configurable: true,
    writable: true,
  })
  try {
    return body()
  } finally {
    delete (Object.prototype as unknown as Record<string, unknown>)[name]
  }
}

async function outcome(emitter: Server | Socket, event: string): Promise<unknown> {
  try {
    await once(emitter, event)
    return event
  } catch (error) {
    return error
  }
}

async function listening(world: World, name: string): Promise<void> {
  let server: Server
  try {
    server = polluted(name, () => world.createServer().listen({ port: 0, host: '127.0.0.1' }))
  } catch (error) {
    world.log.add(name, 'listen throws', error)
    return
  }
  // A signal closes it before it listens.
  const closed = outcome(server, 'close')
  world.log.add(name, 'listen', await Promise.race([outcome(server, 'listening'), closed]))
  if (!server.listening) return
  server.close()
  await closed
}

async function connecting(world: World, name: string): Promise<void> {
  const server = await world.listen()
  server.on('connection', (socket) => socket.end('hello'))
  const { port, host } = world.at(server) as { port: number; host: string }
  let client: Socket
  try {
    client = polluted(name, () => world.connect({ port, host }))
  } catch (error) {
    world.log.add(name, 'connect throws', error)
    return
  }
  world.log.add(name, 'connect', await outcome(client, 'connect'))
  if (client.destroyed) return
  client.on('data', (chunk: Buffer) => world.log.add(name, 'data', String(chunk)))
  client.resume().end()
  await world.closed(client)
}

const knowsBlockLists = 'isBlockList' in BlockList

for (const name of Object.keys(polluting)) {
  const run = where(name !== 'blockList' || knowsBlockLists, 'this version of Node has none')
  same(
    `${name} on Object.prototype is what it is with Node`,
    async (world) => {
      await listening(world, name)
      // One that is aborted leaves a socket of Node half destroyed, which is no case of options.
      if (name !== 'signal') await connecting(world, name)
    },
    { run },
  )
}
