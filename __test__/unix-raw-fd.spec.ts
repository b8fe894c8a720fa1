import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import net from 'node:net'
import type { ExecutionContext } from 'ava'
import { TcpListener, TcpStream, UnixDatagram, UnixListener, UnixStream } from 'mio-js'
import './support/census.js'
import { run } from './support/child.js'
import { directory } from './support/engine-peers.js'
import { throwsCode } from './support/errors.js'
import { adoptedByNode, linux, unix } from './support/platforms.js'
import { closing, eventsFor, noEvent, pair, poller, watch } from './support/sockets.js'
import { datagramPair, meeting, socketPath, unixPair } from './support/unix.js'
import { statOf } from './support/raw.js'

const classes = [UnixListener, UnixStream, UnixDatagram, TcpListener, TcpStream]

/** Asserts that no class but one takes the descriptor, and that it stays open. */
function isRefused(t: ExecutionContext, code: string, fd: number, fitting?: unknown): void {
  for (const adopter of classes) {
    if (adopter === fitting) continue
    t.log(adopter.name)
    throwsCode(t, code, () => {
      adopter.fromRawFd(fd).close()
    })
  }
  t.notThrows(() => statOf(fd))
}

unix('each class takes its own kind of socket, and leaves the others alone', async (t) => {
  const path = socketPath(t)
  const [tcp] = await pair(t)
  const [stream, peer] = unixPair(t)
  const [datagram, other] = datagramPair(t)
  const sources = [
    UnixListener.bind(path),
    stream,
    datagram,
    TcpListener.bind('127.0.0.1:0'),
    tcp,
  ] as const
  const fds = sources.map((source) => source.intoRawFd())
  for (const [index, fd] of fds.entries()) {
    isRefused(t, 'ERR_INVALID_FD_TYPE', fd, classes[index])
  }
  const adopted = fds.map((fd, index) => closing(t, classes[index]!.fromRawFd(fd)))
  for (const [index, source] of adopted.entries()) {
    t.true(source instanceof classes[index]!)
    t.is(source.asRawFd(), fds[index] as number)
  }
  const client = closing(t, UnixStream.connect(path))
  closing(t, (adopted[0] as UnixListener).accept()![0])
  t.is(client.peerAddr().path, path)
  t.is((adopted[1] as UnixStream).write(Buffer.from('abc')), 3)
  t.is(peer.read(Buffer.alloc(8)), 3)
  t.is((adopted[2] as UnixDatagram).send(Buffer.from('ab')), 2)
  t.is(other.recv(Buffer.alloc(8)), 2)
})

unix('what is no descriptor, no socket, or somebody else owns is refused', (t) => {
  const [stream] = unixPair(t)
  const file = openSync(import.meta.filename, 'r')
  t.teardown(() => {
    closeSync(file)
  })
  isRefused(t, 'ENOTSOCK', file)
  isRefused(t, 'ENOTSOCK', poller(t).poll.asRawFd())
  isRefused(t, 'ERR_FD_OWNED', stream.asRawFd())
  const closed = openSync(import.meta.filename, 'r')
  closeSync(closed)
  for (const adopter of [UnixListener, UnixStream, UnixDatagram]) {
    for (const fd of [-1, 2 ** 31, 1.5, NaN, Infinity]) {
      throwsCode(t, 'ERR_OUT_OF_RANGE', () => adopter.fromRawFd(fd))
    }
    for (const fd of ['3', 3n, null, undefined, {}]) {
      throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => adopter.fromRawFd(fd as number))
    }
    for (const fd of [closed, 2 ** 31 - 1]) throwsCode(t, 'EBADF', () => adopter.fromRawFd(fd))
    for (const fd of [0, 1, 2]) {
      // Node makes the standard streams of a child out of Unix sockets.
      if (adopter === UnixStream && statOf(fd).isSocket()) continue
      const error = t.throws<NodeJS.ErrnoException>(() => adopter.fromRawFd(fd))
      t.regex(error!.code!, /^(EBADF|ENOTSOCK|ERR_INVALID_FD_TYPE)$/)
    }
  }
  t.is(stream.read(Buffer.alloc(1)), null)
})

linux('descriptors do not block and are not inherited (Linux)', (t) => {
  const path = socketPath(t)
  const server = closing(t, UnixListener.bind(path))
  const client = closing(t, UnixStream.connect(path))
  for (const source of [
    server,
    client,
    closing(t, server.accept()![0]),
    ...unixPair(t),
    ...datagramPair(t),
    closing(t, UnixDatagram.unbound()),
    closing(t, UnixDatagram.bind(socketPath(t))),
  ]) {
    const info = readFileSync(`/proc/self/fdinfo/${source.asRawFd()}`, 'utf8')
    const flags = Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '', 8)
    t.is(flags & 0o2004000, 0o2004000)
  }
})

unix('a stream goes into a descriptor and back with what it holds', async (t) => {
  const { poll, events } = poller(t)
  const [client, server] = meeting(t)
  server.write(Buffer.from('kept'))
  watch(poll, client, 1)
  const fd = client.intoRawFd()
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => client.read(Buffer.alloc(1)))
  client.close()
  noEvent(t, poll, events)
  const again = closing(t, UnixStream.fromRawFd(fd))
  t.true(again.finishConnect())
  t.deepEqual(again.peerAddr(), server.localAddr())
  watch(poll, again, 2)
  await eventsFor(t, poll, events, 2)
  t.is(again.read(Buffer.alloc(8)), 4)
})

adoptedByNode('Node can go on with a stream', async (t) => {
  const [client, server] = meeting(t)
  const socket = new net.Socket({ fd: client.intoRawFd() })
  t.teardown(() => {
    socket.destroy()
  })
  server.write(Buffer.from('pong'))
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  t.is(bytes.toString(), 'pong')
})

unix('Node can go on with a listener', async (t) => {
  const path = socketPath(t)
  const listener = UnixListener.bind(path)
  const theirs = closing(t, net.createServer().listen({ fd: listener.intoRawFd() }))
  await once(theirs, 'listening')
  closing(t, UnixStream.connect(path))
  const [accepted] = (await once(theirs, 'connection')) as [net.Socket]
  accepted.destroy()
  t.pass()
})

unix('a listener of Node is refused by what is no listener, and listens on', async (t) => {
  const path = socketPath(t)
  const theirs = closing(t, net.createServer().listen(path))
  await once(theirs, 'listening')
  const { fd } = (theirs as unknown as { _handle: { fd: number } })._handle
  isRefused(t, 'ERR_INVALID_FD_TYPE', fd, UnixListener)
  t.true(theirs.listening)
})

unix('closing a descriptor behind a socket is an error of each use, and no crash', async (t) => {
  const { code, signal, stdout, stderr } = await run('unix-descriptor-closed', [socketPath(t)])
  t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
  const { unused, reused, same, registered, polled } = JSON.parse(stdout) as {
    unused: Record<string, string>
    reused: Record<string, string>
    same: boolean
    registered: string
    polled: number
  }
  t.is(polled, 0)
  t.is(registered, 'EBADF')
  const names = Object.keys(unused)
  t.true(names.length > 12)
  t.deepEqual(unused, Object.fromEntries(names.map((name) => [name, 'EBADF'])))
  t.true(same)
  // readv works on files too, so this one cannot tell.
  for (const name of names) {
    if (name === 'readVectored') t.is(typeof reused[name], 'number')
    else t.is(reused[name], 'ENOTSOCK', name)
  }
})

linux(
  'without descriptors each operation is EMFILE, and makes nothing by halves (Linux)',
  async (t) => {
    const { code, signal, stdout, stderr } = await run('unix-no-descriptors', [directory(t)])
    t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr)
    const { without, half, files, after, lost } = JSON.parse(stdout) as Record<string, object>
    const failure = (syscall: string, address?: string): object => ({
      code: 'EMFILE',
      syscall,
      ...(address === undefined ? {} : { address }),
    })
    t.deepEqual(without, {
      accept: failure('accept'),
      listen: failure('listen', '/new'),
      connect: failure('connect', '/listener'),
      pair: failure('socketpair'),
      bind: failure('bind', '/datagram'),
      unbound: failure('socket'),
      datagrams: failure('socketpair'),
    })
    t.deepEqual(half, failure('socketpair'))
    t.deepEqual(new Set(Object.values(after!)), new Set(['works']))
    t.is(lost as unknown, 0)
    t.deepEqual(files, ['listener'])
  },
)
