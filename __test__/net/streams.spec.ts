/** Sockets as streams: pipe, pipeline, finished, iterators, web streams. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Duplex, PassThrough, Readable, Transform, Writable, finished, pipeline } from 'node:stream'
import { text } from 'node:stream/consumers'
import { finished as finishes, pipeline as pipes } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import '../support/census.js'
import { same } from '../support/net.js'
import { stateOf } from '../support/net-log.js'
import type { World } from '../support/net-world.js'

/** A server that pipes what it receives back. */
async function echo(world: World): Promise<Socket> {
  const server = await world.listen({ allowHalfOpen: true })
  server.on('connection', (socket) => {
    // Pauses depend on chunks.
    world.log.watch('server', socket, false, ['pause', 'resume'])
    socket.pipe(socket)
  })
  const client = world.connect({ ...world.at(server), allowHalfOpen: true } as never)
  world.log.watch('client', client)
  await once(client, 'connect')
  return client
}

for (const size of [0, 1, 70_000, 1 << 20]) {
  same(`an echo of ${size} bytes by pipe`, async (world) => {
    const client = await echo(world)
    client.end(Buffer.alloc(size, 'abcdefg'))
    await world.closed(client)
    await world.logged('server', 'close')
  })
}

same('many small writes are echoed in order', async (world) => {
  const client = await echo(world)
  for (let index = 0; index < 1000; index += 1) {
    client.write(`${index},`)
    if (index % 100 === 0) await setImmediate()
  }
  client.end()
  await world.closed(client)
  await world.logged('server', 'close')
})

same('pipeline from a source to a socket, and from a socket to a sink', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  const parts: Buffer[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      parts.push(chunk)
      globalThis.setImmediate(callback)
    },
  })
  await Promise.all([
    pipes(Readable.from(['a', 'b', 'c'.repeat(200_000)]), client),
    pipes(accepted, sink),
  ])
  await world.closed(accepted, client)
  return Buffer.concat(parts)
})

same('pipeline through a transform and back', async (world) => {
  const { accepted, client } = await world.pair({
    watch: 'events',
    server: { allowHalfOpen: true },
  })
  const upper = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      callback(null, chunk.toString().toUpperCase())
    },
  })
  pipeline(accepted, upper, accepted, world.log.called('server', 'pipeline'))
  client.end('make me large')
  const answer = await text(client)
  await world.closed(accepted, client)
  await setImmediate()
  return answer
})

same('pipeline that fails destroys its socket', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'events' })
  accepted.resume()
  const failing = new Readable({
    read() {
      this.destroy(new Error('mine'))
    },
  })
  await pipes(failing, client).catch((error: unknown) => world.log.add('pipeline', error))
  await world.closed(accepted, client)
})

same('pipeline from a socket that is reset', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'events' })
  const piped = pipes(client, new PassThrough().resume())
  accepted.resetAndDestroy()
  await piped.catch((error: unknown) => world.log.add('pipeline', error))
  await world.closed(accepted, client)
})

same('pipeline to a socket that closes early', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  const piped = pipes(new PassThrough(), client)
  client.destroy()
  const error = await piped.catch((reason: unknown) => reason)
  accepted.resume()
  await world.closed(accepted, client)
  return error
})

same('finished tells the end, an early close, and an error', async (world) => {
  for (const how of ['end', 'destroy', 'fail', 'reset'] as const) {
    const { accepted, client } = await world.pair({ watch: 'none' })
    // Each end has an order of its own: which of the two is first to know is chance.
    const [near, far] = [`${how}, client`, `${how}, server`]
    finished(client, world.log.called(near, 'finished of the client'))
    finished(accepted, world.log.called(far, 'finished of the server'))
    finished(client, { readable: false }, world.log.called(near, 'written by the client'))
    finished(accepted, { writable: false }, world.log.called(far, 'read by the server'))
    client.resume()
    accepted.resume()
    if (how === 'end') client.end('x')
    if (how === 'destroy') client.destroy()
    if (how === 'fail') client.destroy(new Error('mine'))
    if (how === 'reset') client.resetAndDestroy()
    await world.closed(accepted, client)
    await setImmediate()
  }
})

same('finished of a socket that is closed already', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  client.resume().end()
  accepted.resume()
  await world.closed(accepted, client)
  await finishes(client)
  return stateOf(client)
})

same('a socket is readable and writable for the helpers of streams', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  const { isReadable, isErrored, isDisturbed } = Readable as typeof Readable & {
    isReadable: (stream: unknown) => boolean
    isErrored: (stream: unknown) => boolean
    isDisturbed: (stream: unknown) => boolean
  }
  const look = (): unknown[] => [
    isReadable(client),
    isErrored(client),
    isDisturbed(client),
    client.writable,
    client instanceof Duplex,
    client instanceof Readable,
    client instanceof Writable,
  ]
  const seen = [look()]
  accepted.resume()
  client.destroy(new Error('mine'))
  seen.push(look())
  await world.closed(accepted, client)
  return [...seen, look()]
})

same('helpers of iterators read a socket', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  accepted.end('one two three')
  client.setEncoding('utf8')
  return client.map((chunk: string) => chunk.toUpperCase()).toArray()
})

same('a socket as a web stream', async (world) => {
  const { accepted, client } = await world.pair({
    watch: 'none',
    server: { allowHalfOpen: true },
    client: { allowHalfOpen: true },
  })
  accepted.pipe(accepted)
  const { readable, writable } = Duplex.toWeb(client)
  const writer = writable.getWriter()
  await writer.write(Buffer.from('through the web'))
  await writer.close()
  let received = ''
  for await (const chunk of readable) received += Buffer.from(chunk as Uint8Array).toString()
  return received
})

same('unpipe and pipe again', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  const [first, second] = [new PassThrough(), new PassThrough()]
  client.pipe(first)
  accepted.write('one')
  const head = String((await once(first, 'data'))[0])
  client.unpipe(first)
  client.pipe(second)
  accepted.end('two')
  return [head, await text(second), first.readableLength]
})

same('what is destroyed in a pipe leaves the other side alone', async (world) => {
  const { accepted, client } = await world.pair({ watch: 'none' })
  const through = new PassThrough()
  client.pipe(through)
  accepted.write('x')
  await once(through, 'data')
  client.destroy()
  accepted.resume()
  await world.closed(accepted, client)
  return [through.destroyed, through.writableEnded]
})

same('compose, and a socket in Duplex.from', async (world) => {
  const { accepted, client } = await world.pair({
    watch: 'none',
    server: { allowHalfOpen: true },
  })
  accepted.pipe(accepted)
  const duplex = Duplex.from({ readable: client, writable: client } as never)
  duplex.end('composed')
  return text(duplex)
})
