import { types } from 'node:util'
import { detach } from '../support/bytes.js'
import '../support/census.js'
import {
  accepted,
  linked,
  noise,
  peerAt,
  readToEnd,
  sameBytes,
  sendAtOnce,
  serve,
  turns,
} from '../support/engine-sockets.js'
import { underEachDriver } from '../support/engine.js'
import { readExactly, writeAll } from '../support/sockets.js'
import { until } from '../support/until.js'

/** Of short ones, of what a copy has, of what a donated buffer has. */
const sizes = [1, 2, 23, 24, 25, 63, 64, 65, 100, 1000, 4096, 16_384, 30_000, 32_767, 32_768]

/** Large reads in a row, for which buffers are donated, and what is on the border of one. */
const donated = [65_536, 65_536, 65_536, 32_767, 32_768, 32_769, 60_000, 10]

underEachDriver(
  'a chunk is a Buffer, the bytes that came, in memory of its own',
  async (t, make) => {
    const { journal, peer } = await accepted(t, make())
    const seen = new Set<ArrayBufferLike>()
    for (const [n, size] of [...sizes, ...donated].entries()) {
      const bytes = noise(size, n + 1)
      const before = journal.received
      await writeAll(peer, bytes)
      await journal.has(before + size)
      const chunks = journal.chunks.splice(0)
      sameBytes(t, Buffer.concat(chunks), bytes)
      for (const chunk of chunks) {
        t.true(Buffer.isBuffer(chunk))
        t.is(Object.getPrototypeOf(chunk), Buffer.prototype)
        t.deepEqual(
          Reflect.ownKeys(chunk).filter((key) => !/^\d+$/.test(String(key))),
          [],
        )
        t.true(types.isArrayBuffer(chunk.buffer))
        t.false(seen.has(chunk.buffer), 'the memory is shared with another chunk')
        seen.add(chunk.buffer)
        t.is(chunk.byteOffset, 0)
        // Half of the largest buffer there is, at most, is pinned in vain.
        if (chunk.length <= 32_768) t.is(chunk.buffer.byteLength, chunk.length)
        else t.true(chunk.buffer.byteLength <= 2 * chunk.length)
      }
    }
  },
)

underEachDriver('chunks that are kept never change', async (t, make) => {
  const { client, accepted: other } = await linked(make(), {}, {}, { maxPending: Infinity })
  const parts = Array.from({ length: 400 }, (_, n) => noise(sizes[n % sizes.length]!, n + 1))
  for (const [n, part] of parts.entries()) {
    client.socket.write(part)
    if (n % 7 === 0) await other.until(() => other.received > 0)
    if (n % 50 === 0) globalThis.gc!()
  }
  const expected = Buffer.concat(parts)
  await other.has(expected.length)
  sameBytes(t, other.bytes, expected)
})

underEachDriver('a program may overwrite and give away the chunks that it got', async (t, make) => {
  const engine = make()
  const { port, opened } = serve(engine, {
    data(socket, chunk) {
      socket.write(chunk)
      chunk.fill(0xee)
      if (chunk.length % 2 === 0) detach(chunk)
    },
  })
  const peers = [await peerAt(t, port), await peerAt(t, port), await peerAt(t, port)]
  await opened(2)
  for (const size of [10, 64, 65, 500, 20_000, 60_000]) {
    for (let n = 0; n < 4; n += 1) {
      for (const [at, peer] of peers.entries()) await writeAll(peer, noise(size + n, at + 1))
      for (const [at, peer] of peers.entries()) {
        sameBytes(t, await readExactly(peer, size + n), noise(size + n, at + 1))
      }
    }
  }
})

underEachDriver(
  'large chunks of many sockets are intact under load, and all can be kept',
  async (t, make) => {
    const engine = make()
    const { port, journals, opened } = serve(engine, {}, { allowHalfOpen: true })
    const count = 6
    const bytes = Array.from({ length: count }, (_, n) => noise(4_000_000, n + 1))
    for (let n = 0; n < count; n += 1) {
      const options = { hostname: '127.0.0.1', port, allowHalfOpen: true, maxPending: Infinity }
      const socket = await engine.connect(options)
      await opened(n)
      socket.end(bytes[n]!)
    }
    for (const [n, journal] of journals.entries()) {
      await journal.saw('end')
      globalThis.gc!()
      sameBytes(t, journal.bytes, bytes[n]!, `socket ${n}`)
    }
    const chunks = journals.flatMap((journal) => journal.chunks)
    t.true(
      chunks.some(({ length }) => length === 65_536),
      'no read was large',
    )
    t.is(new Set(chunks.map(({ buffer }) => buffer)).size, chunks.length)
    const pinned = chunks.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
    t.true(pinned <= 2 * 4_000_000 * count, `${pinned} bytes are pinned`)

    // They are the program's, whatever becomes of the engine.
    await engine.close()
    globalThis.gc!()
    await turns(5)
    for (const [n, journal] of journals.entries()) sameBytes(t, journal.bytes, bytes[n]!)
  },
)

underEachDriver('a large chunk that is dropped by a close harms no other', async (t, make) => {
  const engine = make()
  const { port, journals, opened } = serve(engine, {
    data(socket) {
      if (socket.data.received > 300_000) socket.terminate()
    },
  })
  for (let n = 0; n < 30; n += 1) {
    const socket = await engine.connect({ hostname: '127.0.0.1', port, maxPending: Infinity })
    await opened(n)
    socket.write(noise(2_000_000, n + 1))
  }
  for (const [n, journal] of journals.entries()) {
    await journal.saw('close')
    sameBytes(t, journal.bytes, noise(2_000_000, n + 1).subarray(0, journal.received))
  }
})

const used = (): number => {
  globalThis.gc!()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

underEachDriver(
  'one-byte chunks that are kept cost little more than their objects',
  async (t, make, driver) => {
    const engine = make()
    const peers = 100
    const rounds = driver === 'inline' ? 1000 : 100
    const kept: Buffer[] = []
    const server = engine.listen({
      hostname: '127.0.0.1',
      socket: {
        data(_, chunk) {
          kept.push(chunk)
        },
      },
    })
    const all = []
    for (let n = 0; n < peers; n += 1) all.push(await peerAt(t, server.port!))
    await until('all are accepted', () => server.connections === peers)
    const before = used()
    const bytes = Buffer.from('x')
    for (let n = 1; n <= rounds; n += 1) {
      for (const peer of all) peer.write(bytes)
      await until('all are read', () => kept.length === n * peers)
    }
    const each = (used() - before) / kept.length
    t.is(kept.length, rounds * peers)
    t.true(each < 250, `${each} bytes for each chunk`)
  },
)

underEachDriver('borrow gives views that are right within the handler', async (t, make, driver) => {
  const engine = make()
  const memories = new Set<ArrayBufferLike>()
  const copies: Buffer[] = []
  const kept: Buffer[] = []
  const { peer, socket } = await accepted(
    t,
    engine,
    {
      data(self, chunk) {
        t.true(Buffer.isBuffer(chunk))
        memories.add(chunk.buffer)
        copies.push(Buffer.from(chunk))
        kept.push(chunk)
        self.write(chunk)
      },
    },
    { borrow: true },
  )
  const expected: Buffer[] = []
  for (let n = 0; n < 50; n += 1) {
    const bytes = noise(100 + n, n + 1)
    expected.push(bytes)
    sendAtOnce(engine, driver, [[peer, bytes]])
    sameBytes(t, await readExactly(peer, bytes.length), bytes)
  }
  sameBytes(t, Buffer.concat(copies), Buffer.concat(expected))
  t.is(memories.size, 1)
  // Which is what borrowing means: a view that is kept shows something else.
  t.true(kept.some((chunk, n) => !chunk.equals(copies[n]!)))
  t.is(socket.bytesRead, Buffer.concat(expected).length)
})

underEachDriver(
  'with borrow, large chunks and those that have to wait are right as well',
  async (t, make) => {
    const engine = make()
    const bytes = noise(3_000_000)
    const kept: Buffer[] = []
    const { socket, peer, journal } = await accepted(
      t,
      engine,
      {
        data(self, chunk) {
          self.data.chunks.pop()
          kept.push(Buffer.from(chunk))
          self.write(chunk)
          if (kept.length % 5 === 0) {
            self.pause()
            setImmediate(() => self.resume())
          }
        },
      },
      { borrow: true, allowHalfOpen: true, maxPending: Infinity },
    )
    const reading = readToEnd(peer)
    await writeAll(peer, bytes)
    await journal.has(bytes.length)
    socket.end()
    sameBytes(t, await reading, bytes)
    sameBytes(t, Buffer.concat(kept), bytes)
  },
)

underEachDriver('data without a handler is dropped, and costs nothing', async (t, make) => {
  const engine = make()
  const server = engine.listen({ hostname: '127.0.0.1', socket: {}, allowHalfOpen: true })
  const peer = await peerAt(t, server.port!)
  // Much, as the memory of a process is never quite at rest.
  const bytes = noise(8_000_000)
  const before = used()
  await writeAll(peer, bytes)
  await until('all is read', () => engine.stats().bytesRead === bytes.length)
  // What a thread has read may be on its way still.
  await until('the memory is free', () => used() - before < bytes.length / 2)
  t.pass()
  server.closeNow()
  await server.close()
})
