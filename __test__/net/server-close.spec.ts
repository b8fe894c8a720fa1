/** close, and the connections that a server still has. */
import { EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import '../support/census.js'
import { same } from '../support/net.js'
import { since } from '../support/platforms.js'
import { until } from '../support/until.js'

same('close calls back when the last connection has gone', async (world) => {
  const { server, accepted, client } = await world.pair()
  server.on('close', (...args) => world.log.add('of the server', 'close', args))
  const returned = server.close(world.log.called('of the server', 'close'))
  const during = [server.listening, server.address()]
  await setImmediate()
  world.log.add('of the server', 'client ends')
  client.end()
  await world.closed(client, accepted)
  await world.logged('of the server', 'close')
  return [returned === server, during]
})

same(
  'close without connections is told after the call, with its callback last',
  async (world) => {
    const server = await world.listen()
    const order: string[] = []
    server.on('close', () => order.push('close'))
    server.close((error) => order.push(`called with ${String(error)}`))
    order.push('after the call')
    await once(server, 'close')
    await setImmediate()
    return order
  },
  { side: 'server' },
)

same(
  'close of a server that does not listen calls back with an error',
  async (world) => {
    const server = world.createServer()
    server.on('error', (error) => world.log.add('server', 'error', error))
    server.close(world.log.called('server', 'close'))
    server.close()
    await once(server, 'close')
    await setImmediate()
  },
  { side: 'server' },
)

same(
  'close twice',
  async (world) => {
    const server = await world.listen()
    server.close(world.log.called('server', 'first'))
    server.close(world.log.called('server', 'second'))
    await once(server, 'close')
    await setImmediate()
    server.close(world.log.called('server', 'third'))
    await setImmediate()
  },
  { side: 'server' },
)

same('a server that is closed accepts nobody more, and connections go on', async (world) => {
  const { server, accepted, client } = await world.pair()
  const at = world.at(server)
  server.close()
  await world.settle()
  const late = world.connect(at)
  world.log.watch('late', late)
  await world.closed(late)
  accepted.end('still here')
  await world.closed(client, accepted)
})

same('a server that closes in its connection listener', async (world) => {
  const server = await world.listen()
  server.once('connection', (socket: Socket) => {
    world.log.watch('server', socket)
    server.close(world.log.called('of the server', 'close'))
    socket.end('bye')
  })
  const client = world.connect(world.at(server))
  world.log.watch('client', client)
  await world.closed(client)
  await world.logged('server', 'close')
  await world.logged('of the server', 'close is called')
})

same('getConnections counts, and calls back later', async (world) => {
  const server = await world.listen()
  const order: unknown[] = []
  const count = async (): Promise<unknown> =>
    new Promise((resolve) => {
      const returned = server.getConnections((error, number) => {
        order.push('called')
        resolve([error, number])
      })
      order.push(returned === server)
    })
  const counts = [await count()]
  const sockets: Socket[] = []
  for (let index = 0; index < 3; index += 1) {
    const met = once(server, 'connection')
    sockets.push(world.connect(world.at(server)))
    const [accepted] = (await met) as [Socket]
    accepted.resume()
    counts.push(await count())
  }
  const gone = new Promise((resolve) => {
    server.once('connection', (socket: Socket) => socket.once('close', resolve).resume())
  })
  const last = world.connect(world.at(server))
  await once(last, 'connect')
  last.destroy()
  await gone
  counts.push(await count(), (server as { _connections?: number })._connections)
  server.close()
  counts.push(await count())
  return [counts, order]
})

same('maxConnections drops who comes too many, and tells their addresses', async (world) => {
  const server = await world.listen()
  server.maxConnections = 1
  server.on('drop', (...args) => world.log.add('of the server', 'drop', args))
  const met = once(server, 'connection')
  const first = world.connect(world.at(server))
  const [accepted] = (await met) as [Socket]
  accepted.resume()
  const second = world.connect(world.at(server))
  world.log.watch('second', second)
  await world.closed(second)
  first.destroy()
  await world.closed(accepted)
  const again = once(server, 'connection')
  const third = world.connect(world.at(server))
  await again
  world.log.watch('third', third)
  third.destroy()
  await world.closed(third)
})

const always = since(20, '')
const since22 = since(22, 'knows no such limit')

for (const maximum of [0, -1, Number.NaN, null, undefined, Infinity, '1', 1.5]) {
  same(
    `maxConnections ${maximum === '1' ? 'as text' : String(maximum)}`,
    async (world) => {
      const server = await world.listen()
      server.maxConnections = maximum as number
      let count = 0
      server.on('drop', () => {
        count += 1
        world.log.add('of the server', 'drop')
      })
      server.on('connection', (socket) => {
        count += 1
        world.log.add('of the server', 'connection')
        socket.resume()
      })
      for (let index = 1; index <= 3; index += 1) {
        world.connect(world.at(server))
        await until('one more came', () => count === index)
      }
      return [server.maxConnections]
    },
    { side: 'server', run: maximum === 0 ? since22 : always },
  )
}

same('an async listener of connection that rejects destroys its socket', async (world) => {
  EventEmitter.captureRejections = true
  try {
    const server = await world.listen()
    server.on('connection', (socket: Socket) => {
      world.log.watch('server', socket)
    })
    server.on('connection', async () => Promise.reject(new Error('mine')))
    server.on('error', (error) => world.log.add('of the server', 'error', error))
    const client = world.connect(world.at(server))
    world.log.watch('client', client)
    await world.closed(client)
    await world.logged('server', 'close')
  } finally {
    EventEmitter.captureRejections = false
  }
})

same(
  'a listening server can be disposed of',
  async (world) => {
    const server = await world.listen()
    const dispose = (server as { [Symbol.asyncDispose]?: () => Promise<void> })[Symbol.asyncDispose]
    if (dispose === undefined) return 'no such method'
    const first = await dispose.call(server)
    const second = await dispose.call(server).catch((error: unknown) => error)
    return [first, second, server.listening]
  },
  { side: 'server' },
)

same(
  'ref and unref return their server, in every state',
  async (world) => {
    const server = world.createServer()
    const states = [server.unref() === server, server.ref() === server]
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    states.push(server.unref() === server, server.ref() === server)
    server.close()
    await once(server, 'close')
    states.push(server.unref() === server, server.ref() === server)
    return states
  },
  { side: 'server' },
)

same('connections that end at once do not stay in the count', async (world) => {
  const server = await world.listen()
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.destroy()
  })
  const clients = Array.from({ length: 50 }, () => world.connect(world.at(server)).resume())
  await world.closed(...clients)
  server.close()
  await once(server, 'close')
  return (server as { _connections?: number })._connections
})

same('several servers in one process do not mix up their connections', async (world) => {
  const servers = [await world.listen(), await world.listen(), await world.listen()]
  for (const [index, server] of servers.entries()) {
    server.on('connection', (socket) => socket.end(`server ${index}`))
  }
  const answers = servers.map(async (server) => {
    let text = ''
    for await (const chunk of world.connect(world.at(server))) text += String(chunk)
    return text
  })
  return Promise.all(answers)
})
