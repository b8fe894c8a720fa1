import test from 'ava'
import {
  type Resizable,
  type View,
  detach,
  holding,
  isUntouched,
  numbered,
  resizable,
} from './support/bytes.js'
import './support/census.js'
import { run } from './support/child.js'
import { throwsCode } from './support/errors.js'
import { unix } from './support/platforms.js'
import { pair, readExactly } from './support/sockets.js'

const revoked = Proxy.revocable(Buffer.alloc(4), {})
revoked.revoke()

test('the buffers of a vectored operation are in an array', async (t) => {
  const streams = await holding(t, numbered(4))
  const buffer = Buffer.alloc(4)
  for (const buffers of [
    undefined,
    null,
    'abcd',
    5,
    5n,
    Symbol('s'),
    () => [buffer],
    buffer,
    { length: 1, 0: buffer },
    new Set([buffer]),
    [buffer].values(),
    new Proxy([buffer], {}),
    revoked.proxy,
  ]) {
    for (const name of ['readVectored', 'writeVectored'] as const) {
      const error = throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => streams[1][name](buffers as never))
      t.true(error instanceof TypeError)
    }
  }
  t.deepEqual(buffer, Buffer.alloc(4))
  await isUntouched(t, streams)
})

test('one buffer that is none spoils all of them', async (t) => {
  const streams = await holding(t, numbered(4))
  const buffer = Buffer.alloc(4)
  const hole = [buffer, buffer.subarray(4)]
  hole.length = 3
  for (const buffers of [[buffer, null], [undefined, buffer], [[1]], ['a'], [buffer, 5], hole]) {
    for (const name of ['readVectored', 'writeVectored'] as const) {
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => streams[1][name](buffers as never))
    }
  }
  t.deepEqual(buffer, Buffer.alloc(4))
  await isUntouched(t, streams)
})

test('more buffers than one system call takes are taken in part, in order', async (t) => {
  const [client, server] = await pair(t)
  const bytes = Buffer.from(Array.from({ length: 3000 }, (_, n) => n % 251))
  const buffers = Array.from(bytes, (byte) => Buffer.from([byte]))
  const written = client.writeVectored(buffers)!
  t.true(written >= 16 && written <= 3000, `${written}`)
  t.deepEqual(await readExactly(server, written), bytes.subarray(0, written))
  t.is(server.read(Buffer.alloc(1)), null)

  client.write(Buffer.concat([Buffer.from('x'), bytes]))
  await readExactly(server, 1)
  for (const buffer of buffers) buffer[0] = 255
  const read = server.readVectored(buffers)!
  t.true(read >= 16 && read <= 3000, `${read}`)
  t.deepEqual(Buffer.concat(buffers.slice(0, read)), bytes.subarray(0, read))
  t.true(buffers.slice(read).every((buffer) => buffer[0] === 255))
  t.deepEqual(await readExactly(server, 3000 - read), bytes.subarray(read))
})

test('buffers of one read may touch and not overlap', async (t) => {
  const [, server] = await holding(t, numbered(4))
  const memory = Buffer.alloc(8)
  const whole = memory.subarray(0, 4)
  for (const buffers of [
    [whole, whole],
    [memory, memory.subarray(7)],
    [memory.subarray(3, 5), whole],
    [memory.subarray(2, 3), Buffer.alloc(1), whole],
    [new Float64Array(memory.buffer, 0, 1), new Uint8Array(memory.buffer, 7, 1)],
  ]) {
    const error = throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => server.readVectored(buffers))
    t.true(error instanceof TypeError)
  }
  t.deepEqual(memory, Buffer.alloc(8))
  const parts = [memory.subarray(6), memory.subarray(2, 2), memory.subarray(0, 3)]
  t.is(server.readVectored(parts), 4)
  t.deepEqual(memory, Buffer.from([3, 4, 0, 0, 0, 0, 1, 2]))
})

test('buffers of one write may overlap', async (t) => {
  const [client, server] = await pair(t)
  const bytes = numbered(4)
  t.is(client.writeVectored([bytes, bytes, bytes.subarray(1, 3)]), 10)
  t.deepEqual(await readExactly(server, 10), Buffer.from([1, 2, 3, 4, 1, 2, 3, 4, 2, 3]))
})

for (const [what, change, code] of [
  ['detaches', (view: View) => detach(view), 'ERR_BUFFER_DETACHED'],
  ['shrinks', (view: View) => (view.buffer as Resizable).resize(2), undefined],
] as const) {
  test(`an array whose accessor ${what} a buffer before it harms nobody`, async (t) => {
    const streams = await holding(t, numbered(4))
    for (const name of ['writeVectored', 'readVectored'] as const) {
      const first = new Uint8Array(resizable(4, 8)).fill(9)
      const buffers: View[] = [first]
      const second = Buffer.from([8, 8])
      Object.defineProperty(buffers, 1, {
        get: () => {
          change(first)
          return second
        },
      })
      if (code !== undefined) throwsCode(t, code, () => streams[1][name](buffers))
      else if (name === 'writeVectored') {
        t.is(streams[1][name](buffers), 4)
        t.deepEqual(await readExactly(streams[0], 4), Buffer.from([9, 9, 8, 8]))
      } else {
        t.is(streams[1][name](buffers), 4)
        t.deepEqual([...first, ...second], [1, 2, 3, 4])
        streams[0].write(numbered(4))
      }
    }
    await isUntouched(t, streams)
  })
}

test('what an accessor of the array throws passes through', async (t) => {
  const streams = await holding(t, numbered(4))
  const mine = new Error('mine')
  const buffers = Object.defineProperty([Buffer.alloc(4)], 1, {
    get: () => {
      throw mine
    },
  })
  for (const name of ['writeVectored', 'readVectored'] as const) {
    t.is(
      t.throws(() => streams[1][name](buffers)),
      mine,
    )
  }
  await isUntouched(t, streams)
})

for (const [what, seen] of [
  ['used', null],
  ['opened', 'opened'],
  ['closed', 'closed'],
] as const) {
  unix(`sockets can be ${what} inside an accessor of the array`, async (t) => {
    const { code, signal, stdout, stderr } = await run('reentrant-vectored')
    t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
    const outcome = (JSON.parse(stdout) as Record<string, Record<string, unknown>>)[what]
    t.is(outcome?.['seen'], seen)
    t.is(outcome?.['open'], 'EBADF')
  })
}
