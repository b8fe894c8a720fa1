/**
 * What happens when the descriptors of open sockets are closed behind their back: prints the code
 * that every method throws, first for numbers that nobody has, then for numbers of files.
 */
import { closeSync, openSync } from 'node:fs'
import { Events, Interest, Poll, TcpListener, TcpStream, Token } from 'mio-js'

const listener = TcpListener.bind('127.0.0.1:0')
const stream = TcpStream.connect(listener.localAddr())
const poll = new Poll()
poll.registry.register(listener, Token(0), Interest.READABLE)
poll.registry.register(stream, Token(1), Interest.READABLE)

const buffer = Buffer.alloc(1)
const methods: Record<string, () => unknown> = {
  accept: () => listener.accept(),
  localAddr: () => listener.localAddr(),
  ttl: () => listener.ttl(),
  read: () => stream.read(buffer),
  peek: () => stream.peek(buffer),
  write: () => stream.write(buffer),
  readVectored: () => stream.readVectored([buffer]),
  writeVectored: () => stream.writeVectored([buffer]),
  finishConnect: () => stream.finishConnect(),
  takeError: () => stream.takeError(),
  peerAddr: () => stream.peerAddr(),
  setNodelay: () => {
    stream.setNodelay(true)
  },
  shutdown: () => {
    stream.shutdown(2)
  },
}

function codes(): Record<string, unknown> {
  const entries = Object.entries(methods).map(([name, method]) => {
    try {
      return [name, method()]
    } catch (error) {
      return [name, (error as NodeJS.ErrnoException).code]
    }
  })
  return Object.fromEntries(entries) as Record<string, unknown>
}

const numbers = [listener.asRawFd(), stream.asRawFd()]
for (const number of numbers) closeSync(number)
const unused = codes()

const files = numbers.map(() => openSync(process.execPath, 'r'))
const reused = codes()

// The numbers belong to the files now, and the sockets close them: that is the price of the misuse.
const polled = poll.poll(Events.withCapacity(4), 0)
listener.close()
stream.close()
poll.close()
console.log(JSON.stringify({ unused, reused, polled, same: String(files) === String(numbers) }))
