import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Engine } from 'mio-js/engine'
import { BoundSocket, Socket, connect, createServer } from 'mio-js/net'
import '../support/census.js'
import { pair, received } from '../support/drop-in.js'
import { soon, underEachDriverOfUnix } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { unix, windows } from '../support/platforms.js'
import { statOf } from '../support/raw.js'

windows('there is no such thing on Windows', (t) => {
  throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', () => new BoundSocket())
})

underEachDriverOfUnix('it is bound at once, and refuses a port that is taken', async (t, make) => {
  const bound = new BoundSocket({ host: '127.0.0.1' })
  const { port, address, family } = bound.address() as AddressInfo
  t.deepEqual([address, family, bound.isPipe], ['127.0.0.1', 'IPv4', false])
  t.true(port > 0)
  t.true(statOf(bound.fd()).isSocket())
  const { server } = await pair(t, make())
  const { port: taken } = server.address() as AddressInfo
  const error = t.throws(() => new BoundSocket({ host: '127.0.0.1', port: taken }))
  t.like(error, { code: 'EADDRINUSE', syscall: 'bind', address: '127.0.0.1', port: taken })
  bound.close()
  throwsCode(t, 'ERR_SOCKET_HANDLE_ADOPTED', () => bound.close())
  bound[Symbol.dispose]()
  using again = new BoundSocket({ host: '127.0.0.1', port })
  t.like(again.address(), { port })
})

underEachDriverOfUnix('a server listens on it, and takes it over', async (t, make) => {
  const engine = make()
  const bound = new BoundSocket({ host: '127.0.0.1' })
  const { port } = bound.address() as AddressInfo
  const server = createServer({ engine }, (socket) => socket.end('hello'))
  server.listen(bound)
  throwsCode(t, 'ERR_SOCKET_HANDLE_ADOPTED', () => bound.address())
  await soon(once(server, 'listening'))
  t.like(server.address(), { port })
  t.is((await received(connect({ engine, port, host: '127.0.0.1' }))).toString(), 'hello')
  server.close()
  await soon(once(server, 'close'))
})

underEachDriverOfUnix('a socket connects from it, and takes it over', async (t, make) => {
  const engine = make()
  const { server } = await pair(t, engine)
  const { port } = server.address() as AddressInfo
  const bound = new BoundSocket({ host: '127.0.0.1' })
  const local = (bound.address() as AddressInfo).port
  const socket = new Socket({ engine, handle: bound })
  throwsCode(t, 'ERR_SOCKET_HANDLE_ADOPTED', () => bound.fd())
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () =>
    socket.connect({ port, host: '127.0.0.1', localPort: 1 }),
  )
  socket.connect({ port, host: '127.0.0.1' })
  await soon(once(socket, 'connect'))
  t.is(socket.localPort, local)
  socket.destroy()
  await soon(once(socket, 'close'))
  // One that never connects gives it back as well.
  const idle = new Socket({ engine, handle: new BoundSocket() })
  idle.destroy()
  await soon(once(idle, 'close'))
})

underEachDriverOfUnix('a path can be bound, listened on and connected from', async (t, make) => {
  // Abstract names, which leave no file behind, are Linux's.
  if (process.platform !== 'linux') {
    t.pass()
    return
  }
  const engine = make()
  const name = `${process.pid}-${Math.random()}`
  const at = join(tmpdir(), `mio-js-bound-${name}`)
  const bound = new BoundSocket({ path: `\0${at}` })
  t.true(bound.isPipe)
  t.is(bound.address(), `\0${at}`)
  throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => new BoundSocket({ path: at, port: 1 }))
  const server = createServer({ engine }, (socket) => socket.end('by path'))
  server.listen(bound)
  await soon(once(server, 'listening'))
  t.is(server.address(), `\0${at}`)
  const handle = new BoundSocket({ path: `\0${at}-client` })
  const socket = new Socket({ engine, handle })
  socket.connect({ path: `\0${at}` })
  t.is((await soon(received(socket))).toString(), 'by path')
  server.close()
  await soon(once(server, 'close'))
})

underEachDriverOfUnix(
  'a path is removed by whoever closes what is bound to it',
  async (t, make) => {
    const engine = make()
    const path = join(tmpdir(), `mio-js-bound-${process.pid}-${Math.random()}`)
    const bound = new BoundSocket({ path })
    t.true(existsSync(path))
    bound.close()
    t.false(existsSync(path))

    const server = createServer({ engine }, (socket) => socket.end())
    server.listen(new BoundSocket({ path }))
    await soon(once(server, 'listening'))
    const own = `${path}-client`
    const socket = new Socket({ engine, handle: new BoundSocket({ path: own }) })
    await soon(once(socket.connect({ path }), 'connect'))
    t.true(existsSync(own))
    await soon(once(socket.resume(), 'close'))
    t.false(existsSync(own))
    t.is(socket.localAddress, own)
    server.close()
    t.false(existsSync(path))
    await soon(once(server, 'close'))

    const idle = new Socket({ engine, handle: new BoundSocket({ path }) })
    idle.destroy()
    t.false(existsSync(path))
    await soon(once(idle, 'close'))
  },
)

unix('a path that cannot be is refused as libuv does', (t) => {
  const path = join(tmpdir(), `mio-js-bound-${process.pid}-${Math.random()}`)
  const wrong = [
    [join(path, 'child'), 'EACCES'],
    [path + 'x'.repeat(2000), 'EINVAL'],
  ] as const
  for (const [name, code] of wrong) {
    const error = t.throws(() => new BoundSocket({ path: name }))
    t.like(error, { code, syscall: 'bind', message: `bind ${code}` })
  }
})

underEachDriverOfUnix(
  "one that nothing could take over is closed, or is still the program's",
  async (t) => {
    const engine = new Engine()
    await engine.close()
    const server = createServer({ engine })
    server.listen(new BoundSocket())
    const [error] = await soon(once(server, 'error'))
    t.is((error as NodeJS.ErrnoException).code, 'ERR_ENGINE_CLOSED')

    const bound = new BoundSocket()
    const signal = {} as AbortSignal
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => new Socket({ handle: bound, signal }))
    t.true(statOf(bound.fd()).isSocket())
    const isAborted = new Socket({ handle: bound, signal: AbortSignal.abort() })
    isAborted.on('error', () => {})
    await soon(new Promise((resolve) => isAborted.once('close', resolve)))
  },
)
