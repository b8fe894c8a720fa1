/**
 * Uses sockets inside an accessor of an array that is being written: prints what the write gave,
 * what the accessor saw, and whether the socket that it closed is closed for the system.
 */
import { fstatSync } from 'node:fs'
import { TcpListener, TcpStream } from 'mio-js'

function outcome(operation: () => unknown): unknown {
  try {
    return operation()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

function connection(listener: TcpListener): [TcpStream, TcpStream] {
  const client = TcpStream.connect(listener.localAddr())
  for (;;) {
    const accepted = listener.accept()
    if (accepted === null) continue
    while (!client.finishConnect());
    return [client, accepted[0]]
  }
}

using listener = TcpListener.bind('127.0.0.1:0')

function write(inside: (stream: TcpStream, peer: TcpStream) => unknown): object {
  const [stream, peer] = connection(listener)
  const fd = stream.asRawFd()
  let seen: unknown
  const buffers = [Buffer.from('abc')]
  Object.defineProperty(buffers, 1, {
    get: () => {
      seen = outcome(() => inside(stream, peer))
      return Buffer.from('def')
    },
  })
  const written = outcome(() => stream.writeVectored(buffers))
  stream.close()
  peer.close()
  return { written, seen, open: outcome(() => fstatSync(fd).isSocket()) }
}

console.log(
  JSON.stringify({
    used: write((_stream, peer) => peer.read(Buffer.alloc(1))),
    opened: write(() => {
      TcpListener.bind('127.0.0.1:0').close()
      return 'opened'
    }),
    closed: write((stream) => {
      stream.close()
      return 'closed'
    }),
  }),
)
