import { once } from 'node:events'
import '../support/census.js'
import { pair } from '../support/drop-in.js'
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
