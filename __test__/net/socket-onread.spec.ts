/** onread: reading into a buffer of the program. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import '../support/census.js'
import { same } from '../support/net.js'
import type { World } from '../support/net-world.js'

interface OnRead {
  buffer: unknown
  callback: unknown
}

/** A client that reads into this, and a server that sends `bytes` to it and ends. */
async function receive(world: World, onread: OnRead, bytes: string | Buffer): Promise<void> {
  const server = await world.listen()
  server.on('connection', (socket) => socket.end(bytes))
  const client = world.connect({ ...world.at(server), onread } as never)
  world.log.watch('client', client, false)
  await world.closed(client)
  world.log.add('client', 'counts', client.bytesRead, client.readableLength)
}

same('every byte comes in the buffer, and no data event', async (world) => {
  const buffer = Buffer.alloc(1000)
  const parts: Buffer[] = []
  let isSame = true
  await receive(
    world,
    {
      buffer,
      callback: (count: number, given: Buffer) => {
        isSame &&= given === buffer
        parts.push(Buffer.from(given.subarray(0, count)))
        return true
      },
    },
    Buffer.alloc(100_000, 'abcdefg'),
  )
  return [Buffer.concat(parts), isSame, parts.every((part) => part.length <= 1000)]
})

same('a buffer is made for each read', async (world) => {
  const made: Uint8Array[] = []
  const parts: Buffer[] = []
  await receive(
    world,
    {
      buffer: () => {
        made.push(new Uint8Array(10))
        return made.at(-1)
      },
      callback: (count: number, given: Uint8Array) => {
        parts.push(Buffer.from(given.subarray(0, count)))
        return made.includes(given)
      },
    },
    'twenty-five bytes of text',
  )
  return [Buffer.concat(parts), made.length >= 3]
})

same('false pauses, and resume goes on', async (world) => {
  const server = await world.listen()
  server.on('connection', (socket) => socket.end('0123456789'.repeat(10)))
  const parts: string[] = []
  const client = world.connect({
    ...world.at(server),
    onread: {
      buffer: Buffer.alloc(25),
      callback: (count: number, given: Buffer) => {
        parts.push(given.toString('latin1', 0, count))
        globalThis.setImmediate(() => {
          parts.push('resume')
          client.resume()
        })
        return false
      },
    },
  } as never)
  world.log.watch('client', client, false)
  await world.closed(client)
  return parts
})

same('pause and resume hold a socket with onread', async (world) => {
  const server = await world.listen({ allowHalfOpen: true })
  const met = once(server, 'connection')
  let text = ''
  const client = world.connect({
    ...world.at(server),
    onread: {
      buffer: Buffer.alloc(25),
      callback: (count: number, given: Buffer) => {
        text += given.toString('latin1', 0, count)
        return true
      },
    },
  } as never)
  await once(client, 'connect')
  const [accepted] = (await met) as [Socket]
  client.pause()
  await new Promise((resolve) => {
    accepted.write('x'.repeat(60), resolve)
  })
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
  const paused = text
  client.resume()
  accepted.end()
  await world.closed(client)
  return [paused, text]
})

same('a reset, and an error of the callback', async (world) => {
  const server = await world.listen()
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.write('x')
  })
  const client = world.connect({
    ...world.at(server),
    onread: {
      buffer: Buffer.alloc(25),
      callback: () => {
        client.destroy(new Error('mine'))
        return true
      },
    },
  } as never)
  world.log.watch('client', client, false)
  await world.closed(client)
})

same('what is no onread is left out', async (world) => {
  const buffer = Buffer.alloc(10)
  const callback = (): boolean => true
  const wrong: unknown[] = [
    null,
    5,
    {},
    { buffer },
    { callback },
    { buffer: 'text', callback },
    { buffer: new ArrayBuffer(5), callback },
    { buffer, callback: 5 },
  ]
  for (const onread of wrong) {
    const server = await world.listen()
    server.on('connection', (socket) => socket.end('x'))
    const client = world.connect({ ...world.at(server), onread } as never)
    const [chunk] = await once(client, 'data')
    world.log.add('client', String(chunk))
    await once(client, 'close')
  }
})
