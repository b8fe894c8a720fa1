/** Every kind of source that can be given away, besides those of TCP; and what they drain. */
import {
  Interest,
  Receiver,
  Sender,
  SourceFd,
  UnixDatagram,
  UnixListener,
  UnixStream,
  pipe,
} from 'mio-js'
import './support/census.js'
import { throwsCode } from './support/errors.js'
import { unix } from './support/platforms.js'
import { closing, eventsFor, pair, poller, watch } from './support/sockets.js'
import { datagramPair, socketPath, unixListener, unixPair } from './support/unix.js'

const hello = Buffer.from('hello')
const buffer = Buffer.alloc(16)
const text = (count: number | null): string => buffer.toString('latin1', 0, count ?? 0)

unix('a Unix stream moves with its unread bytes', async (t) => {
  const [first, second] = unixPair(t)
  first.write(hello)
  const shared = second.share()
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => second.read(buffer))
  const moved = closing(t, UnixStream.from(structuredClone(shared)))
  throwsCode(t, 'ERR_SHARED_SOURCE_GONE', () => UnixStream.from(shared))
  const { poll, events } = poller(t)
  watch(poll, moved, 1, Interest.READABLE)
  await eventsFor(t, poll, events, 1)
  t.is(text(moved.read(buffer)), 'hello')
  t.true(moved.finishConnect())
})

unix('a Unix listener moves with its queue', (t) => {
  const path = socketPath(t)
  const listener = unixListener(t, path)
  closing(t, UnixStream.connect(path)).write(hello)
  const moved = closing(t, UnixListener.from(listener.share()))
  const [stream] = moved.accept()!
  t.is(text(closing(t, stream).read(buffer)), 'hello')
})

unix('a Unix datagram socket moves with its datagrams', (t) => {
  const [first, second] = datagramPair(t)
  first.send(hello)
  const moved = closing(t, UnixDatagram.from(second.share()))
  t.is(text(moved.recv(buffer)), 'hello')
})

unix('both ends of a pipe move', (t) => {
  const [sender, receiver] = pipe()
  const to = closing(t, Sender.from(sender.share()))
  const from = closing(t, Receiver.from(receiver.share()))
  to.write(hello)
  t.is(text(from.read(buffer)), 'hello')
  throwsCode(t, 'ERR_SOURCE_CLOSED', () => sender.share())
})

unix('each class takes its own kind alone', async (t) => {
  const [stream] = unixPair(t)
  const shared = stream.share()
  for (const other of [UnixListener, UnixDatagram, Sender, Receiver]) {
    throwsCode(t, 'ERR_INVALID_ARG_VALUE', () => other.from(shared as never))
  }
  closing(t, UnixStream.from(shared))
  const [tcp] = await pair(t)
  throwsCode(t, 'ERR_INVALID_THIS', () => UnixStream.prototype.share.call(tcp as never))
  const borrowed = closing(t, new SourceFd(tcp.asRawFd()))
  t.throws(() => UnixStream.prototype.share.call(borrowed as never), { instanceOf: TypeError })
  t.false('share' in borrowed)
})

unix('a Unix listener accepts all who wait', (t) => {
  const path = socketPath(t)
  const listener = unixListener(t, path)
  for (let n = 0; n < 5; n += 1) closing(t, UnixStream.connect(path))
  const accept = (stream: UnixStream): void => {
    closing(t, stream)
  }
  t.is(listener.acceptAll(accept), 5)
  t.is(listener.acceptAll(accept), 0)
})

unix('a Unix stream and a pipe read all that is there, and know their end', (t) => {
  const [one, other] = unixPair(t)
  const [sender, receiver] = pipe()
  closing(t, receiver)
  const small = buffer.subarray(0, 2)
  for (const [to, from] of [
    [one, other],
    [sender, receiver],
  ] as const) {
    to.write(hello)
    let received = ''
    const onBytes = (count: number): void => {
      received += text(count)
    }
    t.is(from.readAll(small, onBytes), null)
    t.is(received, 'hello')
    to.close()
    t.is(from.readAll(small, onBytes), true)
  }
})
