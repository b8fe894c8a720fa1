import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Shutdown } from 'mio-js'
import { type Engine, Socket } from 'mio-js/engine'
import '../support/census.js'
import { accepted, dial, linked, peerAt, serve } from '../support/engine-sockets.js'
import { listening, underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { hasIPv6 } from '../support/families.js'
import { streamOf } from '../support/raw.js'
import { readExactly } from '../support/sockets.js'
import { until } from '../support/until.js'

const path = (name: string): string => join(tmpdir(), `mio-js-${process.pid}-${name}.sock`)

interface Ends {
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly remoteFamily?: string | undefined
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
}

const ends = ({
  remoteAddress,
  remotePort,
  remoteFamily,
  localAddress,
  localPort,
}: Ends): Ends => ({
  remoteAddress,
  remotePort,
  remoteFamily,
  localAddress,
  localPort,
})

/** Asserts what both ends of a connection say, open and closed. */
async function addresses(
  t: ExecutionContext,
  engine: Engine,
  listenAt: string | undefined,
  connectTo: string,
  family: 'IPv4' | 'IPv6',
  seen = connectTo,
): Promise<void> {
  const { server, port, opened } = serve(engine, {}, { hostname: listenAt })
  const client = await dial(engine, { hostname: connectTo, port, localAddress: connectTo })
  const other = await opened()
  const { localPort } = client.socket
  t.is(server.port, port)
  const ofClient = { remoteAddress: connectTo, remotePort: port, remoteFamily: familyOf(connectTo) }
  const ofServer = { remoteAddress: seen, remotePort: localPort, remoteFamily: family }
  for (let n = 0; n < 2; n += 1) {
    t.deepEqual(ends(client.socket), { ...ofClient, localAddress: connectTo, localPort })
    t.deepEqual(ends(other.socket), { ...ofServer, localAddress: seen, localPort: port })
    client.socket.close()
    await Promise.all([client.saw('close'), other.saw('close')])
  }
  t.not(localPort, port)
}

const familyOf = (address: string): 'IPv4' | 'IPv6' => (address.includes(':') ? 'IPv6' : 'IPv4')

underEachDriver(
  'both ends know the addresses of both, also when they are closed',
  async (t, make) => {
    const engine = make()
    await addresses(t, engine, '127.0.0.1', '127.0.0.1', 'IPv4')
    await addresses(t, engine, '0.0.0.0', '127.0.0.1', 'IPv4')
    await addresses(t, engine, '127.0.0.3', '127.0.0.3', 'IPv4')
    if (!hasIPv6) return
    await addresses(t, engine, '::1', '::1', 'IPv6')
    await addresses(t, engine, '::', '::1', 'IPv6')
    await addresses(t, engine, '::', '127.0.0.1', 'IPv6', '::ffff:127.0.0.1')
    await addresses(t, engine, undefined, '127.0.0.1', 'IPv6', '::ffff:127.0.0.1')
  },
)

underEachDriver('the addresses are those that node:net sees', async (t, make) => {
  const engine = make()
  const seen: Ends[] = []
  const { port } = await listening(t, (socket) => {
    seen.push(ends(socket))
    socket.resume().end()
  })
  const client = await dial(engine, { port })
  const { remoteAddress, remotePort, localAddress, localPort } = ends(client.socket)
  await client.saw('close')
  t.deepEqual(seen, [
    {
      remoteAddress: localAddress,
      remotePort: localPort,
      remoteFamily: 'IPv4',
      localAddress: remoteAddress,
      localPort: remotePort,
    },
  ])
})

if (process.platform !== 'win32') {
  underEachDriver('a Unix socket has no addresses', async (t, make, driver) => {
    const engine = make()
    const none = {
      remoteAddress: undefined,
      remotePort: undefined,
      remoteFamily: undefined,
      localAddress: undefined,
      localPort: undefined,
    }
    const { opened } = serve(engine, {}, { path: path(driver) })
    const client = await dial(engine, { path: path(driver) })
    const other = await opened()
    for (let n = 0; n < 2; n += 1) {
      t.deepEqual(ends(client.socket), none)
      t.deepEqual(ends(other.socket), none)
      client.socket.setNoDelay().setKeepAlive(true, 1000).setTimeout(0)
      client.socket.close()
      await Promise.all([client.saw('close'), other.saw('close')])
    }
    t.is(client.error, undefined)
  })
}

underEachDriver('data is made once for each socket, before its open', async (t, make) => {
  const engine = make()
  let made = 0
  const server = engine.listen<{ n: number }>({
    hostname: '127.0.0.1',
    data: () => ({ n: (made += 1) }),
    socket: {
      open(socket) {
        socket.write(`${socket.data.n}`)
        socket.data = { n: socket.data.n + 10 }
      },
      data(socket) {
        socket.end(`${socket.data.n}`)
      },
    },
  })
  const first = await peerAt(t, server.port!)
  const second = await peerAt(t, server.port!)
  t.is((await readExactly(first, 1)).toString(), '1')
  t.is((await readExactly(second, 1)).toString(), '2')
  first.write(Buffer.from('x'))
  t.is((await readExactly(first, 2)).toString(), '11')
  t.is(made, 2)
  const bare = await engine.connect({ hostname: '127.0.0.1', port: server.port! })
  t.is(bare.data, undefined)
})

underEachDriver('a socket reads as open, then half, then closed', async (t, make) => {
  const states: string[] = []
  const engine = make()
  const { socket, journal, peer } = await accepted(
    t,
    engine,
    {
      end: ({ readyState }) => states.push(`end ${readyState}`),
      close: ({ readyState }) => states.push(`close ${readyState}`),
    },
    { allowHalfOpen: true },
  )
  t.is(socket.readyState, 'open')
  peer.write(Buffer.from('x'))
  peer.shutdown(Shutdown.Write)
  await journal.saw('end')
  t.is(socket.readyState, 'writeOnly')
  socket.end()
  t.is(socket.readyState, 'closed')
  await journal.saw('close')
  t.deepEqual(states, ['end writeOnly', 'close closed'])

  const second = await accepted(t, engine)
  second.socket.shutdown()
  t.is(second.socket.readyState, 'readOnly')
  second.socket.close()
  t.is(second.socket.readyState, 'closed')
  const third = await accepted(t, engine)
  third.socket.terminate()
  t.is(third.socket.readyState, 'closed')
})

underEachDriver('noDelay is as the options and setNoDelay say', async (t, make) => {
  const engine = make()
  const isOn = async (
    noDelay: boolean | undefined,
    set?: () => [] | [boolean],
  ): Promise<boolean> => {
    const { client, accepted: other } = await linked(engine, {}, {}, { noDelay })
    if (set !== undefined) {
      t.is(client.socket.setNoDelay(...set()), client.socket)
      t.is(other.socket.setNoDelay(...set()), other.socket)
    }
    const streams = await Promise.all(
      [client, other].map(async ({ socket }) => streamOf((await socket.detach()).fd)),
    )
    const [first, second] = streams.map((stream) => stream.nodelay())
    for (const stream of streams) stream.close()
    t.is(first, second)
    return first!
  }
  t.true(await isOn(undefined))
  t.true(await isOn(true))
  t.false(await isOn(false))
  t.true(await isOn(false, () => []))
  t.true(await isOn(false, () => [true]))
  t.false(await isOn(true, () => [false]))
})

/** Seconds until the first probe of the socket with this local port; undefined without any. */
function probesIn(port: number): number | undefined {
  const local = `: 0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} `
  const rows = readFileSync('/proc/net/tcp', 'latin1').split('\n')
  // What follows are the remote address, the state, the queues, the timer and when it is due.
  const columns = rows
    .filter((row) => row.includes(local))
    .map((row) => row.slice(row.indexOf(local) + local.length).split(' '))
  const [timer, due] = columns.find(([, state]) => state === '01')?.[3]?.split(':') ?? []
  return timer === '02' ? Number.parseInt(due!, 16) / 100 : undefined
}

if (process.platform === 'linux') {
  underEachDriver('keepAlive is as the options and setKeepAlive say', async (t, make) => {
    const engine = make()
    const { port } = serve(engine)
    const about = async (
      client: { localPort: number | undefined },
      seconds: number,
    ): Promise<void> =>
      until(`the first probe is due in ${seconds} s`, () => {
        const left = probesIn(client.localPort!)
        return left !== undefined && left <= seconds && left > seconds - 30
      })
    const { socket } = await dial(engine, { port })
    t.is(probesIn(socket.localPort!), undefined)
    t.is(socket.setKeepAlive(true, 300_000), socket)
    await about(socket, 300)
    socket.setKeepAlive(true, 100_001, 5000, 3)
    await about(socket, 101)
    socket.setKeepAlive()
    await until('there are no probes', () => probesIn(socket.localPort!) === undefined)
    await about((await dial(engine, { port, keepAlive: true })).socket, 7200)
    await about((await dial(engine, { port, keepAlive: { delay: 60_000 } })).socket, 60)
  })
}

const badTimes: readonly (readonly [time: unknown, code: string])[] = [
  [-1, 'ERR_OUT_OF_RANGE'],
  [NaN, 'ERR_OUT_OF_RANGE'],
  [Infinity, 'ERR_OUT_OF_RANGE'],
  [2 ** 31, 'ERR_OUT_OF_RANGE'],
  ['1', 'ERR_INVALID_ARG_TYPE'],
  [1n, 'ERR_INVALID_ARG_TYPE'],
  [null, 'ERR_INVALID_ARG_TYPE'],
  [{}, 'ERR_INVALID_ARG_TYPE'],
  [Symbol('s'), 'ERR_INVALID_ARG_TYPE'],
]

underEachDriver('settings of a socket check what they are given', async (t, make) => {
  const { socket } = await accepted(t, make())
  const set = socket as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const [time, code] of badTimes) {
    throwsCode(t, code, () => set['setTimeout']!(time))
    throwsCode(t, code, () => set['setKeepAlive']!(true, time))
    throwsCode(t, code, () => set['setKeepAlive']!(true, 1000, time))
  }
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => set['setTimeout']!())
  for (const count of [-1, 1.5, 128, NaN]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => set['setKeepAlive']!(true, 0, 0, count))
  }
  for (const flag of [0, 1, null, 'true', {}]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => set['setNoDelay']!(flag))
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => set['setKeepAlive']!(flag))
  }
  t.is(
    socket
      .setTimeout(0)
      .setTimeout(2 ** 31 - 1)
      .setTimeout(0.5),
    socket,
  )
  t.is(socket.readyState, 'open')
})

test('sockets cannot be made, nor their methods borrowed', async (t) => {
  t.throws(() => Reflect.construct(Socket, []), { code: 'ERR_ILLEGAL_CONSTRUCTOR' })
  t.throws(() => Reflect.construct(Socket, [{}, Symbol('Socket')]), {
    code: 'ERR_ILLEGAL_CONSTRUCTOR',
  })
  const prototype = Socket.prototype as unknown as object
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name === 'constructor') continue
    const { get, value } = Object.getOwnPropertyDescriptor(prototype, name)!
    const method = (get ?? value) as (...args: unknown[]) => unknown
    for (const receiver of [{}, null, undefined, prototype, Object.create(prototype)]) {
      const call = async (): Promise<unknown> => method.call(receiver, Buffer.alloc(1))
      await t.throwsAsync(call(), { instanceOf: TypeError }, name)
    }
  }
})

underEachDriver('a clone of an engine, a server or a socket is none', async (t, make) => {
  const engine = make()
  const { client, accepted: other, server } = await linked(engine)
  for (const object of [engine, server, client.socket]) {
    let clone: object
    try {
      clone = structuredClone(object) as object
    } catch (error) {
      t.is((error as Error).name, 'DataCloneError')
      continue
    }
    t.is(Object.getPrototypeOf(clone), Object.prototype)
    const prototype = Object.getPrototypeOf(object) as object
    for (const name of Object.getOwnPropertyNames(prototype)) {
      if (name === 'constructor') continue
      const { get, value } = Object.getOwnPropertyDescriptor(prototype, name)!
      const method = (get ?? value) as (...args: unknown[]) => unknown
      const call = async (): Promise<unknown> => method.call(clone, Buffer.alloc(1))
      await t.throwsAsync(call(), { instanceOf: TypeError }, name)
    }
  }
  client.socket.write('x')
  await other.has(1)
  t.is(server.connections, 1)
})
