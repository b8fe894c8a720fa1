import { once } from 'node:events'
import type { ExecutionContext } from 'ava'
import type { Engine } from 'mio-js/engine'
import { type Socket, connect } from 'mio-js/net'
import '../support/census.js'
import { pair, serving } from '../support/drop-in.js'
import { soon, underEachDriver } from '../support/engine.js'
import { noise } from '../support/engine-sockets.js'
import { until } from '../support/until.js'

underEachDriver('accepted sockets read into memory of the program', async (t, make) => {
  const memory = Buffer.alloc(1000)
  const parts: Buffer[] = []
  const onread = {
    buffer: memory,
    callback(count: number, buffer: Uint8Array) {
      t.is(buffer, memory)
      parts.push(Buffer.from(buffer.subarray(0, count)))
      return true
    },
  }
  const { near, far } = await pair(t, make(), { onread })
  let isFlowing = false
  far.on('data', () => (isFlowing = true))
  const bytes = noise(200_000, 1)
  near.end(bytes)
  await soon(once(far, 'end'))
  t.deepEqual(Buffer.concat(parts), bytes)
  t.false(isFlowing)
  t.is(far.bytesRead, bytes.length)
})

underEachDriver('a callback that returns false stops in the middle of a chunk', async (t, make) => {
  const parts: Buffer[] = []
  let goesOn = false
  const onread = {
    buffer: () => Buffer.alloc(10),
    callback(count: number, buffer: Uint8Array) {
      parts.push(Buffer.from(buffer.subarray(0, count)))
      return goesOn
    },
  }
  const { near, far } = await pair(t, make(), {}, { onread })
  const bytes = noise(105, 2)
  far.end(bytes)
  for (let count = 1; count <= 4; count += 1) {
    // oxlint-disable-next-line no-await-in-loop: one part after another
    await until('one part more', () => parts.length === count)
    t.is(Buffer.concat(parts).length, count * 10)
    if (count === 4) goesOn = true
    near.resume()
  }
  await soon(once(near, 'end'))
  t.deepEqual(Buffer.concat(parts), bytes)
})

/** A client that reads four bytes at a time, and what it has got. */
async function inFours(
  t: ExecutionContext,
  engine: Engine,
  onPart: (near: Socket) => unknown = () => true,
): Promise<{ near: Socket; far: Socket; parts: string[] }> {
  const parts: string[] = []
  const onread = {
    buffer: Buffer.alloc(4),
    callback(count: number, buffer: Uint8Array) {
      parts.push(Buffer.from(buffer.subarray(0, count)).toString())
      return onPart(ends.near) as boolean
    },
  }
  const ends = await pair(t, engine, {}, { onread })
  return { ...ends, parts }
}

underEachDriver('a callback that pauses gets no more until it goes on', async (t, make) => {
  const { near, far, parts } = await inFours(t, make(), (socket) => void socket.pause())
  let isEnded = false
  near.once('end', () => (isEnded = true))
  far.end('abcdefghij')
  for (const expected of [['abcd'], ['abcd', 'efgh'], ['abcd', 'efgh', 'ij']]) {
    // oxlint-disable-next-line no-await-in-loop: one part after another
    await until('one part more', () => parts.length === expected.length)
    t.deepEqual(parts, expected)
    t.false(isEnded)
    near.resume()
  }
  await soon(once(near, 'close'))
  t.true(isEnded)
})

underEachDriver('what is left of a chunk is told after the connection is gone', async (t, make) => {
  const { near, far, parts } = await inFours(t, make(), () => false)
  far.end('abcdefgh')
  await until('the first part', () => parts.length === 1)
  near.end()
  await soon(once(far, 'close'))
  near.resume()
  await until('the second part', () => parts.length === 2)
  near.resume()
  await soon(once(near, 'close'))
  t.deepEqual(parts, ['abcd', 'efgh'])
})

underEachDriver(
  'a socket that is paused while it connects reads when it goes on',
  async (t, make) => {
    const parts: number[] = []
    const onread = { buffer: Buffer.alloc(9), callback: (count: number) => parts.push(count) > 0 }
    const engine = make()
    const { port } = await serving(t, engine, {}, (socket) => socket.end('abc'))
    const near = connect({ engine, port, host: '127.0.0.1', onread })
    near.pause()
    await soon(once(near, 'connect'))
    const other = connect({ engine, port, host: '127.0.0.1' })
    await soon(once(other.resume(), 'end'))
    t.deepEqual(parts, [])
    near.resume()
    await soon(once(near, 'end'))
    t.deepEqual(parts, [3])
  },
)

underEachDriver('memory without room is an error', async (t, make) => {
  const onread = { buffer: Buffer.alloc(0), callback: () => true }
  const { near, far } = await pair(t, make(), {}, { onread })
  far.on('error', () => {})
  far.write('abc')
  const [error] = await soon(once(near, 'error'))
  t.like(error, { code: 'ENOBUFS', syscall: 'read', message: 'read ENOBUFS' })
})

underEachDriver('functions are called on the socket', async (t, make) => {
  const callers: unknown[] = []
  const onread = {
    buffer(this: unknown) {
      callers.push(this)
      return Buffer.alloc(9)
    },
    callback(this: unknown) {
      callers.push(this)
      return true
    },
  }
  const { near, far } = await pair(t, make(), {}, { onread })
  far.end('abc')
  await soon(once(near, 'end'))
  t.deepEqual(
    callers.map((caller) => caller === near),
    [true, true, true],
  )
})
