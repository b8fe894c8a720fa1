/** Reading: flowing, paused, by read(), with encodings, as an iterator. */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import type { Socket } from 'node:net'
import '../support/census.js'
import { same } from '../support/net.js'
import { until } from '../support/until.js'

same('read returns what was asked for, and null when there is less', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none', server: { allowHalfOpen: true } })
  accepted.write('abcdef')
  await until('all is there', () => client.readableLength === 6 || client.read(0) === undefined)
  const read = [client.read(2), client.read(3), client.read(4), client.read(1), client.read()]
  accepted.end('rest')
  await once(accepted, 'finish')
  client.on('readable', () => {
    let chunk: unknown
    while ((chunk = client.read()) !== null) read.push(chunk as Buffer)
  })
  await once(client, 'end')
  return read
})

same('readable is told at the end as well', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  accepted.end()
  const seen: unknown[] = []
  client.on('readable', () => seen.push(client.read(), client.readableEnded))
  await once(client, 'end')
  return [seen, client.readableEnded]
})

for (const encoding of ['utf8', 'hex', 'latin1', 'base64'] as const) {
  same(`setEncoding ${encoding} gives strings, whole characters across chunks`, async (world) => {
    const { accepted, client } = await world.pair({ watch: 'none' })
    client.setEncoding(encoding)
    let text = ''
    client.on('data', (chunk: unknown) => {
      text += typeof chunk === 'string' ? chunk : 'no string'
    })
    const bytes = Buffer.from('aä€😀')
    for (const byte of bytes) {
      accepted.write(Buffer.of(byte))
      await setImmediate()
    }
    accepted.end()
    await once(client, 'end')
    return [text, client.readableEncoding]
  })
}

same('a paused socket gives nothing until it goes on, then everything in order', async (world) => {
  const { accepted, client } = await world.pair()
  client.pause()
  const paused = [client.isPaused(), client.readableFlowing]
  for (let index = 0; index < 100; index += 1) accepted.write(`${index},`)
  accepted.end()
  await once(accepted, 'finish')
  const before = world.log.received('client').length
  client.resume()
  const resumed = [client.isPaused(), client.readableFlowing]
  await world.closed(client, accepted)
  return [paused, resumed, before]
})

same('pause in a data listener keeps the rest back', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  const bytes = Buffer.alloc(400_000, 'abc')
  let received = 0
  let pauses = 0
  client.on('data', (chunk: Buffer) => {
    received += chunk.length
    pauses += 1
    client.pause()
    setTimeout(() => client.resume(), 0)
  })
  accepted.end(bytes)
  await once(client, 'end')
  return [received, pauses > 1]
})

same('a socket that nobody reads does not read everything', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  accepted.on('error', () => {})
  while (accepted.write(Buffer.alloc(1 << 20))) await setImmediate()
  for (let index = 0; index < 32; index += 1) accepted.write(Buffer.alloc(1 << 20))
  await until('the peer is not read', async () => {
    const { bytesRead } = client
    for (let turn = 0; turn < 20; turn += 1) await setImmediate()
    return bytesRead === client.bytesRead
  })
  return [client.bytesRead < 4 << 20, accepted.writableLength > 0]
})

same('an iterator reads to the end', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  accepted.write('one')
  accepted.end('two')
  let text = ''
  for await (const chunk of client) text += String(chunk)
  return [text, client.destroyed]
})

same('an iterator that is left destroys its socket', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  accepted.resume()
  accepted.write('one')
  // oxlint-disable-next-line no-unreachable-loop
  for await (const chunk of client) {
    world.log.add('client', String(chunk))
    break
  }
  const { destroyed } = client
  await world.closed(client, accepted)
  return destroyed
})

same('an iterator throws what ends its socket', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  accepted.write('one')
  const read = async (): Promise<void> => {
    for await (const chunk of client) {
      world.log.add('client', String(chunk))
      accepted.resetAndDestroy()
    }
  }
  await read().catch((error: unknown) => {
    world.log.add('client', 'throws', error)
  })
})

for (const highWaterMark of [0, 1, 100, 1 << 20]) {
  same(`highWaterMark ${highWaterMark} of a server is that of its sockets`, async (world) => {
    const { accepted, client } = await world.pair({
      server: { highWaterMark } as object,
      watch: 'none',
    })
    let received = 0
    accepted.on('data', (chunk: Buffer) => (received += chunk.length))
    client.end(Buffer.alloc(200_000))
    client.resume()
    await world.closed(accepted, client)
    return [accepted.readableHighWaterMark, accepted.writableHighWaterMark, received]
  })

  same(`highWaterMark ${highWaterMark} of a client is that of its stream`, async (world) => {
    const { accepted, client } = await world.pair({ client: { highWaterMark }, watch: 'none' })
    accepted.resume()
    client.resume()
    client.write(Buffer.alloc(100))
    client.end(Buffer.alloc(200_000))
    await world.closed(accepted, client)
    return [client.readableHighWaterMark, client.writableHighWaterMark, accepted.bytesRead]
  })
}

same('unshift gives back what was read', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  accepted.end('head body')
  await once(client, 'readable')
  const head = client.read(4) as Buffer
  client.unshift(head)
  let text = ''
  for await (const chunk of client) text += String(chunk)
  return [String(head), text]
})

same('read(0) and a listener of readable start the flow', async (world) => {
  const server = await world.listen({ pauseOnConnect: true })
  const met = once(server, 'connection') as Promise<[Socket]>
  const client = world.connect(world.at(server))
  client.resume().end('x')
  const [accepted] = await met
  const before = [accepted.readableFlowing, accepted.isPaused()]
  accepted.on('readable', () => {
    const chunk = accepted.read() as unknown
    if (chunk !== null) world.log.add('server', chunk)
  })
  accepted.read(0)
  await once(accepted, 'end')
  return before
})

same('pauseOnConnect keeps a socket back until it is resumed', async (world) => {
  const server = await world.listen({ pauseOnConnect: true })
  const met = once(server, 'connection') as Promise<[Socket]>
  const client = world.connect(world.at(server))
  client.resume().end('early')
  const [accepted] = await met
  await until('all is sent', () => client.writableFinished)
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  const before = [accepted.isPaused(), accepted.readableFlowing, accepted.bytesRead]
  world.log.watch('server', accepted)
  accepted.resume()
  await world.closed(accepted, client)
  return before
})
