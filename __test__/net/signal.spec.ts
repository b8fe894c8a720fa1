/** AbortSignals of sockets. */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import '../support/census.js'
import { same } from '../support/net.js'
import { stateOf } from '../support/net-log.js'

for (const reason of [undefined, 'mine', new Error('mine'), { code: 'EMINE' }]) {
  same(`a signal that aborts an open client, because of ${String(reason)}`, async (world) => {
    const aborting = new AbortController()
    const { accepted, client } = await world.pair({ client: { signal: aborting.signal } })
    aborting.abort(reason)
    world.log.add('client', 'state', stateOf(client))
    await world.closed(client, accepted)
  })
}

same('a signal that aborts a client while it connects', async (world) => {
  const server = await world.listen()
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.resume()
  })
  const aborting = new AbortController()
  const client = world.connect({ ...world.at(server), signal: aborting.signal })
  world.log.watch('client', client)
  client.write('x', world.log.called('client', 'write'))
  aborting.abort()
  await world.closed(client)
  await setImmediate()
})

same('a signal that was aborted before', async (world) => {
  const server = await world.listen()
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.resume()
  })
  const client = world.connect({ ...world.at(server), signal: AbortSignal.abort() })
  world.log.watch('client', client)
  world.log.add('client', 'state', stateOf(client))
  await world.closed(client)
})

same(
  'a signal that aborts a socket that was never connected',
  async (world) => {
    const aborting = new AbortController()
    const socket = world.keep(new world.client.Socket({ signal: aborting.signal }))
    world.log.watch('client', socket)
    await setImmediate()
    aborting.abort()
    await world.closed(socket)
  },
  { side: 'client' },
)

same('a signal that aborts after close does nothing', async (world) => {
  const aborting = new AbortController()
  const { accepted, client } = await world.pair({ client: { signal: aborting.signal } })
  client.end()
  await world.closed(client, accepted)
  aborting.abort()
  await setImmediate()
  return stateOf(client)
})

same('a signal in a connect listener', async (world) => {
  const server = await world.listen()
  server.on('connection', (socket) => {
    world.log.watch('server', socket)
  })
  const aborting = new AbortController()
  const client = world.connect({ ...world.at(server), signal: aborting.signal })
  client.on('connect', () => aborting.abort())
  world.log.watch('client', client)
  await world.closed(client)
  await world.logged('server', 'close')
})

same(
  'signals that are none are refused',
  async (world) => {
    for (const signal of [null, 5, {}, 'signal', true]) {
      try {
        const socket = new world.client.Socket({ signal } as never)
        world.log.add('client', 'takes', socket.destroyed)
      } catch (error) {
        world.log.add('client', 'throws', error)
      }
    }
  },
  { side: 'client' },
)

same('a timeout that is a signal', async (world) => {
  const { accepted, client } = await world.pair({ client: { signal: AbortSignal.timeout(600) } })
  await world.closed(client, accepted)
})

same('an iterator of events with a signal stops, and its socket lives', async (world) => {
  const aborting = new AbortController()
  const { accepted, client } = await world.pair()
  const waiting = once(client, 'never', { signal: aborting.signal }).catch(
    (error: unknown) => error,
  )
  aborting.abort()
  world.log.add('client', 'waited', await waiting)
  client.end('x')
  await world.closed(client, accepted)
})
