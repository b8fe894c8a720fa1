/** Every form of connect, and how it fails. */
import { once } from 'node:events'
import { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import '../support/census.js'
import { outcome, same } from '../support/net.js'
import { stateOf } from '../support/net-log.js'
import type { World } from '../support/net-world.js'
import { linuxSince, unix, where } from '../support/platforms.js'
import { longest } from '../support/unix.js'

/** A server that reads everything and ends. */
async function sink(world: World): Promise<number> {
  const server = await world.listen()
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.resume()
  })
  return world.port(server)
}

/** Node's own does since some version of each line. */
function refusesNullBytes(): boolean {
  const socket = new Socket()
  try {
    socket.connect({ port: 1, host: '127.0.0.1\0', lookup: () => {} })
    return false
  } catch {
    return true
  } finally {
    socket.destroy()
  }
}

/**
 * Says how a call that connects went: a client that it returns is watched to its end. Where the system
 * fails at once ours learns it later, and only the error is compared.
 */
async function attempt(world: World, call: () => Socket, isWhole = true): Promise<void> {
  let socket: Socket
  try {
    socket = world.keep(call())
  } catch (error) {
    world.log.add('client', 'throws', error)
    return
  }
  if (isWhole) {
    world.log.watch('client', socket)
    world.log.add('client', 'state', stateOf(socket))
  } else {
    socket.on('error', (error) => world.log.add('client', 'error', error))
    socket.on('close', (hadError) => world.log.add('client', 'close', hadError))
  }
  socket.on('connect', () => {
    socket.end()
  })
  await world.closed(socket)
}

const forms: Record<string, (world: World, port: number) => Socket> = {
  'connect(port, host)': ({ client }, port) => client.connect(port, '127.0.0.1'),
  'connect(port, host, listener)': ({ client, log }, port) =>
    client.connect(port, '127.0.0.1', log.called('client', 'listener')),
  'connect(port)': ({ client }, port) => client.connect(port),
  'connect(port, listener)': ({ client, log }, port) =>
    (client.connect as (...args: unknown[]) => Socket)(port, log.called('client', 'listener')),
  'connect({ port })': ({ client }, port) => client.connect({ port }),
  'connect({ port, host }, listener)': ({ client, log }, port) =>
    client.connect({ port, host: '127.0.0.1' }, log.called('client', 'listener')),
  'createConnection(port, host)': ({ client }, port) => client.createConnection(port, '127.0.0.1'),
  'createConnection({ port, host })': ({ client }, port) =>
    client.createConnection({ port, host: '127.0.0.1' }),
  'new Socket().connect(port, host)': ({ client }, port) =>
    new client.Socket().connect(port, '127.0.0.1'),
  'new Socket().connect({ port, host }, listener)': ({ client, log }, port) =>
    new client.Socket().connect({ port, host: '127.0.0.1' }, log.called('client', 'listener')),
  'Socket() without new': ({ client }, port) =>
    (client.Socket as unknown as () => Socket)().connect(port, '127.0.0.1'),
  'Stream is Socket': (world, port) =>
    new (world.client as unknown as { Stream: new () => Socket }).Stream().connect(
      port,
      '127.0.0.1',
    ),
  'a port as text': ({ client }, port) =>
    client.connect(String(port) as unknown as number, '127.0.0.1'),
  'a port in hexadecimal text': ({ client }, port) =>
    client.connect({ port: `0x${port.toString(16)}` as unknown as number, host: '127.0.0.1' }),
  'an empty host is localhost': ({ client }, port) => client.connect({ port, host: '' }),
  'null for path': ({ client }, port) =>
    client.connect({ port, host: '127.0.0.1', path: null } as never),
  'an address of IPv4 that is mapped into IPv6': ({ client }, port) =>
    client.connect({ port, host: '::ffff:127.0.0.1' }),
  'the unspecified address': ({ client }, port) => client.connect({ port, host: '0.0.0.0' }),
  'family 4': ({ client }, port) => client.connect({ port, host: 'localhost', family: 4 }),
  'no happy eyeballs': ({ client }, port) =>
    client.connect({ port, host: 'localhost', family: 4, autoSelectFamily: false }),
  'a local address': ({ client }, port) =>
    client.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.1' }),
  'another local address': ({ client }, port) =>
    client.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' }),
  'a local address that is none': ({ client }, port) =>
    client.connect({ port, host: '127.0.0.1', localAddress: 'nowhere' }),
  'every option that is set on the socket': ({ client }, port) =>
    client.connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 5000,
      timeout: 100_000,
    }),
}

for (const [title, form] of Object.entries(forms)) {
  same(title, async (world) => {
    const port = await sink(world)
    await attempt(world, () => form(world, port))
  })
}

same('a local address that is not of here', async (world) => {
  const port = await sink(world)
  await attempt(
    world,
    () => world.client.connect({ port, host: '127.0.0.1', localAddress: '192.0.2.1' }),
    false,
  )
})

same('a local address of the other family', async (world) => {
  const port = await sink(world)
  await attempt(
    world,
    () => world.client.connect({ port, host: '127.0.0.1', localAddress: '::1' }),
    false,
  )
})

same('nobody listens', async (world) => {
  const port = await world.deadPort()
  await attempt(world, () => world.client.connect(port, '127.0.0.1'))
})

same('nobody listens, and a local port was chosen', async (world) => {
  const port = await world.deadPort()
  const localPort = await world.deadPort()
  await attempt(world, () =>
    world.client.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.1', localPort }),
  )
})

same('nobody listens, by the name of the host', async (world) => {
  const port = await world.deadPort()
  await attempt(world, () => world.client.connect({ port, host: 'localhost', family: 4 }))
})

same('a local port that a server has', async (world) => {
  const port = await sink(world)
  const localPort = await sink(world)
  await attempt(
    world,
    () => world.client.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.1', localPort }),
    false,
  )
})

same('a name that does not exist', async (world) => {
  await attempt(world, () => world.client.connect({ port: 1, host: 'no-such-host.invalid' }))
})

same('a host of 300 characters', async (world) => {
  await attempt(world, () => world.client.connect({ port: 1, host: 'a'.repeat(300) }))
})

same(
  'a host with a null byte',
  async (world) => {
    await attempt(world, () => world.client.connect({ port: 1, host: '127.0.0.1\0' }))
  },
  { run: where(refusesNullBytes(), `Node ${process.versions.node} cuts the name there`) },
)

for (const host of [' 127.0.0.1', '127.0.0.1 ', '1.2.3.4.5', '[::1]', '0177.0.0.1', '127.1']) {
  same(`the host ${JSON.stringify(host)} is no other than Node's`, async (world) => {
    const port = await sink(world)
    await attempt(world, () => world.client.connect({ port, host, family: 4 }))
  })
}

for (const host of ['255.255.255.255', '224.0.0.1', '::', 'fe80::1%lo']) {
  same(`connecting to ${host}`, async (world) => {
    const port = await world.deadPort()
    await attempt(world, () => world.client.connect({ port, host }), host === '::')
  })
}

same(
  'a path',
  async (world) => {
    const path = world.path()
    const server = await world.listen({}, { path })
    server.on('connection', (socket) => socket.resume())
    await attempt(world, () => world.client.connect(path, world.log.called('client', 'listener')))
    await attempt(world, () => world.client.connect({ path }))
  },
  { run: unix },
)

same(
  'a path where nothing is, where no socket is, in no directory, and an empty one',
  async (world) => {
    const paths = [world.path('nothing'), world.path('.'), world.path('no/directory')]
    for (const path of paths) await attempt(world, () => world.client.connect(path))
    for (const path of ['', null, undefined, 5, {}, true]) {
      await attempt(world, () => world.client.connect({ path } as never))
    }
  },
  { run: unix },
)

same(
  'a path that is as long as can be, and longer',
  async (world) => {
    const directory = `${world.path('')}`
    for (const length of [103, longest, 120, 200]) {
      const path = `${directory}${'x'.repeat(length - directory.length)}`
      world.log.mask(path, `${length} characters`)
      await attempt(world, () => world.client.connect(path), false)
    }
  },
  { run: linuxSince(24, 'cuts paths that are too long') },
)

same('a second connect while the first is on its way ends both', async (world) => {
  const port = await sink(world)
  const again = (): Socket => {
    const client = world.client.connect({ port, host: '127.0.0.1' })
    return client.connect({ port, host: '127.0.0.1' })
  }
  await attempt(world, again, false)
})

test('a connect of a socket that is connected ends it, which Node leaves undefined', async (t) => {
  await outcome('mio', 'mio', async (world) => {
    const { accepted, client } = await world.pair({ watch: 'none' })
    client.resume()
    accepted.resume()
    const failed = once(client, 'connect').catch((error: NodeJS.ErrnoException) => error)
    client.connect(client.remotePort ?? 0, '127.0.0.1')
    t.like(await failed, { code: 'EISCONN', syscall: 'connect', address: '127.0.0.1' })
    await world.closed(client, accepted)
  })
})

for (const host of ['fe80::1', 'fe80::1%missing']) {
  test(`${host} is a wrong address, where newer versions of Node choose an interface`, async (t) => {
    await outcome('mio', 'mio', async (world) => {
      const error = await once(world.connect({ port: 1, host }), 'connect').catch(
        (reason) => reason,
      )
      t.like(error, { code: 'EINVAL', syscall: 'connect', address: host })
    })
  })
}

same('a socket connects again after it has closed', async (world) => {
  const port = await sink(world)
  const client = world.connect({ port, host: '127.0.0.1' })
  world.log.watch('client', client)
  for (const text of ['first', 'second', 'third']) {
    if (client.destroyed) client.connect({ port, host: '127.0.0.1' })
    world.log.add('client', 'state', stateOf(client))
    await once(client, 'connect')
    client.end(text)
    await world.next(client, 'close')
    world.log.add('client', 'counts', client.bytesRead, client.bytesWritten)
  }
})

same('a socket connects again after it was refused', async (world) => {
  const [dead, port] = [await world.deadPort(), await sink(world)]
  const client = world.connect({ port: dead, host: '127.0.0.1' })
  world.log.watch('client', client)
  await world.next(client, 'close')
  client.connect(port, '127.0.0.1')
  await once(client, 'connect')
  client.end('x')
  await world.closed(client)
})

same('a socket connects again in its close listener, and after a reset', async (world) => {
  const server = await world.listen()
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.resume()
  })
  const client = world.connect(world.at(server))
  world.log.watch('client', client)
  client.once('connect', () => client.resetAndDestroy())
  client.once('close', () => client.connect(world.at(server) as never))
  await world.logged('client', 'connect', 2)
  client.end('x')
  await world.logged('client', 'close', 2)
})

same('an encoding and a timeout of a socket that connects again', async (world) => {
  const server = await world.listen()
  server.on('connection', (socket) => socket.end('answer'))
  const client = world.connect(world.at(server))
  client.setEncoding('utf8')
  client.setTimeout(50_000)
  const seen: unknown[] = []
  client.on('data', (chunk) => seen.push(chunk))
  await world.next(client, 'close')
  seen.push(client.timeout)
  client.connect(world.at(server) as never)
  await world.next(client, 'close')
  return [...seen, client.timeout]
})

same('what is asked of a socket that connects is not lost', async (world) => {
  const port = await sink(world)
  const client = world.connect({ port, host: '127.0.0.1' })
  const returned = [
    client.setNoDelay(),
    client.setKeepAlive(true, 1000),
    client.setTimeout(10_000),
    client.ref(),
    client.unref(),
    client.ref(),
    client.pause(),
    client.resume(),
    client.setEncoding('utf8'),
  ].map((value) => value === client)
  world.log.watch('client', client)
  await once(client, 'connect')
  client.end()
  await world.closed(client)
  return [returned, client.timeout]
})

same('a connection that is refused after its socket was destroyed is not told', async (world) => {
  const client = world.connect({ port: await world.deadPort(), host: '127.0.0.1' })
  world.log.watch('client', client)
  client.destroy()
  await world.closed(client)
  for (let turn = 0; turn < 10; turn += 1) await setImmediate()
})
