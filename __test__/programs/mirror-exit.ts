/** `process.exit(7)` in the functions that a Poll and its sources call: `mirror-exit.js PLACE`. */
import { writeSync } from 'node:fs'
import {
  Events,
  Interest,
  Poll,
  TcpListener,
  TcpStream,
  Token,
  UdpSocket,
  UnixStream,
  pipe,
} from 'mio-js'

const [, , place = ''] = process.argv

function exit(): never {
  writeSync(1, String(Date.now()))
  process.exit(7)
}

const poll = new Poll()
const events = Events.withCapacity(4)
const listener = TcpListener.bind('127.0.0.1:0')
poll.registry.register(listener, Token(0), Interest.READABLE)
const client = TcpStream.connect(listener.localAddr())
const buffer = Buffer.alloc(16)

const places: Record<string, () => unknown> = {
  accept: () => poll.poll(events) && listener.acceptAll(exit),
  read() {
    const [near, far] = UnixStream.pair()
    far.write(Buffer.from('x'))
    near.readAll(buffer, exit)
  },
  pipe() {
    const [sender, receiver] = pipe()
    sender.write(Buffer.from('x'))
    receiver.readAll(buffer, exit)
  },
  receive() {
    const [from, to] = [UdpSocket.bind('127.0.0.1:0'), UdpSocket.bind('127.0.0.1:0')]
    from.sendTo(Buffer.from('x'), to.localAddr())
    const own = new Poll()
    own.registry.register(to, Token(0), Interest.READABLE)
    own.poll(events)
    to.recvAll(buffer, exit)
  },
  try: () => client.tryIo(exit),
  getter: () =>
    TcpListener.bind(
      '127.0.0.1:0',
      Object.defineProperty({}, 'backlog', { get: exit, enumerable: true }),
    ),
  wait: () => poll.pollAsync(events).then(exit),
  abort() {
    const controller = new AbortController()
    const idle = new Poll()
    idle.pollAsync(events, { signal: controller.signal }).catch(exit)
    setImmediate(() => controller.abort())
  },
  waiting() {
    const idle = new Poll()
    void idle.pollAsync(events)
    setImmediate(exit)
  },
  shared() {
    client.share()
    exit()
  },
}
places[place]?.()
setTimeout(() => {}, 20_000)
