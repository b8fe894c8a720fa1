/**
 * An echo server that systemd, or any parent, can hand its listening sockets: connections wait in
 * them while the program is not running, or is being replaced, and none is refused.
 *
 * The protocol is that of sd_listen_fds(3): the sockets are the descriptors from 3 on, LISTEN_FDS says
 * how many, LISTEN_PID whom they are meant for, LISTEN_FDNAMES what each is called. Without them it
 * binds HOST:PORT, by default 127.0.0.1:7000.
 */
import process from 'node:process'
import { Events, Interest, Poll, TcpListener, type TcpStream, Token, Waker } from 'mio-js'

const FIRST_DESCRIPTOR = 3

/** The listeners that this process was given; none if they are another's, or there are none. */
function inheritedListeners(): Map<string, TcpListener> {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = process.env
  // Children of this process must not take them for theirs.
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete process.env[name]
  const listeners = new Map<string, TcpListener>()
  if (Number(LISTEN_PID) !== process.pid) return listeners
  const names = LISTEN_FDNAMES?.split(':') ?? []
  for (let index = 0; index < Number(LISTEN_FDS); index += 1) {
    const fd = FIRST_DESCRIPTOR + index
    // Also makes it close-on-exec. What is no TCP listener is ERR_INVALID_FD_TYPE or ENOTSOCK.
    listeners.set(names[index] || `fd ${fd}`, TcpListener.fromRawFd(fd))
  }
  return listeners
}

function bind(): Map<string, TcpListener> {
  const { HOST = '127.0.0.1', PORT = '7000' } = process.env
  return new Map([['bound', TcpListener.bind({ address: HOST, port: Number(PORT) })]])
}

const inherited = inheritedListeners()
const listeners = [...(inherited.size > 0 ? inherited : bind())]

const poll = new Poll()
const events = Events.withCapacity(1024)
for (const [index, [name, listener]] of listeners.entries()) {
  // Connections that wait already are readiness, too.
  poll.registry.register(listener, Token(index), Interest.READABLE)
  console.log(`${name}: listening on ${listener.localAddr()}`)
}

interface Client {
  readonly stream: TcpStream
  unsent: Buffer | null
}

const clients = new Map<number, Client>()
const buffer = Buffer.alloc(64 * 1024)
let nextToken = listeners.length
const waker = new Waker(poll.registry, Token(nextToken++))

function accept(listening: number): void {
  for (;;) {
    try {
      const accepted = listeners[listening]?.[1].accept() ?? null
      if (accepted === null) return
      const token = Token(nextToken++)
      clients.set(token, { stream: accepted[0], unsent: null })
      poll.registry.register(accepted[0], token, Interest.READABLE.add(Interest.WRITABLE))
    } catch (error) {
      console.error(String(error))
      if ((error as NodeJS.ErrnoException).code === 'ERR_CONNECTION_ABORTED') continue
      setTimeout(accept, 100, listening) // no room: clients stay queued, and no new event comes
      return
    }
  }
}

/** Sends back what there is; false when the client is done. */
function echo(client: Client): boolean {
  for (;;) {
    while (client.unsent !== null) {
      const written = client.stream.write(client.unsent)
      if (written === null) return true
      client.unsent = written < client.unsent.length ? client.unsent.subarray(written) : null
    }
    const count = client.stream.read(buffer)
    if (count === null) return true
    if (count === 0) return false
    client.unsent = Buffer.from(buffer.subarray(0, count))
  }
}

function serve(token: number, client: Client): void {
  let isOpen = false
  try {
    isOpen = echo(client)
  } catch (error) {
    console.error(String(error)) // the peer reset the connection
  }
  if (isOpen) return
  client.stream.close()
  clients.delete(token)
}

// To be replaced without loss: take no more, finish what was taken. What waits goes to the next one.
process.once('SIGTERM', () => {
  for (const [, listener] of listeners.splice(0)) listener.close()
  waker.wake()
  console.log('stopping')
})

while (listeners.length > 0 || clients.size > 0) {
  await poll.pollAsync(events)
  for (const { token } of events) {
    const client = clients.get(token)
    if (client === undefined) accept(token)
    else serve(token, client)
  }
}
poll.close()
