import type { ExecutionContext } from 'ava'
import type { View } from '../support/bytes.js'
import '../support/census.js'
import { accepted, linked, noise, readToEnd, sameBytes } from '../support/engine-sockets.js'
import { type MakeEngine, underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { readExactly } from '../support/sockets.js'
import { until } from '../support/until.js'

type Kind = new (buffer: ArrayBuffer, offset: number, length: number) => View

const kinds: readonly Kind[] = [
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
]

/** A view of `bytes` bytes at an offset. */
function viewOf(Kind: Kind, memory: ArrayBuffer, offset: number, bytes: number): View {
  const size = (Kind as unknown as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1
  return new Kind(memory, offset, bytes / size)
}

underEachDriver('a view is its bytes, and no others', async (t, make) => {
  const { socket, peer } = await accepted(t, make())
  const source = noise(64)
  const memory = new Uint8Array(source).buffer
  const expected: Buffer[] = []
  for (const Kind of kinds) {
    t.true(socket.write(viewOf(Kind, memory, 16, 24)), Kind.name)
    t.is(socket.tryWrite(viewOf(Kind, memory, 40, 8)), 8, Kind.name)
    expected.push(source.subarray(16, 48))
  }
  t.true(socket.write(Buffer.from(memory, 3, 5)))
  socket.end(new DataView(memory, 1, 2))
  expected.push(source.subarray(3, 8), source.subarray(1, 3))
  sameBytes(t, await readToEnd(peer), Buffer.concat(expected))
})

underEachDriver('a large view is its bytes, and no others', async (t, make) => {
  const { socket, peer } = await accepted(t, make())
  const source = noise(64 * 1024)
  const memory = new Uint8Array(source).buffer
  const expected: Buffer[] = []
  for (const Kind of kinds) {
    socket.write(viewOf(Kind, memory, 8, 20_000))
    expected.push(source.subarray(8, 20_008))
  }
  socket.end()
  sameBytes(t, await readToEnd(peer), Buffer.concat(expected))
})

const encodings: readonly BufferEncoding[] = [
  'ascii',
  'utf8',
  'utf-8',
  'utf16le',
  'utf-16le',
  'ucs2',
  'ucs-2',
  'base64',
  'base64url',
  'latin1',
  'binary',
  'hex',
]

const texts: Readonly<Record<string, string>> = {
  nothing: '',
  'a letter': 'a',
  '23 letters': 'abcdefghijklmnopqrstuvw',
  '24 letters': 'abcdefghijklmnopqrstuvwx',
  '25 letters': 'abcdefghijklmnopqrstuvwxy',
  'an umlaut at last': 'abcdefghijklmnopqrstuvwü',
  'a sign of three bytes': '€',
  'a pair of surrogates': 'a😀b',
  'half a pair': 'a\ud83db',
  'the other half at last': 'ab\ude00',
  'a null': 'a\0b',
  'all of Latin-1': Array.from({ length: 256 }, (_, n) => String.fromCharCode(n)).join(''),
  hex: '00ff7f80',
  'hex with a digit too many': 'abc',
  'hex and then something else': '01zz02',
  'base64 with spaces': 'aGVs bG8=',
  'base64url without padding': '_-8',
}

underEachDriver('text is written in every encoding of Buffer', async (t, make) => {
  const { socket, peer } = await accepted(t, make())
  const expected: Buffer[] = []
  let length = 0
  for (const encoding of [undefined, ...encodings, 'UTF8', 'Latin1', 'HEX']) {
    for (const [name, text] of Object.entries(texts)) {
      const bytes = Buffer.from(text, encoding as BufferEncoding)
      t.true(socket.write(text, encoding as BufferEncoding), `${name} in ${encoding}`)
      expected.push(bytes)
      length += bytes.length
      t.is(socket.bytesWritten, length, `${name} in ${encoding}`)
    }
  }
  socket.end('ende', 'base64')
  expected.push(Buffer.from('ende', 'base64'))
  sameBytes(t, await readToEnd(peer), Buffer.concat(expected))
})

underEachDriver('text of every length is written, whatever its signs', async (t, make) => {
  const { socket, peer } = await accepted(t, make(), {}, { maxPending: Infinity })
  const expected: Buffer[] = []
  for (const length of [5460, 5461, 5462, 8192, 16_383, 16_384, 16_385, 70_000]) {
    for (const sign of ['a', 'ü', '€', '😀']) {
      for (const encoding of ['utf8', 'latin1', 'utf16le'] as const) {
        const text = sign.repeat(length / sign.length)
        socket.write(text, encoding)
        expected.push(Buffer.from(text, encoding))
      }
    }
  }
  // A rope and a slice are text, too.
  const rope = `${'left'.repeat(4000)}${'right'.repeat(4000)}`
  socket.end(rope.slice(1, -1))
  expected.push(Buffer.from(rope.slice(1, -1)))
  sameBytes(t, await readToEnd(peer), Buffer.concat(expected))
})

underEachDriver('text that fills what is collected of a turn loses nothing', async (t, make) => {
  const { socket, peer } = await accepted(t, make(), {}, { maxPending: Infinity })
  const expected: Buffer[] = []
  for (let n = 0; n < 600; n += 1) {
    const text = ['a', 'ü', '€'][n % 3]!.repeat((n * 31) % 700)
    socket.write(text)
    expected.push(Buffer.from(text))
  }
  socket.end()
  sameBytes(t, await readToEnd(peer), Buffer.concat(expected))
})

underEachDriver(
  'whatever is asked for between writes changes none of their bytes',
  async (t, make) => {
    const { server, socket, peer } = await accepted(t, make(), {}, { highWaterMark: 10 })
    const between: readonly (() => unknown)[] = [
      () => socket.setKeepAlive(true, 1000, 1000, 3),
      () => socket.setNoDelay(false),
      () => socket.setTimeout(1000),
      () => socket.pause(),
      () => socket.resume(),
      () => socket.cork(() => {}),
      () => server.broadcast('|'),
      () => socket.tryWrite(Buffer.from('nothing fits')),
    ]
    const expected: string[] = []
    for (const [n, operation] of [...between, ...between].entries()) {
      socket.write(`${n}:first `)
      operation()
      socket.write(`${n}:second `)
      expected.push(`${n}:first `, n % between.length === 6 ? '|' : '', `${n}:second `)
    }
    socket.end()
    t.is((await readToEnd(peer)).toString(), expected.join(''))
  },
)

underEachDriver('a write of nothing is nothing', async (t, make) => {
  const { socket, peer, journal } = await accepted(t, make())
  for (const nothing of [
    '',
    Buffer.alloc(0),
    new Float64Array(0),
    new DataView(new ArrayBuffer(0)),
  ]) {
    t.true(socket.write(nothing))
    if (typeof nothing !== 'string') t.is(socket.tryWrite(nothing), 0)
  }
  t.is(socket.bytesWritten, 0)
  t.is(socket.bufferedAmount, 0)
  t.true(socket.write('x'))
  t.is((await readExactly(peer, 1)).toString(), 'x')
  t.is(peer.read(Buffer.alloc(1)), null)
  t.is(journal.story, 'open')
})

/** Asserts that parts of these lengths arrive, in order. */
async function arrive(
  t: ExecutionContext,
  make: MakeEngine,
  lengths: readonly number[],
): Promise<void> {
  const { client, accepted: other } = await linked(make(), {}, {}, { maxPending: Infinity })
  const parts = lengths.map((length, n) => noise(length, n + 1))
  for (const part of parts) client.socket.write(part)
  const expected = Buffer.concat(parts)
  t.is(client.socket.bytesWritten, expected.length)
  await other.has(expected.length)
  sameBytes(t, other.bytes, expected)
  t.is(other.socket.bytesRead, expected.length)
  await until('nothing is buffered', () => client.socket.bufferedAmount === 0)
}

underEachDriver('bytes on both sides of 16 KiB arrive', async (t, make) => {
  await arrive(t, make, [16_383, 16_384, 16_385, 1, 16_384, 1, 65_535, 65_536, 65_537])
})

underEachDriver('10 MB in one write arrive', async (t, make) => {
  const { client, accepted: other } = await linked(make())
  const bytes = noise(10_000_000)
  t.false(client.socket.write(bytes))
  t.is(client.socket.bufferedAmount, bytes.length)
  await other.has(bytes.length)
  sameBytes(t, other.bytes, bytes)
  await client.saw('drain')
  t.is(client.socket.bufferedAmount, 0)
  t.is(client.story, 'open,drain')
})

underEachDriver(
  'small and large writes arrive in the order in which they were made',
  async (t, make) => {
    const sizes = noise(300, 7)
    const large = [16_384, 40_000, 100_000]
    await arrive(
      t,
      make,
      Array.from(sizes, (n) => (n % 5 === 0 ? large[n % 3]! : n * 4)),
    )
  },
)

underEachDriver('writes to many sockets in turn do not mix', async (t, make) => {
  const engine = make()
  const pairs = await Promise.all(Array.from({ length: 8 }, async () => linked(engine)))
  const sent: Buffer[][] = pairs.map(() => [])
  for (let round = 0; round < 200; round += 1) {
    for (const [n, { client }] of pairs.entries()) {
      const part = noise(round % 50 === 49 ? 20_000 : (round * 7 + n) % 90, round * 8 + n)
      client.socket.write(part)
      sent[n]!.push(part)
    }
  }
  for (const [n, pair] of pairs.entries()) {
    const expected = Buffer.concat(sent[n]!)
    await pair.accepted.has(expected.length)
    sameBytes(t, pair.accepted.bytes, expected, `socket ${n}`)
  }
})

underEachDriver(
  'what is neither text nor a view is refused, and writes nothing',
  async (t, make) => {
    const { socket, peer } = await accepted(t, make())
    const revoked = Proxy.revocable(new Uint8Array(1), {})
    revoked.revoke()
    const values: unknown[] = [
      undefined,
      null,
      true,
      1,
      1n,
      Symbol('s'),
      {},
      [1, 2],
      new ArrayBuffer(4),
      new Date(0),
      new String('text'),
      () => 'x',
      { length: 1, 0: 65 },
      Object.create(Uint8Array.prototype),
      { [Symbol.toStringTag]: 'Uint8Array', length: 1 },
      new Proxy(new Uint8Array(1), {}),
      revoked.proxy,
    ]
    for (const value of values) {
      const bytes = value as View
      t.true(throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.write(bytes)) instanceof TypeError)
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.tryWrite(bytes))
      if (value !== undefined) throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.end(bytes))
    }
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.tryWrite('text' as unknown as View))
    for (const encoding of ['', 'utf9', 'buffer', 1, {}, true, Symbol('s'), ['utf8']]) {
      const code = 'ERR_UNKNOWN_ENCODING'
      t.true(throwsCode(t, code, () => socket.write('x', encoding as 'hex')) instanceof TypeError)
      throwsCode(t, code, () => socket.end('x', encoding as 'hex'))
    }
    t.is(socket.bytesWritten, 0)
    t.is(socket.readyState, 'open')
    socket.end('x', null as unknown as 'utf8')
    t.is((await readToEnd(peer)).toString(), 'x')
  },
)
