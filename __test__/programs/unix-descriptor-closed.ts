/**
 * What happens when the descriptors of open Unix sockets are closed behind their back: prints the
 * code that every method throws, first for numbers that nobody has, then for numbers of files.
 * Argument: a path to listen on.
 */
import { closeSync, openSync } from 'node:fs'
import { Events, Interest, Poll, Token, UnixDatagram, UnixListener, UnixStream } from 'mio-js'

const path = process.argv[2] ?? ''
const listener = UnixListener.bind(path)
const stream = UnixStream.connect(path)
const datagram = UnixDatagram.unbound()
const poll = new Poll()
poll.registry.register(listener, Token(0), Interest.READABLE)
poll.registry.register(stream, Token(1), Interest.READABLE)

const buffer = Buffer.alloc(1)
const methods: Record<string, () => unknown> = {
  accept: () => listener.accept(),
  localAddr: () => listener.localAddr(),
  takeError: () => listener.takeError(),
  read: () => stream.read(buffer),
  write: () => stream.write(buffer),
  readVectored: () => stream.readVectored([buffer]),
  writeVectored: () => stream.writeVectored([buffer]),
  peerAddr: () => stream.peerAddr(),
  shutdown: () => {
    stream.shutdown(2)
  },
  connect: () => {
    datagram.connect(path)
  },
  send: () => datagram.send(buffer),
  sendTo: () => datagram.sendTo(buffer, path),
  recv: () => datagram.recv(buffer),
  recvFrom: () => datagram.recvFrom(buffer),
}

function codeOf(method: () => unknown): unknown {
  try {
    return method()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

function codes(): Record<string, unknown> {
  const entries = Object.entries(methods).map(([name, method]) => [name, codeOf(method)])
  return Object.fromEntries(entries) as Record<string, unknown>
}

const numbers = [listener, stream, datagram].map((source) => source.asRawFd())
for (const number of numbers) closeSync(number)
const unused = codes()
const registered = codeOf(() => {
  poll.registry.register(datagram, Token(2), Interest.READABLE)
})

const files = numbers.map(() => openSync(process.execPath, 'r'))
const same = String(files.toSorted()) === String(numbers.toSorted())
const reused = codes()

// The numbers belong to the files now, and the sockets close them: that is the price of the misuse.
const polled = poll.poll(Events.withCapacity(4), 0)
for (const source of [listener, stream, datagram]) source.close()
poll.close()
console.log(JSON.stringify({ unused, reused, polled, registered, same }))
