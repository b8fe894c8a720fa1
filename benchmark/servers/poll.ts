/**
 * An echo server on `Poll`, written as a program would have to be: it drains, keeps what the system
 * does not take, and forgets connections that end.
 *
 * When is a connection drained? Everywhere when `read` returns `null` (`would-block`). With epoll and
 * kqueue also when a read returned less than there was room for, unless the peer has closed: what
 * arrives later is a new edge. `short-read` saves a system call for each message by it, as tokio and
 * libuv do.
 *
 * usage: poll.js async|blocking would-block|short-read
 */
import { Events, Interest, Poll, Readiness, TcpListener, type TcpStream, Token } from 'mio-js'

interface Connection {
  readonly stream: TcpStream
  /** Read, and not written yet. */
  unsent: Buffer | null
}

const listenerToken = Token(0)
const interest = Interest.READABLE.add(Interest.WRITABLE)

const [mode, drained] = process.argv.slice(2)
const shortReadDrains = drained === 'short-read' && process.platform !== 'win32'

const poll = new Poll()
const events = Events.withCapacity(1024)
const listener = TcpListener.bind('127.0.0.1:0')
const connections: (Connection | undefined)[] = [undefined]
const free: number[] = []
const buffer = Buffer.allocUnsafeSlow(65_536)

function accept(): void {
  let accepted
  while ((accepted = listener.accept()) !== null) {
    const [stream] = accepted
    stream.setNodelay(true)
    const slot = free.pop() ?? connections.length
    poll.registry.register(stream, Token(slot), interest)
    connections[slot] = { stream, unsent: null }
  }
}

function close(slot: number, connection: Connection): void {
  connection.stream.close()
  connections[slot] = undefined
  free.push(slot)
}

/** Whether everything that was read has been written. */
function flush(connection: Connection): boolean {
  while (connection.unsent !== null) {
    const written = connection.stream.write(connection.unsent)
    if (written === null) return false
    const { length } = connection.unsent
    connection.unsent = written === length ? null : connection.unsent.subarray(written)
  }
  return true
}

function serve(slot: number, readiness: number): void {
  const connection = connections[slot]
  if (connection === undefined) return
  const { stream } = connection
  try {
    while (flush(connection)) {
      const read = stream.read(buffer)
      if (read === null) return
      if (read === 0) break
      const written = stream.write(buffer, 0, read) ?? 0
      if (written < read) connection.unsent = Buffer.from(buffer.subarray(written, read))
      else if (shortReadDrains && read < buffer.length && !isReadClosed(readiness)) return
    }
    if (connection.unsent !== null) return
  } catch {
    // The peer reset the connection.
  }
  close(slot, connection)
}

function isReadClosed(readiness: number): boolean {
  return (readiness & Readiness.READ_CLOSED) !== 0
}

function turn(): void {
  const { length } = events
  for (let index = 0; index < length; index += 1) {
    const token = events.tokenAt(index)
    if (token === listenerToken) accept()
    else serve(token, events.readinessAt(index))
  }
}

poll.registry.register(listener, listenerToken, Interest.READABLE)
console.log(`listening ${listener.localAddr()}`)
if (mode === 'blocking') {
  for (;;) {
    poll.poll(events)
    turn()
  }
}
for (;;) {
  await poll.pollAsync(events)
  turn()
}
