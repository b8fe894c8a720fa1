import { once } from 'node:events'
import { Engine } from 'mio-js/engine'
import { Socket, connect } from 'mio-js/net'
import '../support/census.js'
import { pair, received, serving } from '../support/drop-in.js'
import { deferred, soon, underEachDriver } from '../support/engine.js'
import { until } from '../support/until.js'

/** The codes of errors and how the socket closed. */
async function ending(
  socket: Socket,
): Promise<[code: string | undefined, hadError: boolean | undefined]> {
  const closed = deferred<boolean | undefined>()
  let code: string | undefined
  socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code))
  socket.once('close', closed.resolve)
  return [await soon(closed.promise).then(() => code), await closed.promise]
}

underEachDriver('a socket has one connection, however often it connects', async (t, make) => {
  const engine = make()
  const { server, port } = await serving(t, engine, {}, (far) => far.on('error', () => {}).resume())
  const where = { port, host: '127.0.0.1' }
  const first = connect({ engine, ...where })
  first.connect(where)
  t.deepEqual(await ending(first), ['EALREADY', true])

  const second = connect({ engine, ...where })
  await soon(once(second, 'connect'))
  second.connect(where)
  const written = new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => {
    second.write('x', resolve)
  })
  t.deepEqual(await ending(second), ['EISCONN', true])
  t.is((await soon(written))?.code, 'ERR_SOCKET_CLOSED')
  await until('nothing is open', () => server.stats()?.open === 0)
})

underEachDriver(
  'a time that was set too long or wrongly does not harm the connect',
  async (t, make) => {
    const engine = make()
    const { port } = await serving(t, engine, {}, (far) => far.end())
    for (const milliseconds of [2 ** 31, Infinity, '100', 1.5]) {
      const socket = new Socket({ engine })
      try {
        socket.setTimeout(milliseconds as number)
      } catch (error) {
        t.regex(
          (error as NodeJS.ErrnoException).code ?? '',
          /^ERR_(OUT_OF_RANGE|INVALID_ARG_TYPE)$/,
        )
      }
      socket.connect(port, '127.0.0.1').resume()
      // oxlint-disable-next-line no-await-in-loop: one after another
      await soon(once(socket, 'close'))
    }
  },
)

underEachDriver('a time ends with the connection that it was set for', async (t, make) => {
  const engine = make()
  const { port } = await serving(t, engine, {}, (far) => far.resume())
  const socket = connect({ engine, port, host: '127.0.0.1' })
  let count = 0
  socket.setTimeout(20, () => (count += 1))
  await soon(once(socket, 'timeout'))
  socket.destroy()
  await soon(once(socket, 'close'))
  socket.on('timeout', () => (count += 1))
  socket.connect(port, '127.0.0.1')
  const clock = connect({ engine, port, host: '127.0.0.1' }).setTimeout(60)
  await soon(Promise.all([once(socket, 'connect'), once(clock, 'timeout')]))
  t.is(count, 1)
  clock.destroy()
  socket.destroy()
  await soon(once(socket, 'close'))
})

underEachDriver(
  'what was ended before it connected does not end the next connection',
  async (t, make) => {
    const engine = make()
    const got = deferred<Buffer>()
    const { port } = await serving(t, engine, {}, (far) => void received(far).then(got.resolve))
    const socket = connect({ engine, host: 'name', port, lookup() {} })
    socket.end()
    await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
    await soon(once(socket, 'close'))
    socket.connect(port, '127.0.0.1').resume()
    await soon(once(socket, 'connect'))
    socket.end('arrived')
    t.is((await soon(got.promise)).toString(), 'arrived')
    await soon(once(socket, 'close'))
  },
)

underEachDriver('an engine that closes takes its sockets with it', async (t, make) => {
  const engine = new Engine()
  const other = make()
  const { port } = await serving(t, other, {}, (far) => far.on('error', () => {}).pause())
  const where = { engine, port, host: '127.0.0.1' }
  const socket = connect(where)
  await soon(once(socket, 'connect'))
  const written = new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => {
    socket.write(Buffer.alloc(32 * 2 ** 20), resolve)
  })
  const closed = ending(socket)
  const isClosed = engine.close()
  const late = ending(connect(where))
  await soon(isClosed)
  t.is((await soon(written))?.code, 'ERR_SOCKET_CLOSED')
  t.deepEqual(await closed, [undefined, false])
  t.true(socket.destroyed)
  t.deepEqual(await late, ['ERR_ENGINE_CLOSED', true])
  t.deepEqual(await ending(connect(where)), ['ERR_ENGINE_CLOSED', true])
})

underEachDriver('a signal that was aborted before is an AbortError', async (t, make) => {
  const socket = new Socket({ engine: make(), signal: AbortSignal.abort() })
  // Nothing was connected, so that `close` says nothing of an error, as with core.
  t.deepEqual(await ending(socket), ['ABORT_ERR', undefined])
})

underEachDriver('a write beyond maxPending has its callback', async (t, make) => {
  const { near } = await pair(t, make(), {}, { maxPending: 1000 })
  near.write(Buffer.alloc(32 * 2 ** 20))
  const closed = ending(near)
  const error = await soon(
    new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => near.write('x', resolve)),
  )
  t.is(error?.code, 'ERR_PENDING_LIMIT')
  t.deepEqual(await closed, ['ERR_PENDING_LIMIT', true])
})

underEachDriver('a write that waits for the connection has its callback', async (t, make) => {
  const engine = make()
  const { port } = await serving(t, engine, {}, (far) => far.resume())
  const socket = connect({ engine, port, host: '127.0.0.1' })
  socket.once('connect', () => socket.destroy())
  const error = await soon(
    new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => socket.write('x', resolve)),
  )
  t.is(error?.code, 'ERR_SOCKET_CLOSED')
})
