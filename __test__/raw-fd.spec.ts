import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { Interest, TcpListener, TcpStream } from 'mio-js'
import './support/census.js'
import { run } from './support/child.js'
import { throwsCode } from './support/errors.js'
import { adoptedByNode, linux, unix, windows } from './support/platforms.js'
import {
  acceptOne,
  closing,
  eventsFor,
  listener,
  noEvent,
  pair,
  poller,
  readExactly,
  watch,
} from './support/sockets.js'
import { statOf } from './support/raw.js'

const adopters = [
  (fd: number): TcpListener => TcpListener.fromRawFd(fd),
  (fd: number): TcpStream => TcpStream.fromRawFd(fd),
]

/** Asserts that neither class takes the descriptor, and that it stays open. */
function isRefused(t: ExecutionContext, code: string, fd: number): void {
  for (const adopt of adopters) {
    throwsCode(t, code, () => {
      adopt(fd).close()
    })
  }
  t.notThrows(() => statOf(fd))
}

/** The `flags` of an open descriptor, as open(2) has them. */
function flagsOf(fd: number): number {
  const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
  return Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '', 8)
}

const NONBLOCK = 0o4000
const CLOEXEC = 0o2000000

/** The descriptor of a handle of Node. */
function fdOf(handle: net.Server | net.Socket): number {
  return (handle as unknown as { _handle: { fd: number } })._handle.fd
}

unix('a source tells its descriptor, the same each time, and stays its owner', async (t) => {
  const [client, server] = await pair(t)
  const sources = [client, server, listener(t)]
  const fds = sources.map((source) => source.asRawFd())
  t.is(new Set(fds).size, 3)
  for (const [index, fd] of fds.entries()) {
    t.true(statOf(fd).isSocket())
    t.is(sources[index]!.asRawFd(), fd)
    sources[index]!.close()
    throwsCode(t, 'EBADF', () => statOf(fd))
  }
})

linux('descriptors do not block and are not inherited (Linux)', async (t) => {
  const server = listener(t)
  const client = closing(t, TcpStream.connect(server.localAddr()))
  const accepted = closing(t, await acceptOne(server))
  for (const source of [server, client, accepted]) {
    t.is(flagsOf(source.asRawFd()) & (NONBLOCK | CLOEXEC), NONBLOCK | CLOEXEC)
  }
})

unix('what is no descriptor is refused', (t) => {
  for (const adopt of adopters) {
    for (const fd of [-1, -2, 2 ** 31, 2 ** 32, 2 ** 53, 1.5, NaN, Infinity, -Infinity]) {
      const error = throwsCode(t, 'ERR_OUT_OF_RANGE', () => adopt(fd))
      t.true(error instanceof RangeError)
    }
    for (const fd of ['3', 3n, null, undefined, true, {}, [3], Symbol('s'), () => 3]) {
      const error = throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => adopt(fd as number))
      t.true(error instanceof TypeError)
    }
    throwsCode(t, 'EBADF', () => adopt(2 ** 31 - 1))
  }
})

unix('a closed descriptor is EBADF', (t) => {
  const fd = openSync(import.meta.filename, 'r')
  closeSync(fd)
  for (const adopt of adopters) throwsCode(t, 'EBADF', () => adopt(fd))
})

unix('a file, a directory and a selector are no sockets', (t) => {
  const opened = [openSync(import.meta.filename, 'r'), openSync(import.meta.dirname, 'r')]
  t.teardown(() => {
    for (const fd of opened) closeSync(fd)
  })
  for (const fd of [...opened, poller(t).poll.asRawFd()]) isRefused(t, 'ENOTSOCK', fd)
})

unix('standard input, output and error are refused', (t) => {
  for (const fd of [0, 1, 2]) {
    for (const adopt of adopters) {
      const error = t.throws<NodeJS.ErrnoException>(() => adopt(fd))
      t.true(['EBADF', 'ENOTSOCK', 'ERR_INVALID_FD_TYPE'].includes(error?.code ?? ''), error?.code)
    }
  }
  t.notThrows(() => statOf(1))
})

unix('sockets of the file system are no TCP sockets', async (t) => {
  const path = join(tmpdir(), `mio-js-${process.pid}.sock`)
  const server = closing(t, net.createServer().listen(path))
  await once(server, 'listening')
  const client = net.connect(path)
  t.teardown(() => {
    client.destroy()
  })
  const [socket] = (await once(server, 'connection')) as [net.Socket]
  t.teardown(() => {
    socket.destroy()
  })
  for (const handle of [server, client, socket]) {
    isRefused(t, 'ERR_INVALID_FD_TYPE', fdOf(handle))
  }
})

linux('a UDP socket is no TCP socket (Linux)', async (t) => {
  const sockets = (): string[] =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
      } catch {
        return false
      }
    })
  const before = new Set(sockets())
  const udp = closing(t, createSocket('udp4').bind(0, '127.0.0.1'))
  await once(udp, 'listening')
  const [fd, ...others] = sockets().filter((number) => !before.has(number))
  t.is(others.length, 0)
  isRefused(t, 'ERR_INVALID_FD_TYPE', Number(fd))
})

unix(
  'a listener is no stream and a stream no listener, and each works on after that',
  async (t) => {
    const server = listener(t)
    const at = server.localAddr()
    const client = closing(t, TcpStream.connect(at))
    const accepted = await acceptOne(server)
    const fds = { server: server.intoRawFd(), stream: accepted.intoRawFd() }
    throwsCode(t, 'ERR_INVALID_FD_TYPE', () => TcpStream.fromRawFd(fds.server))
    throwsCode(t, 'ERR_INVALID_FD_TYPE', () => TcpListener.fromRawFd(fds.stream))
    const stream = closing(t, TcpStream.fromRawFd(fds.stream))
    t.is(stream.write(Buffer.from('hello')), 5)
    t.is((await readExactly(client, 5)).toString(), 'hello')
    const again = closing(t, TcpListener.fromRawFd(fds.server))
    t.deepEqual(again.localAddr(), at)
    closing(t, TcpStream.connect(at))
    closing(t, await acceptOne(again))
  },
)

unix('a descriptor that a source owns is refused, and the source works on', async (t) => {
  const [client, server] = await pair(t)
  const owners = [client, listener(t)]
  for (const owner of owners) isRefused(t, 'ERR_FD_OWNED', owner.asRawFd())
  t.is(client.write(Buffer.from('x')), 1)
  t.is((await readExactly(server, 1)).toString(), 'x')
  t.is(owners[1]!.takeError(), null)
})

unix('a connection goes into a descriptor and back with what it holds', async (t) => {
  const [client, server] = await pair(t)
  const peer = client.localAddr()
  client.setNodelay(true)
  client.setTtl(42)
  server.write(Buffer.from('kept'))
  const fd = client.intoRawFd()
  t.true(statOf(fd).isSocket())
  const again = closing(t, TcpStream.fromRawFd(fd))
  t.is(again.asRawFd(), fd)
  t.deepEqual(again.localAddr(), peer)
  t.deepEqual(again.peerAddr(), server.localAddr())
  t.true(again.finishConnect())
  t.true(again.nodelay())
  t.is(again.ttl(), 42)
  t.is((await readExactly(again, 4)).toString(), 'kept')
  t.is(again.read(Buffer.alloc(1)), null)
})

unix('a source that gave its descriptor away is closed, the descriptor is not', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = await pair(t)
  watch(poll, client, 1, Interest.READABLE)
  const fd = client.intoRawFd()
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => client.intoRawFd())
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => client.asRawFd())
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => client.read(Buffer.alloc(1)))
  client.close()
  client[Symbol.dispose]()
  t.true(statOf(fd).isSocket())
  server.write(Buffer.from('x'))
  noEvent(t, poll, events)
  const again = closing(t, TcpStream.fromRawFd(fd))
  watch(poll, again, 2, Interest.READABLE)
  await eventsFor(t, poll, events, 2)
  t.is(again.read(Buffer.alloc(8)), 1)
})

unix('a descriptor that was given away is closed by who has it', async (t) => {
  const [client, server] = await pair(t)
  const fd = client.intoRawFd()
  closeSync(fd)
  throwsCode(t, 'EBADF', () => statOf(fd))
  const { poll, events } = poller(t)
  watch(poll, server, 1, Interest.READABLE)
  await eventsFor(t, poll, events, 1)
  t.is(server.read(Buffer.alloc(1)), 0)
})

adoptedByNode('Node can go on with a stream', async (t) => {
  const [client, server] = await pair(t)
  const socket = new net.Socket({ fd: client.intoRawFd() })
  t.teardown(() => {
    socket.destroy()
  })
  socket.write('ping')
  t.is((await readExactly(server, 4)).toString(), 'ping')
  server.write(Buffer.from('pong'))
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  t.is(bytes.toString(), 'pong')
})

unix('Node can go on with a listener', async (t) => {
  const server = listener(t)
  const at = server.localAddr()
  const theirs = closing(t, net.createServer().listen({ fd: server.intoRawFd() }))
  await once(theirs, 'listening')
  const client = closing(t, TcpStream.connect(at))
  const [socket] = (await once(theirs, 'connection')) as [net.Socket]
  t.teardown(() => {
    socket.destroy()
  })
  t.is(socket.remotePort, client.localAddr().port)
})

unix('closing a descriptor behind a source is an error of each use, and no crash', async (t) => {
  const { code, signal, stdout, stderr } = await run('descriptor-closed')
  t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
  const { unused, reused, same, polled } = JSON.parse(stdout) as Record<string, object>
  t.is(polled as unknown, 0)
  const names = Object.keys(unused!)
  t.true(names.length > 10)
  t.deepEqual(unused, Object.fromEntries(names.map((name) => [name, 'EBADF'])))
  t.true(same as unknown as boolean)
  // readv works on files too, so this one cannot tell.
  const { readVectored: _read, ...told } = reused as Record<string, unknown>
  const toldNames = names.filter((name) => name !== 'readVectored')
  t.deepEqual(told, Object.fromEntries(toldNames.map((name) => [name, 'ENOTSOCK'])))
})

unix('what is named after Windows is unavailable elsewhere', async (t) => {
  const [client] = await pair(t)
  for (const operation of [
    () => client.asRawSocket(),
    () => client.intoRawSocket(),
    () => TcpStream.fromRawSocket(3),
    () => TcpListener.fromRawSocket(3),
  ]) {
    throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', operation)
  }
  t.is(client.takeError(), null)
})

windows('what is named after Unix is unavailable on Windows', async (t) => {
  const [client] = await pair(t)
  for (const operation of [
    () => client.asRawFd(),
    () => client.intoRawFd(),
    () => TcpStream.fromRawFd(3),
    () => TcpListener.fromRawFd(3),
  ]) {
    throwsCode(t, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', operation)
  }
  t.is(client.takeError(), null)
})
