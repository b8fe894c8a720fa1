import { runInNewContext } from 'node:vm'
import test, { type ExecutionContext } from 'ava'
import type { TcpStream } from 'mio-js'
import {
  type Resizable,
  type View,
  detach,
  holding,
  isUntouched,
  numbered,
  readInto,
  resizable,
} from './support/bytes.js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { pair, readExactly } from './support/sockets.js'

/** Every operation on one buffer, alone or in an array. */
const operations: Readonly<Record<string, (stream: TcpStream, view: View) => number | null>> = {
  read: (stream, view) => stream.read(view),
  peek: (stream, view) => stream.peek(view),
  write: (stream, view) => stream.write(view),
  'read a part': (stream, view) => stream.read(view, 0, 1),
  'read from an offset': (stream, view) => stream.read(view, 0),
  'peek from an offset': (stream, view) => stream.peek(view, 0),
  'write from an offset': (stream, view) => stream.write(view, 0),
  readVectored: (stream, view) => stream.readVectored([Buffer.alloc(1), view]),
  writeVectored: (stream, view) => stream.writeVectored([Buffer.alloc(1), view]),
}

/** Asserts that no operation takes the value, and that the stream is as before. */
async function isRefused(t: ExecutionContext, code: string, value: unknown): Promise<void> {
  const streams = await holding(t, numbered(4))
  for (const [name, operation] of Object.entries(operations)) {
    const error = throwsCode(t, code, () => operation(streams[1], value as View))
    t.true(error instanceof TypeError, name)
  }
  await isUntouched(t, streams)
}

type Kind = new (buffer: ArrayBufferLike, offset?: number, length?: number) => View

const kinds: Kind[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
  ...((globalThis as { Float16Array?: Kind }).Float16Array === undefined
    ? []
    : [(globalThis as unknown as { Float16Array: Kind }).Float16Array]),
]

for (const Kind of kinds) {
  const size = (Kind as unknown as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1

  test(`a ${Kind.name} is its bytes, and no others`, async (t) => {
    const memory = numbered(48)
    const buffer = new Uint8Array(memory).buffer
    const view = new Kind(buffer, 16, 16 / size)
    const [client, server] = await pair(t)
    t.is(client.write(view), 16)
    t.is(client.write(view, 3, 5), 5)
    t.is(client.write(view, 13), 3)
    t.is(client.writeVectored([view, new Kind(buffer, 40, 8 / size)]), 24)
    t.deepEqual(
      await readExactly(server, 48),
      Buffer.concat([
        memory.subarray(16, 32),
        memory.subarray(19, 24),
        memory.subarray(29, 32),
        memory.subarray(16, 32),
        memory.subarray(40, 48),
      ]),
    )
  })

  test(`reading into a ${Kind.name} fills its bytes, and no others`, async (t) => {
    const bytes = numbered(100)
    for (const [read, count, start] of [
      [(server: TcpStream, view: View) => server.peek(view), 16, 16],
      [(server: TcpStream, view: View) => server.read(view), 16, 16],
      [(server: TcpStream, view: View) => server.read(view, 3, 5), 5, 19],
      [(server: TcpStream, view: View) => server.peek(view, 13), 3, 29],
      [(server: TcpStream, view: View) => server.readVectored([view]), 16, 16],
    ] as const) {
      const [, server] = await holding(t, bytes)
      const memory = Buffer.alloc(48, 0xee)
      const buffer = new Uint8Array(memory).buffer
      t.is(read(server, new Kind(buffer, 16, 16 / size)), count)
      const expected = Buffer.from(memory)
      bytes.copy(expected, start, 0, count)
      t.deepEqual(Buffer.from(buffer), expected)
    }
  })
}

/** Three buffers in one piece of memory: that of Node's pool, where there is one. */
function neighbours(): Buffer[] {
  const texts = ['before', 'middle', 'after']
  for (let tries = 0; tries < 1000; tries += 1) {
    const pooled = texts.map((text) => Buffer.from(text))
    if (pooled[0]!.buffer === pooled[2]!.buffer) return pooled
  }
  // Bun has none: each buffer has memory of its own.
  const memory = Buffer.from(texts.join(''))
  const starts = texts.map((_, index) => texts.slice(0, index).join('').length)
  return texts.map((text, index) => memory.subarray(starts[index], starts[index]! + text.length))
}

test('slices of the pool of Node are sent and filled without their neighbours', async (t) => {
  const [client, server] = await pair(t)
  const pooled = neighbours()
  t.true(pooled[1]!.byteOffset > 0)
  t.is(client.write(pooled[1]!), 6)
  t.is((await readExactly(server, 6)).toString(), 'middle')
  client.write(Buffer.from('xMIDDLE, and more'))
  await readExactly(server, 1)
  const around = Buffer.from(pooled[1]!.buffer)
  const expected = Buffer.from(around)
  expected.write('MIDDLE', pooled[1]!.byteOffset)
  t.is(server.read(pooled[1]!), 6)
  t.deepEqual(around, expected)
})

test('views of another realm are views', async (t) => {
  const [client, server] = await pair(t)
  for (const source of [
    'new Uint8Array([1, 2, 3, 4])',
    'new DataView(new Uint8Array([1, 2, 3, 4]).buffer)',
    'new Uint8Array([9, 1, 2, 3, 4]).subarray(1)',
  ]) {
    const view = runInNewContext(source) as View
    t.false(view instanceof Object)
    t.is(client.write(view), 4)
    t.deepEqual(await readExactly(server, 4), numbered(4))
    server.write(Buffer.from('abcd'))
    t.is(await readInto(client, view), 4)
    t.is(Buffer.from(view.buffer, view.byteOffset, 4).toString(), 'abcd')
  }
  const array = runInNewContext('[new Uint8Array([1, 2]), new Uint8Array([3, 4])]') as View[]
  t.is(client.writeVectored(array), 4)
  t.deepEqual(await readExactly(server, 4), numbered(4))
})

test('the memory of WebAssembly can be sent and filled, and not after it has grown', async (t) => {
  interface Memory {
    readonly buffer: ArrayBuffer
    grow: (pages: number) => void
  }
  const { Memory } = (
    globalThis as unknown as { WebAssembly: { Memory: new (options: object) => Memory } }
  ).WebAssembly
  const memory = new Memory({ initial: 1, maximum: 2 })
  const [client, server] = await pair(t)
  const view = new Uint8Array(memory.buffer, 65_530, 4)
  view.set(numbered(4))
  t.is(client.write(view), 4)
  view.fill(0)
  t.is(await readInto(server, view), 4)
  t.deepEqual([...view], [1, 2, 3, 4])
  memory.grow(1)
  for (const operation of Object.values(operations)) {
    throwsCode(t, 'ERR_BUFFER_DETACHED', () => operation(client, view))
  }
  const grown = new Uint8Array(memory.buffer, 65_530, 8)
  t.is(client.write(grown), 8)
  t.deepEqual(await readExactly(server, 8), Buffer.from([1, 2, 3, 4, 0, 0, 0, 0]))
  const shared = new Memory({ initial: 1, maximum: 2, shared: true })
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => client.write(new Uint8Array(shared.buffer)))
})

test('a view that follows a resizable buffer has the bytes that it has now', async (t) => {
  const [client, server] = await pair(t)
  const buffer = resizable(8, 64)
  const views = [
    [new Uint8Array(buffer), 0],
    [new DataView(buffer, 2), 2],
    [new Uint16Array(buffer, 2), 2],
  ] as const
  for (const length of [8, 64, 4, 2]) {
    buffer.resize(length)
    new Uint8Array(buffer).set(numbered(length))
    for (const [view, offset] of views) {
      t.is(client.write(view), length - offset)
      t.deepEqual(await readExactly(server, length - offset), numbered(length).subarray(offset))
      throwsCode(t, 'ERR_OUT_OF_RANGE', () => client.write(view, 0, length - offset + 1))
      t.is(client.writeVectored([view]), length - offset)
      await readExactly(server, length - offset)
    }
  }
})

test('reading into a buffer that shrank fills no more than is left', async (t) => {
  const buffer = resizable(64, 64)
  const view = new Uint8Array(buffer)
  const [, server] = await holding(t, numbered(50))
  buffer.resize(10)
  t.is(server.read(view), 10)
  t.deepEqual(Buffer.from(view), numbered(10))
  t.is(server.readVectored([view]), 10)
  t.is(server.peek(view, 4), 6)
  buffer.resize(64)
  t.true(view.subarray(10).every((byte) => byte === 0))
})

test('a view that lies outside its shrunk buffer has no bytes', async (t) => {
  for (const Kind of [Uint8Array, Float64Array, DataView] as Kind[]) {
    const buffer = resizable(64, 64)
    const view = new Kind(buffer, 16, 2)
    const streams = await holding(t, numbered(4))
    buffer.resize(17)
    for (const [name, operation] of Object.entries(operations)) {
      if (name.endsWith('Vectored')) continue
      try {
        t.is(operation(streams[1], view), 0, name)
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException
        t.true(['ERR_OUT_OF_RANGE', 'ERR_BUFFER_DETACHED'].includes(code), `${name} ${code}`)
      }
    }
    await isUntouched(t, streams)
    buffer.resize(64)
    t.true(new Uint8Array(buffer).every((byte) => byte === 0))
  }
})

for (const Kind of [Uint8Array, Float64Array, BigInt64Array, DataView] as Kind[]) {
  test(`a detached ${Kind.name} is an error, not a buffer without bytes`, async (t) => {
    const view = new Kind(new ArrayBuffer(16), 8)
    detach(view)
    await isRefused(t, 'ERR_BUFFER_DETACHED', view)
  })

  test(`a ${Kind.name} of shared memory is refused`, async (t) => {
    await isRefused(t, 'ERR_INVALID_ARG_TYPE', new Kind(new SharedArrayBuffer(16), 8))
    await isRefused(t, 'ERR_INVALID_ARG_TYPE', new Kind(new SharedArrayBuffer(0)))
  })
}

test('a detached Buffer is an error', async (t) => {
  const view = Buffer.from(new ArrayBuffer(16))
  detach(view)
  await isRefused(t, 'ERR_BUFFER_DETACHED', view)
})

const revoked = Proxy.revocable(Buffer.alloc(4), {})
revoked.revoke()

for (const [what, value] of Object.entries({
  undefined,
  null: null,
  'a string': 'abcd',
  'a number': 4,
  'a bigint': 4n,
  'a symbol': Symbol('s'),
  'a boolean': true,
  'a function': () => Buffer.alloc(4),
  'a Date': new Date(0),
  'an array of bytes': [1, 2, 3, 4],
  'a plain object': { length: 4, byteLength: 4, 0: 1 },
  'an ArrayBuffer': new ArrayBuffer(4),
  'a SharedArrayBuffer': new SharedArrayBuffer(4),
  'a resizable ArrayBuffer': resizable(4, 8),
  'an heir of a Buffer': Object.create(Buffer.alloc(4)) as unknown,
  'the prototype of Uint8Array': Uint8Array.prototype,
  'a Proxy of a Buffer': new Proxy(Buffer.alloc(4), {}),
  'a revoked Proxy': revoked.proxy,
  'an object with a byteLength that is no number': { byteLength: 4n },
  'an object with a byteLength that is a symbol': { byteLength: Symbol('s') },
})) {
  test(`${what} is no buffer`, async (t) => {
    await isRefused(t, 'ERR_INVALID_ARG_TYPE', value)
  })
}

test('a byteLength of its own does not make a view longer', async (t) => {
  const memory = new ArrayBuffer(32)
  const view = new Uint8Array(memory, 8, 4)
  Object.defineProperty(view, 'byteLength', { value: 20 })
  Object.defineProperty(view, 'length', { value: 20 })
  const [client, server] = await holding(t, numbered(16))
  t.is(server.read(view), 4)
  t.is(server.readVectored([view]), 4)
  t.is(server.read(view, 0), 4)
  throwsCode(t, 'ERR_OUT_OF_RANGE', () => server.read(view, 0, 20))
  t.is(client.write(view), 4)
  t.deepEqual(
    Buffer.from(memory),
    Buffer.concat([Buffer.alloc(8), Buffer.from([9, 10, 11, 12]), Buffer.alloc(20)]),
  )
})

for (const [what, change] of Object.entries({
  detaches: (view: View) => {
    detach(view)
  },
  shrinks: (view: View) => {
    ;(view.buffer as Resizable).resize(0)
  },
})) {
  test(`an argument that ${what} the buffer while it is looked at is refused`, async (t) => {
    const streams = await holding(t, numbered(4))
    for (const name of ['read', 'peek', 'write'] as const) {
      for (const place of [0, 1]) {
        const view = new Uint8Array(resizable(16, 16))
        const trap = {
          valueOf: () => {
            change(view)
            return 0
          },
        }
        const args = place === 0 ? [trap, undefined] : [0, trap]
        throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => streams[1][name](view, ...(args as [number])))
      }
    }
    await isUntouched(t, streams)
  })
}
