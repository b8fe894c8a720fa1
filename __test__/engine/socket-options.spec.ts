import type { ExecutionContext } from 'ava'
import { TcpStream } from 'mio-js'
import type { Engine, KeepAlive, Socket } from 'mio-js/engine'
import '../support/census.js'
import { Peer, echo, meeting } from '../support/engine-peers.js'
import type { Ports } from '../support/engine-system.js'
import { listening, underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { type SocketOptions, hasReader, optionsOf } from '../support/option-reader.js'
import { closing } from '../support/sockets.js'
import { until } from '../support/until.js'

interface Tried {
  noDelay?: boolean
  keepAlive?: boolean | KeepAlive
}

/** A socket for which nobody asked for anything. */
async function untouched(t: ExecutionContext, port: number): Promise<Ports> {
  const stream = closing(t, TcpStream.connect({ address: '127.0.0.1', port }))
  await until('it is connected', () => stream.finishConnect())
  return { localPort: stream.localAddr().port, remotePort: port }
}

/** Options, and what a socket has then. */
function tried(system: SocketOptions): [Tried, SocketOptions][] {
  return [
    [{}, { ...system, noDelay: true }],
    [{ noDelay: false }, system],
    [
      { noDelay: true, keepAlive: true },
      { ...system, noDelay: true, keepAlive: true },
    ],
    [
      { keepAlive: { delay: 30_000, interval: 5000, count: 7 } },
      { noDelay: true, keepAlive: true, delay: 30, interval: 5, count: 7 },
    ],
    // Up to whole seconds.
    [
      { noDelay: false, keepAlive: { delay: 1, interval: 1001 } },
      { ...system, keepAlive: true, delay: 1, interval: 2 },
    ],
    [{ keepAlive: {} }, { ...system, noDelay: true, keepAlive: true }],
    [{ keepAlive: false }, { ...system, noDelay: true }],
  ]
}

/** Compares what sockets have, one made with each of the options, with what they should have. */
async function compare(
  t: ExecutionContext,
  make: (options: Tried) => Promise<Ports>,
): Promise<void> {
  const { port } = await listening(t, (socket) => new Peer(t, socket))
  const nobodys = tried({ noDelay: false, keepAlive: false, delay: 0, interval: 0, count: 0 })
  const sockets: Ports[] = [await untouched(t, port)]
  for (const [options] of nobodys) sockets.push(await make(options))
  const [system, ...read] = optionsOf(sockets)
  t.like(system, { noDelay: false, keepAlive: false })
  for (const [n, [options, have]] of tried(system!).entries()) {
    t.deepEqual(read[n], have, JSON.stringify(options))
  }
}

underEachDriver('accepted sockets have the options of their server', async (t, make) => {
  if (!hasReader(t, 'perl')) return
  const engine = make({ threads: 2 })
  await compare(t, async (options) => {
    const { socket } = await meeting(t, engine, { ...options, socket: echo })
    return socket
  })
})

underEachDriver('connected sockets have the options of their connect', async (t, make) => {
  if (!hasReader(t, 'perl')) return
  const engine = make()
  const { port } = await listening(t, (socket) => new Peer(t, socket))
  await compare(t, async (options) => engine.connect({ hostname: '127.0.0.1', port, ...options }))
})

async function connected(t: ExecutionContext, engine: Engine): Promise<Socket<unknown>> {
  return (await meeting(t, engine, { socket: echo })).socket
}

/** The I/O thread does it when it does. */
async function becomes(
  t: ExecutionContext,
  socket: Socket<unknown>,
  options: Partial<SocketOptions>,
): Promise<void> {
  let last: SocketOptions | undefined
  await until('the options are set', () => {
    last = optionsOf([socket])[0]
    const entries = Object.entries(options) as [keyof SocketOptions, unknown][]
    return entries.every(([name, value]) => last?.[name] === value)
  }).catch(() => {})
  t.like(last, options)
}

underEachDriver('setNoDelay and setKeepAlive change them', async (t, make) => {
  if (!hasReader(t, 'perl')) return
  const socket = await connected(t, make())
  t.is(socket.setNoDelay(false), socket)
  await becomes(t, socket, { noDelay: false })
  socket.setNoDelay()
  await becomes(t, socket, { noDelay: true })
  t.is(socket.setKeepAlive(true), socket)
  await becomes(t, socket, { noDelay: true, keepAlive: true })
  socket.setKeepAlive(true, 9000, 2500, 4)
  await becomes(t, socket, { keepAlive: true, delay: 9, interval: 3, count: 4 })
  socket.setKeepAlive()
  await becomes(t, socket, { keepAlive: false })
  socket.setKeepAlive(true, 60_000)
  await becomes(t, socket, { keepAlive: true, delay: 60 })
})

underEachDriver('what is no boolean, and no time, is refused', async (t, make) => {
  const socket = await connected(t, make())
  for (const value of [null, 0, 1, 'x', 1n, {}, Symbol('s')]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.setNoDelay(value as never))
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.setKeepAlive(value as never))
  }
  for (const value of [null, true, 'x', 1n, {}, Symbol('s')]) {
    for (const at of [0, 1, 2]) {
      const times = [0, 0, 0].with(at, value as never)
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => socket.setKeepAlive(true, ...times))
    }
  }
  for (const value of [-1, NaN, Infinity, 2 ** 31]) {
    for (const at of [0, 1, 2]) {
      const times = [0, 0, 0].with(at, value)
      throwsCode(t, 'ERR_OUT_OF_RANGE', () => socket.setKeepAlive(true, ...times))
    }
  }
  throwsCode(t, 'ERR_OUT_OF_RANGE', () => socket.setKeepAlive(true, 0, 0, 128))
  throwsCode(t, 'ERR_OUT_OF_RANGE', () => socket.setKeepAlive(true, 0, 0, 1.5))
})
