import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import test from 'ava'
import { native } from '#src/binding.js'
import { failure } from '#src/errors.js'
import { tuple } from '#src/platform.js'
import './support/census.js'

/** The names that src/native.ts declares. */
function declared(): string[] {
  const text = readFileSync('src/native.ts', 'utf8')
  return [...text.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, name]) => name as string)
}

test('the declaration and the binary have the same names', (t) => {
  t.deepEqual(Object.keys(native).toSorted(), declared().toSorted())
})

test('the binary has the version of the package', (t) => {
  const { version } = createRequire(import.meta.url)('mio-js/package.json') as { version: string }
  t.is(native.version, version)
  t.regex(tuple(), /^[a-z0-9]+-[a-z0-9]+(-[a-z]+)?$/)
})

test('a panic becomes an error, and the next call works', (t) => {
  const error: NodeJS.ErrnoException = failure(native.panic(), 'panic')
  t.is(error.code, 'ERR_MIO_PANIC')
  t.is(native.noop(), 0)
})

const functions = Object.entries(native).filter(
  ([name, value]) => typeof value === 'function' && name !== 'panic',
) as [string, (...args: unknown[]) => number][]

const junk: readonly unknown[] = [
  undefined,
  null,
  NaN,
  -1,
  1.5,
  2 ** 53,
  Infinity,
  2 ** 32 + 80,
  10n,
  '1',
  'x'.repeat(10_000),
  Symbol('junk'),
  {},
  [],
  [new Uint8Array(4)],
  () => 0,
  new Date(0),
  new Uint8Array(0),
  new Uint8Array(new SharedArrayBuffer(64)),
  new Float64Array(3),
  new Proxy({}, {}),
]

/** What opens two sources, given room for their handles, and junk has that. */
const pairs = new Set(['pipe', 'unixPair', 'unixDatagramPair'])

test('no junk in any argument of any function does more than fail', (t) => {
  const panic = native.panic()
  for (const [name, call] of functions) {
    // A poller that junk opened is closed again; nothing else can be made of junk alone.
    if (name === 'pollOpen') continue
    for (const first of junk) {
      for (const second of junk) {
        const result = call(first, second, second, second, second)
        t.is(typeof result, 'number', name)
        t.not(result, panic, name)
        if (pairs.has(name) && result === 0) {
          for (const handle of (first as Float64Array).subarray(0, 2)) native.sourceClose(handle)
        }
        // 24 bytes of 0 are an abstract name.
        if (name === 'unixDatagramOpen' && result > 0) native.sourceClose(result)
      }
    }
  }
})

test('forged names of sockets and servers of engines have no options', (t) => {
  const arena = Buffer.alloc(2 ** 18)
  const limits = Float64Array.of(1000)
  const records = new Uint32Array(8 + 8 * 4096)
  const engine = native.engineOpen(0, 1, 2, limits, records, arena, () => 0)
  t.true(engine > 0)
  const code = (...target: number[]): string | undefined => {
    const name = Float64Array.from(target)
    const set = native.setOption(name, 'keepalive', 1)
    t.is(native.option(name, 'keepalive'), set)
    t.is(native.rawOption(name, 1, 9, Buffer.alloc(4)), set)
    return (failure(set, 'test') as NodeJS.ErrnoException).code
  }
  t.is(code(engine, 0, 0, 0, 0), 'ERR_SOCKET_CLOSED')
  t.is(code(engine, 0, 1, 2 ** 31, 0), 'ERR_SOCKET_CLOSED')
  t.is(code(engine, 0, 0, 2 ** 32 - 1, 2 ** 32 - 1), 'ERR_SOCKET_CLOSED')
  t.is(code(engine, 1, 0, 0, 0), 'ERR_SERVER_CLOSED')
  // No number wraps, and no other kind, lane or engine is found.
  for (const at of [2, 3, 4]) {
    for (const bad of [2 ** 32, -1, 0.5, NaN, 2 ** 53]) {
      t.is(code(...[engine, 0, 0, 0, 0].with(at, bad)), 'ERR_OUT_OF_RANGE')
    }
  }
  t.is(code(engine, 2, 0, 0, 0), 'ERR_OUT_OF_RANGE')
  t.is(code(engine, 0, 2, 0, 0), 'ERR_OUT_OF_RANGE')
  t.is(code(engine + 1, 0, 0, 0, 0), 'ERR_ENGINE_CLOSED')
  t.is(native.engineClose(engine), 0)
  t.is(code(engine, 0, 0, 0, 0), 'ERR_ENGINE_CLOSED')
})

test('handles of another kind, forged and stale ones are refused', (t) => {
  const poll = native.pollOpen()
  const listener = native.listenerBind('127.0.0.1', 0, 0, 0, 1)
  const code = (number: number): string | undefined =>
    (failure(number, 'test') as NodeJS.ErrnoException).code
  t.is(code(native.read(listener, new Uint8Array(1))), 'ERR_INVALID_THIS')
  t.is(code(native.accept(listener + 1, new Uint8Array(64))), 'ERR_SOURCE_CLOSED')
  t.is(code(native.accept(listener, new Uint8Array(4))), code(-10_000))
  t.is(native.sourceClose(listener), 0)
  t.is(code(native.sourceClose(listener)), 'ERR_SOURCE_CLOSED')
  const again = native.listenerBind('127.0.0.1', 0, 0, 0, 1)
  t.not(again, listener)
  t.is(code(native.ttl(listener)), 'ERR_SOURCE_CLOSED')
  t.is(native.sourceClose(again), 0)
  t.is(native.pollClose(poll), 0)
  t.is(code(native.pollClose(poll)), 'ERR_POLL_CLOSED')
})
