/** Properties of sockets in each of their states. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import '../support/census.js'
import { ipv6 } from '../support/families.js'
import { same } from '../support/net.js'
import { stateOf } from '../support/net-log.js'
import { unix } from '../support/platforms.js'

/** More of what can be read, where it does not depend on chunks. */
function allOf(socket: Socket): object {
  const { address, family, port } = socket.address() as {
    address?: string
    family?: string
    port?: number
  }
  return {
    ...stateOf(socket),
    address: [address, family, typeof port],
    counts: [socket.bytesRead, socket.bytesWritten],
    bufferSize: (socket as { bufferSize?: number }).bufferSize,
    marks: [socket.readableHighWaterMark, socket.writableHighWaterMark],
    lengths: [socket.readableLength, socket.writableLength],
    timeout: socket.timeout,
    encoding: socket.readableEncoding,
    modes: [socket.readableObjectMode, socket.writableObjectMode, socket.readableFlowing],
    corked: socket.writableCorked,
    needDrain: socket.writableNeedDrain,
    attempted: typeof socket.autoSelectFamilyAttemptedAddresses,
    ofServer: [typeof (socket as { server?: unknown }).server],
    old: [
      (socket as { _connecting?: boolean })._connecting,
      (socket as { _bytesDispatched?: number })._bytesDispatched,
      (socket as { _hadError?: boolean })._hadError,
      (socket as { _parent?: unknown })._parent,
      (socket as { _host?: unknown })._host,
    ],
  }
}

same(
  'of a socket that is nothing yet',
  async (world) => allOf(world.keep(new world.client.Socket())),
  { side: 'client' },
)

same(
  'of a socket that is nothing yet, and was made with options',
  async (world) => {
    const options = { allowHalfOpen: true, highWaterMark: 5, noDelay: true, keepAlive: true }
    return allOf(world.keep(new world.client.Socket(options as object)))
  },
  { side: 'client' },
)

same('while a client connects, when it is connected, ended and closed', async (world) => {
  const server = await world.listen({ allowHalfOpen: true })
  const met = once(server, 'connection') as Promise<[Socket]>
  const client = world.connect({ ...world.at(server), allowHalfOpen: true })
  const states = [allOf(client)]
  client.once('connect', () => states.push(allOf(client)))
  await once(client, 'ready')
  const [accepted] = await met
  states.push(allOf(client), allOf(accepted))
  client.resume().end('ping')
  states.push(allOf(client))
  await once(client, 'finish')
  states.push(allOf(client))
  accepted.resume().end('pong')
  await world.closed(client, accepted)
  return [...states, allOf(client), allOf(accepted)]
})

same('of an accepted socket, and of its server', async (world) => {
  const { server, accepted } = await world.pair({ watch: 'none' })
  const { server: own, _server: internal } = accepted as Socket & {
    server?: unknown
    _server?: unknown
  }
  return [allOf(accepted), own === server, internal === server]
})

same(
  'of both ends by IPv6',
  async (world) => {
    const server = await world.listen({}, { port: 0, host: '::1' })
    const met = once(server, 'connection') as Promise<[Socket]>
    const client = world.connect(world.at(server))
    await once(client, 'connect')
    const [accepted] = await met
    return [allOf(client), allOf(accepted), server.address()]
  },
  { run: ipv6 },
)

same(
  'of an IPv4 client of a server of every address',
  async (world) => {
    const server = await world.listen({}, { port: 0 })
    const met = once(server, 'connection') as Promise<[Socket]>
    const client = world.connect({ port: world.port(server), host: '127.0.0.1' })
    await once(client, 'connect')
    const [accepted] = await met
    return [allOf(client), allOf(accepted), server.address()]
  },
  { run: ipv6 },
)

same(
  'of both ends by a path',
  async (world) => {
    const { server, accepted, client } = await world.pair({ isPath: true, watch: 'none' })
    return [allOf(client), allOf(accepted), server.address()]
  },
  { run: unix },
)

same('remote properties stay after close, local ones go', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  const { remoteAddress, localAddress } = client
  client.destroy()
  const destroyed = [client.remoteAddress, client.localAddress, client.address()]
  accepted.resume()
  await world.closed(client, accepted)
  return [remoteAddress, localAddress, destroyed, stateOf(client), stateOf(accepted)]
})

same('bytesWritten counts what is queued and corked, as bytes', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'events' })
  accepted.resume()
  const counts = [client.bytesWritten]
  client.cork()
  client.write('äöü')
  counts.push(client.bytesWritten)
  client.write('00ff', 'hex')
  client.write(Buffer.alloc(10))
  counts.push(client.bytesWritten)
  client.uncork()
  counts.push(client.bytesWritten)
  client.end('x')
  await once(client, 'finish')
  counts.push(client.bytesWritten)
  await world.closed(client, accepted)
  return [...counts, client.bytesWritten, accepted.bytesRead]
})

same('bytesWritten counts what is written before there is a connection', async (world) => {
  const server = await world.listen()
  server.on('connection', (socket) => socket.resume())
  const client = world.connect(world.at(server))
  client.write('äöü')
  const counts = [client.bytesWritten]
  client.write('latin', 'latin1')
  client.write(Buffer.alloc(10))
  counts.push(client.bytesWritten)
  await once(client, 'connect')
  counts.push(client.bytesWritten)
  client.resume().end()
  await world.closed(client)
  return [...counts, client.bytesWritten]
})

same('bytesRead stays after close', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  accepted.end('four')
  client.resume()
  await world.closed(client, accepted)
  return [client.bytesRead, accepted.bytesWritten, client.bytesWritten]
})

same(
  'getters stand on the prototype, and cannot be assigned where Node does not let them',
  async (world) => {
    const socket = world.keep(new world.client.Socket())
    const names = [
      'bytesRead',
      'bytesWritten',
      'remoteAddress',
      'remoteFamily',
      'remotePort',
      'localAddress',
      'localFamily',
      'localPort',
      'pending',
      'readyState',
      'bufferSize',
      '_connecting',
    ]
    const has = (name: string): unknown[] => {
      const at = Object.getOwnPropertyDescriptor(world.client.Socket.prototype, name)
      return [name, typeof at?.get, typeof at?.set, name in socket]
    }
    return names.map(has)
  },
  { side: 'client' },
)

same(
  'programs may keep properties of their own on a socket, also those that Node uses',
  async (world) => {
    const { client } = await world.pair({ watch: 'none' })
    const own = client as Socket & Record<string, unknown>
    for (const name of ['host', 'port', 'ssl', 'server', 'parser', '_httpMessage', '_paused']) {
      own[name] = name
    }
    return ['host', 'port', 'ssl', 'server', 'parser', '_httpMessage'].map((name) => own[name])
  },
  { side: 'client' },
)
