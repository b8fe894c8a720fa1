/** Which events a socket tells, in which order, and what its properties say meanwhile. */
import { once } from 'node:events'
import '../support/census.js'
import { same } from '../support/net.js'
import { until } from '../support/until.js'
import { stateOf } from '../support/net-log.js'

same('a client connects, is ready, and both ends close after both have ended', async (world) => {
  const { accepted, client } = await world.pair()
  client.end('ping')
  await world.closed(accepted, client)
})

same('the server ends first', async (world) => {
  const { accepted, client } = await world.pair()
  accepted.end('pong')
  await world.closed(accepted, client)
})

same('both ends end at the same time', async (world) => {
  const { accepted, client } = await world.pair()
  accepted.end('pong')
  client.end('ping')
  await world.closed(accepted, client)
})

same('a server that ends in its connection listener is seen to connect first', async (world) => {
  const server = await world.listen()
  server.on('connection', (socket) => {
    world.log.watch('server', socket)
    socket.end('bye')
  })
  const client = world.connect(world.at(server))
  world.log.watch('client', client)
  await world.closed(client)
  await world.logged('server', 'close')
})

same(
  'a server that destroys in its connection listener is seen to connect first',
  async (world) => {
    const server = await world.listen()
    server.on('connection', (socket) => {
      world.log.watch('server', socket)
      socket.destroy()
    })
    const client = world.connect(world.at(server))
    world.log.watch('client', client)
    await world.closed(client)
    await world.logged('server', 'close')
  },
)

for (const allowHalfOpen of [true, false]) {
  same(`an end is answered with allowHalfOpen ${allowHalfOpen} at the server`, async (world) => {
    const { accepted, client } = await world.pair({
      server: { allowHalfOpen },
      client: { allowHalfOpen: true },
    })
    accepted.once('end', () => {
      const written = accepted.write('after the end', world.log.called('server', 'write'))
      world.log.add('server', 'write returns', written)
      if (allowHalfOpen) accepted.end()
    })
    client.end('ping')
    await world.closed(accepted, client)
  })

  same(`an end is answered with allowHalfOpen ${allowHalfOpen} at the client`, async (world) => {
    const { accepted, client } = await world.pair({
      server: { allowHalfOpen: true },
      client: { allowHalfOpen },
    })
    client.once('end', () => {
      const written = client.write('after the end', world.log.called('client', 'write'))
      world.log.add('client', 'write returns', written)
      if (allowHalfOpen) client.end()
    })
    accepted.end('pong')
    await world.closed(accepted, client)
  })
}

same('data and an end that come together are told in this order, once', async (world) => {
  const { accepted, client } = await world.pair()
  accepted.cork()
  accepted.write('data')
  accepted.end()
  await world.closed(accepted, client)
  return [world.log.count('client', 'end'), world.log.digest('client')]
})

same('an end that comes while a socket is paused is told when it goes on, once', async (world) => {
  const { accepted, client } = await world.pair({ server: { allowHalfOpen: true } })
  client.pause()
  accepted.end('before the end')
  await once(accepted, 'finish')
  world.log.add('client', 'goes on')
  client.resume()
  await world.logged('client', 'end')
  await world.closed(client, accepted)
})

same('an end alone is told to a socket that was paused and goes on', async (world) => {
  const { accepted, client } = await world.pair({ server: { allowHalfOpen: true } })
  client.pause()
  accepted.end()
  await once(accepted, 'finish')
  client.resume()
  await world.closed(client, accepted)
})

same('listeners of data see each other in the order they were added', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'events' })
  const order: string[] = []
  client.on('data', () => order.push('first'))
  client.on('data', () => order.push('second'))
  client.prependListener('data', () => order.push('before'))
  accepted.end('x')
  await world.closed(client, accepted)
  return order
})

same('ticks and microtasks run between the events of one socket', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  const order: string[] = []
  for (const event of ['data', 'end', 'close']) {
    client.on(event, () => {
      order.push(event)
      process.nextTick(() => order.push(`tick after ${event}`))
      void Promise.resolve().then(() => order.push(`microtask after ${event}`))
    })
  }
  accepted.end('x')
  await world.closed(client, accepted)
  await new Promise(setImmediate)
  return order
})

same('connect, ready and their ticks come in order, before the first data', async (world) => {
  const server = await world.listen()
  server.on('connection', (socket) => {
    socket.end('hello')
  })
  const order: string[] = []
  const client = world.connect(world.at(server))
  for (const event of ['connectionAttempt', 'connect', 'ready', 'data', 'end', 'close']) {
    client.on(event, () => {
      order.push(event)
      process.nextTick(() => order.push(`tick after ${event}`))
    })
  }
  await world.closed(client)
  return order
})

same('awaited events of one segment are not missed', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  accepted.end('x')
  const [chunk] = (await once(client, 'data')) as [Buffer]
  await once(client, 'end')
  await once(client, 'close')
  return chunk
})

same('a socket without any listener of its own ends and closes', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  client.removeAllListeners()
  client.resume()
  client.end('ping')
  accepted.resume()
  await world.closed(accepted)
  await until('the client is closed', () => client.destroyed)
  return [accepted.readyState, client.readyState]
})

same('a socket whose listeners are all removed still answers an end', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  accepted.removeAllListeners()
  accepted.resume()
  client.resume()
  client.end()
  await world.closed(client)
  await until('the server is closed', () => accepted.destroyed)
  return [accepted.readyState, client.readyState]
})

same('once close is told, nothing more is', async (world) => {
  const { accepted, client } = await world.pair()
  accepted.write('x')
  accepted.destroy()
  await world.closed(client, accepted)
  client.destroy()
  client.end()
  client.resume()
  client.pause()
  client.setTimeout(1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  return stateOf(client)
})

same('close says whether there was an error', async (world) => {
  const { accepted, client } = await world.pair()
  client.destroy(new Error('mine'))
  await world.closed(client, accepted)
})

same('events of the stream are told where Node tells them', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  const order: string[] = []
  for (const name of ['prefinish', 'finish', 'end', 'drain', 'close', 'resume', 'pause']) {
    client.on(name, () => order.push(name))
  }
  client.resume()
  accepted.resume()
  client.end('x')
  await world.closed(client, accepted)
  return order
})
