/** setTimeout: when it is told, and what it refuses. */
import { once } from 'node:events'
import '../support/census.js'
import { same } from '../support/net.js'

same('a silent socket tells a timeout, and stays open', async (world) => {
  const { accepted, client } = await world.pair()
  const returned = client.setTimeout(20, world.log.called('client', 'listener'))
  const { timeout } = client
  await world.logged('client', 'timeout')
  const after = client.timeout
  // Where all takes longer it would be told again.
  client.setTimeout(0)
  client.end('x')
  await world.closed(client, accepted)
  return [returned === client, timeout, after]
})

same('an accepted socket tells a timeout', async (world) => {
  const { accepted, client } = await world.pair()
  accepted.setTimeout(20)
  await world.logged('server', 'timeout')
  accepted.destroy()
  await world.closed(client, accepted)
})

same('a timeout is told once for each silence', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  client.setTimeout(20)
  accepted.on('data', (chunk) => accepted.write(chunk))
  for (let count = 0; count < 3; count += 1) {
    await once(client, 'timeout')
    client.write('x')
    await once(client, 'data')
  }
  await once(client, 'timeout')
  return client.listenerCount('timeout')
})

same('setTimeout(0) takes a timeout back, and a listener with it', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  const listener = (): void => {
    world.log.add('client', 'timeout')
  }
  client.setTimeout(1000, listener)
  const counts = [client.listenerCount('timeout')]
  client.setTimeout(0, listener)
  counts.push(client.listenerCount('timeout'), client.timeout ?? -1)
  client.end()
  accepted.resume()
  client.resume()
  await world.closed(client, accepted)
  return counts
})

same('a timeout of connect is one of the socket', async (world) => {
  const server = await world.listen()
  const client = world.connect({ ...world.at(server), timeout: 250 })
  const { timeout } = client
  world.log.watch('client', client)
  await world.logged('client', 'timeout')
  client.destroy()
  await world.closed(client)
  return timeout
})

same(
  'a timeout before there is a connection',
  async (world) => {
    const socket = world.keep(new world.client.Socket())
    const returned = socket.setTimeout(10)
    await once(socket, 'timeout')
    return [returned === socket, socket.timeout]
  },
  { side: 'client' },
)

same('a timeout is not told after close', async (world) => {
  const { accepted, client } = await world.pair()
  client.setTimeout(10)
  client.destroy()
  await world.closed(client, accepted)
  const socket = world.keep(new world.client.Socket())
  socket.setTimeout(20)
  await once(socket, 'timeout')
})

const wrong = [-1, Number.NaN, Infinity, 2 ** 31, 1e12, '5', null, undefined, {}, true, 5n, 0.5]

same(
  'times that are none are refused, and long ones cut',
  async (world) => {
    const socket = world.keep(new world.client.Socket())
    for (const time of wrong) {
      try {
        socket.setTimeout(time as number)
        world.log.add('client', 'takes', String(time), socket.timeout)
      } catch (error) {
        world.log.add('client', 'throws', error)
      }
    }
    for (const listener of [null, 5, {}]) {
      try {
        socket.setTimeout(5, listener as never)
        world.log.add('client', 'takes it')
      } catch (error) {
        world.log.add('client', 'throws', error)
      }
    }
    socket.setTimeout(0)
  },
  { side: 'client' },
)
