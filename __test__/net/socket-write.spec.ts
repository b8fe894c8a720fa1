/** write, cork and end: what they return, call back and send. */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import '../support/census.js'
import { same } from '../support/net.js'
import { since } from '../support/platforms.js'
import { scaled } from '../support/scale.js'

for (const encoding of ['utf8', 'latin1', 'ascii', 'ucs2', 'hex', 'base64', 'base64url'] as const) {
  same(`a string in ${encoding} arrives as its bytes`, async (world) => {
    const { accepted, client } = await world.pair({ watch: 'events' })
    accepted.on('data', (chunk: Buffer) => {
      world.log.receive('bytes', chunk)
    })
    client.write('00ffäö€😀', encoding)
    client.end('aGk', encoding)
    await world.closed(accepted, client)
    return [world.log.digest('bytes'), client.bytesWritten]
  })
}

same('every kind of bytes arrives, and only the bytes of a view', async (world) => {
  const { accepted, client } = await world.pair()
  const memory = new ArrayBuffer(16)
  new Uint8Array(memory).set(Buffer.from('0123456789abcdef'))
  client.write(Buffer.from('buffer'))
  client.write(new Uint8Array(memory, 4, 4))
  client.write(Buffer.alloc(0))
  client.write('')
  client.end(Buffer.from('end'))
  await world.closed(client, accepted)
})

same('writes return whether there is room, and call back in order', async (world) => {
  const { accepted, client } = await world.pair()
  const returned = [
    client.write('a', world.log.called('client', 'first')),
    client.write('', world.log.called('client', 'empty')),
    client.write(Buffer.from('b'), world.log.called('client', 'second')),
    client.write('c', 'latin1', world.log.called('client', 'third')),
  ]
  await world.logged('client', 'third is called')
  client.end('d', 'utf8', world.log.called('client', 'end'))
  await world.closed(client, accepted)
  return returned
})

same('callbacks of writes come later, in the order of ticks', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  accepted.resume()
  const order: string[] = []
  client.write('x', () => order.push('written'))
  order.push('after the call')
  await setImmediate()
  await once(client.end(), 'finish')
  return order
})

same('writes before there is a connection arrive in order', async (world) => {
  const server = await world.listen()
  server.on('connection', (socket) => {
    world.log.watch('server', socket)
  })
  const client = world.connect(world.at(server))
  world.log.watch('client', client)
  const returned = [
    client.write('one', world.log.called('client', 'one')),
    client.write('two', world.log.called('client', 'two')),
  ]
  client.end('three', world.log.called('client', 'end'))
  await world.closed(client)
  await world.logged('server', 'close')
  return returned
})

same('writes before there is a connection fail when it never comes', async (world) => {
  const client = world.connect({ port: await world.deadPort(), host: '127.0.0.1' })
  world.log.watch('client', client)
  client.write('one', world.log.called('client', 'one'))
  client.write('two', world.log.called('client', 'two'))
  client.end('three', world.log.called('client', 'end'))
  await world.closed(client)
  await setImmediate()
})

same('corked writes arrive as one, nested corks count', async (world) => {
  const { accepted, client } = await world.pair()
  client.cork()
  client.cork()
  for (const text of ['a', 'b', 'c']) client.write(text, world.log.called('client', text))
  client.uncork()
  const corked = [client.writableCorked, client.writableLength, client.bytesWritten]
  client.uncork()
  const uncorked = [client.writableCorked]
  client.end()
  await world.closed(client, accepted)
  return [corked, uncorked]
})

same('a corked socket that ends sends everything', async (world) => {
  const { accepted, client } = await world.pair()
  client.cork()
  client.write('a')
  client.write(Buffer.from('b'))
  client.end('c')
  await world.closed(client, accepted)
})

same(
  '5,000 corked writes, some of them empty, keep their order and all call back',
  async (world) => {
    const { accepted, client } = await world.pair()
    const calls: number[] = []
    client.cork()
    for (let index = 0; index < 5000; index += 1) {
      const text = index % 7 === 0 ? '' : `${index},`
      client.write(index % 2 === 0 ? text : Buffer.from(text), () => calls.push(index))
    }
    client.uncork()
    client.end()
    await world.closed(client, accepted)
    return [calls.length, calls.every((index, at) => index === at)]
  },
)

same('a megabyte arrives, at once and in pieces, in both directions', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  for (const [name, socket] of Object.entries({ client, accepted })) {
    socket.on('data', (chunk: Buffer) => world.log.receive(name, chunk))
  }
  const bytes = Buffer.alloc(1 << 20, 'abcdefghijk')
  client.write(bytes)
  for (let at = 0; at < bytes.length; at += 10_007) accepted.write(bytes.subarray(at, at + 10_007))
  client.end('!')
  accepted.end('?')
  await world.closed(client, accepted)
  return [world.log.digest('client'), world.log.digest('accepted')]
})

same('a large string arrives', async (world) => {
  const { accepted, client } = await world.pair()
  client.end('aä€😀'.repeat(100_000))
  await world.closed(client, accepted)
})

same(
  'a peer that does not read makes write return false, and drain come when it does',
  async (world) => {
    const { accepted, client } = await world.pair({ watch: 'none' })
    let drains = 0
    client.on('drain', () => (drains += 1))
    client.resume()
    const chunk = Buffer.alloc(1 << 20)
    let count = 1
    while (client.write(chunk) || count < 32) count += 1
    const before = {
      drains,
      needDrain: client.writableNeedDrain,
      isLong: client.writableLength > 0,
    }
    const drained = once(client, 'drain')
    let received = 0
    accepted.on('data', (data: Buffer) => (received += data.length))
    await drained
    const after = { drains, needDrain: client.writableNeedDrain, length: client.writableLength }
    client.end()
    await world.closed(client, accepted)
    return [count, before, after, received, client.bytesWritten]
  },
)

same('drain comes once for many writes', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  let drains = 0
  client.on('drain', () => (drains += 1))
  accepted.resume()
  client.resume()
  client.cork()
  const returned = Array.from({ length: 4 }, () => client.write(Buffer.alloc(100_000)))
  client.uncork()
  await once(client, 'drain')
  client.end()
  await world.closed(client, accepted)
  return [returned, drains]
})

same('end calls back when everything is sent, and finish comes first', async (world) => {
  const { accepted, client } = await world.pair()
  client.end('data', world.log.called('client', 'end'))
  client.end(world.log.called('client', 'second end'))
  await world.closed(client, accepted)
  client.end(world.log.called('client', 'third end'))
  await setImmediate()
})

same('write after end is an error that closes the socket', async (world) => {
  const { accepted, client } = await world.pair()
  client.end('x')
  const returned = client.write('y', world.log.called('client', 'write'))
  await world.closed(client, accepted)
  return returned
})

same('end with data after end is an error', async (world) => {
  const { accepted, client } = await world.pair()
  client.end('x')
  client.end('y', world.log.called('client', 'end'))
  await world.closed(client, accepted)
})

same('write after destroy calls back with an error', async (world) => {
  const { accepted, client } = await world.pair()
  client.destroy()
  const returned = client.write('y', world.log.called('client', 'write'))
  client.end(world.log.called('client', 'end'))
  await world.closed(client, accepted)
  return returned
})

same('writes that are queued when a socket is destroyed call back with an error', async (world) => {
  const { accepted, client } = await world.pair()
  client.cork()
  client.write('a', world.log.called('client', 'a'))
  client.write('b', world.log.called('client', 'b'))
  client.destroy(new Error('mine'))
  await world.closed(client, accepted)
  await setImmediate()
})

same(
  'a socket that was never connected refuses writes',
  async (world) => {
    const socket = world.keep(new world.client.Socket())
    world.log.watch('client', socket)
    const returned = socket.write('x', world.log.called('client', 'write'))
    await world.closed(socket)
    return returned
  },
  { side: 'client' },
)

same(
  'end of a socket that was never connected',
  async (world) => {
    const socket = world.keep(new world.client.Socket())
    world.log.watch('client', socket)
    socket.end(world.log.called('client', 'end'))
    await setImmediate()
    await setImmediate()
  },
  { side: 'client', run: since(22, 'waits for a connection') },
)

same(
  'a write in the callback of a write, thousands deep, does not overflow the stack',
  async (world) => {
    const { accepted, client } = await world.pair({ watch: 'none' })
    let received = 0
    accepted.on('data', (chunk: Buffer) => (received += chunk.length))
    client.resume()
    let left = scaled(10_000, 100_000)
    const next = (): void => {
      left -= 1
      if (left === 0) client.end()
      else client.write('x', next)
    }
    next()
    await world.closed(client, accepted)
    return [received, left]
  },
)

same('1,000 corked writes in listeners of drain do not overflow the stack', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none', client: { highWaterMark: 1 } })
  accepted.resume()
  client.resume()
  let left = 1000
  const write = (): void => {
    client.cork()
    client.write('xx')
    client.uncork()
  }
  client.on('drain', () => {
    left -= 1
    if (left === 0) client.end()
    else write()
  })
  write()
  await world.closed(client, accepted)
  return [left, accepted.bytesRead]
})

same('a buffer may be reused when its write has called back', async (world) => {
  const { accepted, client } = await world.pair()
  const buffer = Buffer.alloc(1000, 'a')
  await new Promise<void>((resolve) => {
    client.write(buffer, () => resolve())
  })
  buffer.fill('b')
  client.end(buffer)
  await world.closed(client, accepted)
})

same('setDefaultEncoding is what strings are written in', async (world) => {
  const { accepted, client } = await world.pair()
  client.setDefaultEncoding('hex')
  client.write('6869')
  client.end()
  await world.closed(client, accepted)
})
