/** The vocabulary of the specs of Unix sockets. */
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { UnixAddr, UnixDatagram, UnixListener, UnixStream } from 'mio-js'
import { directory } from './engine-peers.js'
import { type Calls, sourceCalls } from './receivers.js'
import { closing, poller } from './sockets.js'

/** The longest path of a socket, in bytes. */
export const longest = process.platform === 'linux' ? 107 : 103

/** A path where nothing is, in a directory that is gone after the test. */
export function socketPath(t: ExecutionContext, name = 'socket'): string {
  return join(directory(t), name)
}

export function unixListener(t: ExecutionContext, path = socketPath(t)): UnixListener {
  return closing(t, UnixListener.bind(path))
}

/** Two ends of one connection, both without a name. */
export function unixPair(t: ExecutionContext): [UnixStream, UnixStream] {
  return closingAll(t, UnixStream.pair())
}

export function datagramPair(t: ExecutionContext): [UnixDatagram, UnixDatagram] {
  return closingAll(t, UnixDatagram.pair())
}

function closingAll<T extends { close: () => void }>(t: ExecutionContext, pair: [T, T]): [T, T] {
  for (const thing of pair) closing(t, thing)
  return pair
}

/** Two ends of one connection that was made at a path. */
export function meeting(
  t: ExecutionContext,
  at: string | UnixAddr = socketPath(t),
): [client: UnixStream, server: UnixStream] {
  const server = UnixListener.bind(at)
  try {
    const client = closing(t, UnixStream.connect(at))
    const accepted = server.accept()
    if (accepted === null) throw new Error('nobody waits')
    return [client, closing(t, accepted[0])]
  } finally {
    server.close()
  }
}

let names = 0

/** An abstract name that nobody has. */
export function freeName(): UnixAddr {
  names += 1
  return UnixAddr.fromAbstractName(`mio-js ${process.pid} ${performance.timeOrigin} ${names}`)
}

/** The methods that every Unix socket has, with arguments that are right. */
export function unixCalls(t: ExecutionContext): Calls {
  const { ttl: _ttl, setTtl: _setTtl, ...calls } = sourceCalls(poller(t).poll.registry)
  return calls
}

/** Each way to come by two ends of a connection. */
export const makers = {
  pair: (t: ExecutionContext) => unixPair(t),
  path: (t: ExecutionContext) => meeting(t),
  'abstract name': (t: ExecutionContext) => meeting(t, freeName()),
}

/** Reads what is there: the bytes as text, and `EOF`, `null` or the code of an error after them. */
export function readAll(stream: UnixStream): [text: string, end: string] {
  const buffer = Buffer.alloc(16)
  let text = ''
  for (;;) {
    try {
      const count = stream.read(buffer)
      if (count === null || count === 0) return [text, count === 0 ? 'EOF' : 'null']
      text += buffer.toString('latin1', 0, count)
    } catch (error) {
      return [text, (error as NodeJS.ErrnoException).code ?? String(error)]
    }
  }
}
