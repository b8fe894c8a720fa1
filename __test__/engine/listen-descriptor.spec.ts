/** Servers on sockets that the program had. */
import { closeSync, existsSync, openSync } from 'node:fs'
import test from 'ava'
import { TcpListener, TcpStream, UdpSocket, UnixAddr, UnixListener } from 'mio-js'
import type { Engine } from 'mio-js/engine'
import '../support/census.js'
import { Peer, echo } from '../support/engine-peers.js'
import { underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { acceptOne, closing, listener, pair } from '../support/sockets.js'
import { socketPath } from '../support/unix.js'
import { statOf } from '../support/raw.js'

function underUnix(...[title, body]: Parameters<typeof underEachDriver>): void {
  if (process.platform !== 'win32') underEachDriver(title, body)
  else test.skip(`${title} (descriptors are no numbers of programs here)`, () => {})
}

underUnix('a listening socket is served, and closed with its server', async (t, make) => {
  for (const threads of [1, 3]) {
    const before = TcpListener.bind('127.0.0.1:0')
    const { port } = before.localAddr()
    // It waits in the queue until the server is there.
    const early = await Peer.connect(t, port)
    const fd = before.intoRawFd()
    const server = make({ threads }).listen({ fd, socket: echo })
    t.is(server.fd, fd)
    t.is(server.port, port)
    t.deepEqual(server.address(), { address: '127.0.0.1', family: 'IPv4', port })
    const peers = [early]
    for (let n = 0; n < 4; n += 1) peers.push(await Peer.connect(t, port))
    for (const peer of peers) peer.socket.end('hello')
    for (const peer of peers) t.is(await peer.ended, 'hello')
    await server.close()
    t.throws(() => statOf(fd), { code: 'EBADF' })
  }
})

underUnix('the options of the connections are those of the server', async (t, make) => {
  const nodelay: boolean[] = []
  for (const on of [true, false]) {
    const fd = TcpListener.bind('127.0.0.1:0').intoRawFd()
    const server = make().listen({
      fd,
      noDelay: on,
      socket: {
        open(socket) {
          nodelay.push(socket.options.nodelay())
          socket.end()
        },
      },
    })
    const peer = await Peer.connect(t, server.port!)
    await peer.ended
    peer.socket.end()
    await server.close()
  }
  t.deepEqual(nodelay, [true, false])
})

underUnix('a Unix socket is served, and its file stays', async (t, make) => {
  const path = socketPath(t)
  const fd = UnixListener.bind(path).intoRawFd()
  const server = make({ threads: 2 }).listen({ fd, socket: echo })
  t.is(server.address(), path)
  t.is(server.port, undefined)
  const peer = await Peer.connect(t, { path })
  peer.socket.end('by path')
  t.is(await peer.ended, 'by path')
  await server.close()
  t.true(existsSync(path))
})

if (process.platform === 'linux') {
  underEachDriver('an abstract name is told with its null byte', async (t, make) => {
    const name = `mio-js-${process.pid}-${t.title}`
    const fd = UnixListener.bind(UnixAddr.fromAbstractName(name)).intoRawFd()
    const server = make().listen({ fd })
    t.is(server.address(), `\0${name}`)
    await server.close()
  })
}

underUnix(
  'on a wildcard each connection has an address of its own, whichever thread has it',
  async (t, make) => {
    const fd = TcpListener.bind('0.0.0.0:0').intoRawFd()
    const locals: unknown[] = []
    const server = make({ threads: 3 }).listen({
      fd,
      socket: {
        ...echo,
        open: ({ localAddress }) => void locals.push(localAddress),
      },
    })
    for (let count = 0; count < 6; count += 1) {
      const client = await Peer.connect(t, server.port!)
      t.is(await client.echoes(), 'ping')
    }
    t.deepEqual(
      locals,
      Array.from({ length: 6 }, () => '127.0.0.1'),
    )
  },
)

/** Asserts that a descriptor is refused, and still the caller's. */
function isRefused(
  t: Parameters<typeof throwsCode>[0],
  engine: Engine,
  code: string,
  fd: number,
): void {
  throwsCode(t, code, () => engine.listen({ fd }))
  t.notThrows(() => statOf(fd))
}

underUnix('what cannot listen is refused, and stays the caller’s', async (t, make) => {
  const engine = make()
  throwsCode(t, 'EBADF', () => engine.listen({ fd: 2 ** 31 - 1 }))
  const file = openSync(import.meta.filename, 'r')
  isRefused(t, engine, 'ENOTSOCK', file)
  closeSync(file)

  const [stream, peer] = await pair(t)
  const connected = stream.intoRawFd()
  isRefused(t, engine, 'ERR_INVALID_FD_TYPE', connected)
  const again = closing(t, TcpStream.fromRawFd(connected))
  again.write(Buffer.from('x'))
  t.true(peer.peerAddr().port > 0)

  const server = listener(t)
  isRefused(t, engine, 'ERR_FD_OWNED', server.asRawFd())
  const ours = engine.listen({ hostname: '127.0.0.1' })
  isRefused(t, engine, 'ERR_FD_OWNED', ours.fd)
  isRefused(t, make(), 'ERR_FD_OWNED', ours.fd)
  closing(t, TcpStream.connect(server.localAddr()))
  closing(t, await acceptOne(server))
  await ours.close()
})

underUnix('a datagram socket is refused', (t, make) => {
  const fd = UdpSocket.bind('127.0.0.1:0').intoRawFd()
  isRefused(t, make(), 'ERR_INVALID_FD_TYPE', fd)
  closing(t, UdpSocket.fromRawFd(fd))
})

underEachDriver('a descriptor is a number of a sensible size', (t, make) => {
  const engine = make()
  for (const fd of [-1, 2 ** 31, 1.5, NaN, Infinity]) {
    throwsCode(t, 'ERR_OUT_OF_RANGE', () => engine.listen({ fd }))
  }
  for (const fd of ['3', 3n, null, true, {}]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => engine.listen({ fd: fd as number }))
  }
  if (process.platform === 'win32') {
    throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', () => engine.listen({ fd: 3 }))
  }
})
