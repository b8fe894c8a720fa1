import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import type { ExecutionContext } from 'ava'
import { cert, key } from '../support/certificate.js'
import { alike, answer, event, listening, type World } from '../support/http.js'
import '../support/census.js'
import { until } from '../support/until.js'

const host = '127.0.0.1'

/** A server that tells what it knows of a connection. */
async function telling({ https, server: options }: World, t: ExecutionContext): Promise<number> {
  const server = https.createServer({ ...options, cert, key }, (request, response) => {
    const socket = request.socket as TLSSocket & { servername: string }
    const { remoteAddress, localPort, alpnProtocol, servername } = socket
    const isReused = socket.isSessionReused()
    response.end(JSON.stringify({ remoteAddress, localPort, alpnProtocol, servername, isReused }))
  })
  return listening(t, server)
}

alike(
  'addresses, names and protocols of a connection are known to both sides',
  {
    server: { remoteAddress: host, alpnProtocol: 'http/1.1', servername: false, isReused: false },
    client: { remoteAddress: host, remoteFamily: 'IPv4', authorized: true, encrypted: true },
    isPort: true,
  },
  async (world, t) => {
    const port = await telling(world, t)
    const ALPNProtocols = ['http/1.1']
    const options = { port, host, ca: cert, agent: false, ALPNProtocols } as const
    const request = world.https.get(options)
    const [socket] = await event<[TLSSocket]>(request, 'socket')
    await event(socket, 'secureConnect')
    const { authorized, encrypted, remoteAddress, remoteFamily, remotePort } = socket
    const { localPort, ...server } = JSON.parse((await answer(request)).body) as {
      localPort: number
    }
    return {
      server,
      client: { remoteAddress, remoteFamily, authorized, encrypted },
      isPort: localPort === port && remotePort === port,
    }
  },
)

alike(
  'the server name is that of the host, or of the option',
  ['localhost', 'other.test'],
  async (world, t) => {
    const port = await telling(world, t)
    const names: unknown[] = []
    for (const more of [{ host: 'localhost' }, { host, servername: 'other.test' }]) {
      const request = world.https.get({ port, family: 4, ca: cert, agent: false, ...more })
      names.push((JSON.parse((await answer(request)).body) as { servername: string }).servername)
    }
    return names
  },
)

alike('an agent uses connections and sessions again', [false, true, true], async (world, t) => {
  const port = await telling(world, t)
  const agent = new world.https.Agent({ keepAlive: true, ca: cert, maxSockets: 1 })
  t.teardown(() => {
    agent.destroy()
  })
  const get = async (): Promise<[boolean, boolean, TLSSocket]> => {
    const request = world.https.get({ port, host, agent })
    const [socket] = await event<[TLSSocket]>(request, 'socket')
    const { body } = await answer(request)
    const { isReused } = JSON.parse(body) as { isReused: boolean }
    return [request.reusedSocket, isReused, socket]
  }
  const [, first, socket] = await get()
  await until('it is free', () => Object.keys(agent.freeSockets).length > 0)
  const [kept] = await get()
  await until('it is free', () => Object.keys(agent.freeSockets).length > 0)
  socket.destroy()
  await until('it is gone', () => Object.keys(agent.freeSockets).length === 0)
  const [, resumed] = await get()
  return [first, kept, resumed]
})

alike(
  'who it is that answers is checked',
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  async (world, t) => {
    const port = await telling(world, t)
    const codes: unknown[] = []
    for (const more of [{}, { ca: cert, servername: 'stranger.test' }]) {
      const request = world.https.get({ port, host, agent: false, ...more })
      const [error] = await event<[NodeJS.ErrnoException]>(request, 'error')
      codes.push(error.code)
    }
    return codes
  },
)

alike(
  'a connection tells of its stages, and whether it still connects',
  [true, 'connect', 'secureConnect'],
  async (world, t) => {
    const port = await telling(world, t)
    const request = world.https.get({ port, host, ca: cert, agent: false })
    const [socket] = await event<[TLSSocket]>(request, 'socket')
    const stages: unknown[] = [socket.connecting]
    for (const stage of ['connect', 'secureConnect']) {
      socket.once(stage, () => stages.push(stage))
    }
    await answer(request)
    return stages
  },
)

alike('a connection that is refused is an error of the request', true, async (world) => {
  const gone = createServer().listen(0, host)
  await event(gone, 'listening')
  const { port } = gone.address() as AddressInfo
  await new Promise((resolve) => gone.close(resolve))
  const request = world.https.get({ port, host, agent: false })
  const [error] = await event<[NodeJS.ErrnoException]>(request, 'error')
  return error.message === `connect ECONNREFUSED ${host}:${port}`
})

alike(
  'a peer that leaves in the handshake is an error of the request',
  'ECONNRESET',
  async (world, t) => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end())
    })
    const port = await listening(t, server)
    const request = world.https.get({ port, host, agent: false })
    const [error] = await event<[NodeJS.ErrnoException]>(request, 'error')
    return error.code
  },
)

alike('a client that does not speak TLS is told of', ['tlsClientError', host], async (world, t) => {
  const server = world.https.createServer({ ...world.server, cert, key })
  const port = await listening(t, server)
  const failed = event<[NodeJS.ErrnoException, TLSSocket]>(server, 'tlsClientError')
  const peer = await new Promise<Socket>((resolve) => {
    server.once('connection', resolve)
    const socket = tls.connect({ port, host, maxVersion: 'TLSv1.2', ciphers: 'PSK' })
    socket.on('error', () => {})
  })
  const { remoteAddress } = peer
  await failed
  return ['tlsClientError', remoteAddress]
})

alike(
  'a silent client is closed when the time for its handshake is over',
  'ERR_TLS_HANDSHAKE_TIMEOUT',
  async (world, t) => {
    const options = { ...world.server, cert, key, handshakeTimeout: 50 }
    const server = world.https.createServer(options)
    const port = await listening(t, server)
    const failed = event<[NodeJS.ErrnoException]>(server, 'tlsClientError')
    const silent = connect(port, host)
    silent.on('error', () => {})
    silent.resume()
    const isClosed = new Promise((resolve) => silent.once('close', resolve))
    const [error] = await failed
    await isClosed
    return error.code
  },
)

alike('closing all connections ends those of TLS, too', 'closed', async (world, t) => {
  const server = world.https.createServer({ ...world.server, cert, key }, () => {})
  const port = await listening(t, server)
  const request = world.https.get({ port, host, ca: cert, agent: false })
  const failed = event<[NodeJS.ErrnoException]>(request, 'error')
  await event(server, 'request')
  const isClosed = new Promise<string>((resolve) => {
    server.close(() => {
      resolve('closed')
    })
  })
  server.closeAllConnections()
  await failed
  return isClosed
})
