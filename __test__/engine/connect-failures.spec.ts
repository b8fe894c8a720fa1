import { join } from 'node:path'
import test from 'ava'
import { Engine } from 'mio-js/engine'
import '../support/census.js'
import {
  Peer,
  connectError,
  deadPort,
  directory,
  neverTold,
  nodeConnectError,
  shapeOf,
} from '../support/engine-peers.js'
import { listening, soon, underEachDriver } from '../support/engine.js'
import { hasIPv6 } from '../support/families.js'
import { fullListener } from '../support/full-listener.js'

underEachDriver('a refused connect fails as Node has it', async (t, make) => {
  const engine = make({ threads: 2 })
  for (const hostname of hasIPv6 ? ['127.0.0.1', '::1', '127.0.0.9'] : ['127.0.0.1']) {
    const port = await deadPort(hostname)
    const error = await connectError(engine, { hostname, port, socket: neverTold })
    t.deepEqual(shapeOf(error), await nodeConnectError(t, { host: hostname, port }))
    t.like(error, { code: 'ECONNREFUSED', syscall: 'connect', address: hostname, port })
    t.true(error.message.startsWith('connect ECONNREFUSED'), error.message)
    t.true(error.message.endsWith(` ${hostname}:${port}`), error.message)
  }
  t.like(engine.stats(), { connected: 0 })
})

underEachDriver('addresses that nobody can have fail as Node has it', async (t, make) => {
  const engine = make()
  // None of a link: newer versions of Node choose an interface for those without one.
  const hostnames = ['255.255.255.255', '224.0.0.1', ...(hasIPv6 ? ['ff02::1'] : [])]
  for (const hostname of hostnames) {
    const error = await connectError(engine, { hostname, port: 9, timeout: 5000 })
    t.deepEqual(shapeOf(error), await nodeConnectError(t, { host: hostname, port: 9 }), hostname)
  }
})

underEachDriver('connecting to any address is connecting to this machine', async (t, make) => {
  const { port } = await listening(t, (socket) => new Peer(t, socket))
  const socket = await soon(make().connect({ hostname: '0.0.0.0', port }))
  t.is(socket.remoteAddress, '127.0.0.1')
})

underEachDriver('a path where nobody listens fails as Node has it', async (t, make) => {
  if (process.platform === 'win32') {
    t.pass()
    return
  }
  const engine = make()
  const folder = directory(t)
  for (const path of [join(folder, 'missing'), folder, import.meta.filename]) {
    const error = await connectError(engine, { path, socket: neverTold })
    t.deepEqual(shapeOf(error), await nodeConnectError(t, { path }), path)
  }
  const path = `/${'x'.repeat(200)}`
  const error = await connectError(engine, { path })
  t.like(error, { code: 'ENAMETOOLONG', syscall: 'connect', address: path })
})

test('what is no option is refused by a rejection', async (t) => {
  const engine = new Engine({ io: 'inline' })
  const valid = { hostname: '127.0.0.1', port: 1 }
  const refuses = async (code: string, options: unknown): Promise<void> => {
    const promise = engine.connect(options as never)
    const error = await t.throwsAsync<NodeJS.ErrnoException>(promise)
    t.is(error?.code, code, String(error))
    t.true(error instanceof TypeError || error instanceof RangeError)
  }
  const anything = [null, true, 0, 1.5, 'x', 1n, {}, ['x'], Symbol('s'), () => {}]
  const notA = (type: string): unknown[] => anything.filter((value) => typeof value !== type)
  for (const port of [-1, 65_536, 1.5, NaN, 2 ** 32 + 80, '80', '80x', ...notA('number')]) {
    await refuses('ERR_SOCKET_BAD_PORT', { ...valid, port })
    await refuses('ERR_SOCKET_BAD_PORT', { ...valid, localPort: port })
  }
  await refuses('ERR_SOCKET_BAD_PORT', { hostname: '127.0.0.1' })
  await refuses('ERR_SOCKET_BAD_PORT', {})
  for (const name of ['hostname', 'path', 'localAddress']) {
    for (const value of notA('string')) {
      await refuses('ERR_INVALID_ARG_TYPE', { ...valid, [name]: value })
    }
  }
  for (const path of ['', 'a\0b']) await refuses('ERR_INVALID_ARG_VALUE', { path })
  for (const localAddress of ['', 'localhost', '127.1', '[::1]', '127.0.0.1\0']) {
    await refuses('ERR_INVALID_ADDRESS', { ...valid, localAddress })
  }
  for (const timeout of [-1, NaN, -Infinity]) {
    await refuses('ERR_OUT_OF_RANGE', { ...valid, timeout })
  }
  for (const timeout of ['5', 5n, {}, true, Symbol('s')]) {
    await refuses('ERR_INVALID_ARG_TYPE', { ...valid, timeout })
  }
  for (const signal of [null, 5, 'x', {}, new AbortController(), Symbol('s')]) {
    await refuses('ERR_INVALID_ARG_TYPE', { ...valid, signal })
  }
  for (const options of [undefined, null, 5, 'x', () => {}]) {
    const code = options === undefined ? 'ERR_SOCKET_BAD_PORT' : 'ERR_INVALID_ARG_TYPE'
    await refuses(code, options)
  }
  for (const [name, value] of [
    ['socket', null],
    ['socket', { data: 5 }],
    ['data', {}],
    ['noDelay', 1],
    ['borrow', null],
  ] as const) {
    await refuses('ERR_INVALID_ARG_TYPE', { ...valid, [name]: value })
  }
  await engine.close()
})

underEachDriver(
  'a local address that is not of this machine fails as Node has it',
  async (t, make) => {
    const { port } = await listening(t, (socket) => new Peer(t, socket))
    const options = { port, localAddress: '203.0.113.77' }
    const error = await connectError(make(), { hostname: '127.0.0.1', ...options })
    t.deepEqual(shapeOf(error), await nodeConnectError(t, { host: '127.0.0.1', ...options }))
  },
)

underEachDriver('a local port that is taken fails as Node has it', async (t, make) => {
  const { port } = await listening(t, (socket) => new Peer(t, socket))
  const options = { port, localAddress: '127.0.0.1', localPort: port }
  const error = await connectError(make(), { hostname: '127.0.0.1', ...options })
  t.deepEqual(shapeOf(error), await nodeConnectError(t, { host: '127.0.0.1', ...options }))
})

underEachDriver('a local address of the other family fails', async (t, make) => {
  const { port } = await listening(t, (socket) => new Peer(t, socket))
  const error = await connectError(make(), { hostname: '127.0.0.1', port, localAddress: '::1' })
  t.true(['EINVAL', 'EAFNOSUPPORT'].includes(error.code ?? ''), error.code)
})

underEachDriver('the time of a connect is limited', async (t, make) => {
  const engine = make()
  const full = await fullListener(t)
  const start = performance.now()
  const error = await connectError(engine, { ...full, timeout: 40, socket: neverTold })
  const time = performance.now() - start
  t.like(error, {
    code: 'ETIMEDOUT',
    syscall: 'connect',
    address: full.hostname,
    port: full.port,
  })
  t.true(error.errno! < 0)
  t.true(time >= 39 && time < 5000, `${time} ms`)
  // The engine has nothing left of it.
  const { port } = await listening(t, (socket) => new Peer(t, socket))
  const socket = await soon(engine.connect({ hostname: '127.0.0.1', port, timeout: 10_000 }))
  t.is(socket.readyState, 'open')
  await soon(engine.connect({ hostname: '127.0.0.1', port, timeout: Infinity }))
})

underEachDriver('nothing ever meets itself', async (t, make) => {
  const engine = make()
  // From the very port that it connects to, a socket would.
  for (let n = 0; n < 20; n += 1) {
    const port = await deadPort()
    const options = { hostname: '127.0.0.1', port, localAddress: '127.0.0.1', localPort: port }
    const error = await connectError(engine, { ...options, socket: neverTold })
    t.like(error, { code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port })
  }
})

test('a data function that throws rejects the connect', async (t) => {
  const engine = new Engine({ io: 'inline' })
  const { port } = await listening(t, (socket) => {
    t.fail('somebody connected')
    socket.destroy()
  })
  const mine = new Error('mine')
  const data = (): never => {
    throw mine
  }
  for (const hostname of ['127.0.0.1', 'localhost']) {
    const error = await connectError(engine, { hostname, port, data, socket: neverTold })
    t.is(error, mine as never)
  }
  t.is(engine.stats().connected, 0)
  await engine.close()
})
