/** What must and must not compile. Checked by the build; never run. */
import {
  Datagrams,
  type Event,
  Events,
  Interest,
  NamedPipe,
  type Poll,
  type PollStats,
  Receiver,
  Registry,
  Sender,
  Shutdown,
  type SharedSource,
  type SharedTcpStream,
  type SharedWaker,
  SocketAddr,
  SocketLevel,
  SocketOptions,
  type Source,
  SourceFd,
  TcpListener,
  TcpStream,
  Token,
  UdpSocket,
  UnixAddr,
  type UnixAddrInit,
  UnixDatagram,
  UnixListener,
  UnixStream,
  type Waker,
  type WouldBlock,
  pipe,
} from 'mio-js'
import type {
  ConnectionOptions,
  ListenOptions,
  SocketOptions as EngineSocketOptions,
  Server,
} from 'mio-js/engine'
import { type Equal, isType } from './equal.js'

export function compiles(poll: Poll, stream: TcpStream, listener: TcpListener): void {
  const events = Events.withCapacity(16)
  isType<Equal<ReturnType<typeof listener.accept>, [TcpStream, SocketAddr] | null>>()
  isType<Equal<ReturnType<typeof stream.read>, number | null>>()
  isType<Equal<ReturnType<typeof poll.poll>, number>>()
  isType<Equal<ReturnType<typeof poll.pollAsync>, Promise<number>>>()
  isType<Equal<ReturnType<typeof poll.stats>, PollStats>>()
  isType<Equal<ReturnType<Interest['remove']>, Interest | null>>()
  isType<Equal<ReturnType<Waker['share']>, SharedWaker>>()
  isType<Equal<typeof WouldBlock, null>>()
  isType<Equal<ReturnType<typeof stream.share>, SharedTcpStream>>()
  isType<Equal<ReturnType<typeof stream.readAll>, boolean | null>>()
  isType<Equal<ReturnType<typeof TcpStream.from>, TcpStream>>()
  for (const event of events) isType<Equal<typeof event, Event>>()

  poll.poll(events)
  poll.poll(events, null)
  void poll.pollAsync(events, { timeout: 1.5, signal: AbortSignal.timeout(1) })
  poll.registry.register(stream, Token(1), Interest.READABLE.add(Interest.WRITABLE))
  stream.read(new DataView(new ArrayBuffer(1)))
  stream.write(Buffer.alloc(1), 0, 1)
  stream.writeVectored([Buffer.alloc(1), new Float64Array(1)])
  stream.shutdown(Shutdown.Write)
  TcpListener.bind('127.0.0.1:0', { backlog: 5 })
  isType<Equal<typeof stream.options, SocketOptions>>()
  isType<Equal<EngineSocketOptions, SocketOptions>>()
  isType<Equal<Server['options'], SocketOptions>>()
  isType<ListenOptions<number> extends ConnectionOptions<number> ? true : false>()
  isType<Equal<ReturnType<SocketOptions['linger']>, number | null>>()
  isType<Equal<ReturnType<SocketOptions['tcpInfo']>['rtt'], number | undefined>>()
  isType<Equal<ReturnType<SocketOptions['getOption']>, Buffer>>()
  stream.options.setKeepalive({ time: 1000 })
  stream.options.setOption(SocketLevel.TCP, 1, new Uint8Array(4))
  const built: TcpListener = TcpListener.builder('IPv4').bind('127.0.0.1:0').listen()
  const connecting: TcpStream = TcpStream.builder({ address: '::1', port: 0 }).connect('[::1]:1')
  void [built, connecting]
  const moving: SharedSource<'TcpListener'> = listener.share()
  const either: SharedSource = moving
  if (either.kind === 'TcpStream') either.source.toFixed()
  TcpListener.from(moving).acceptAll((accepted, address) => accepted.peerAddr() === address)
  stream.readAll(Buffer.alloc(1), (count) => count > 1)
  TcpStream.connect({ address: '::1', port: 80, scopeId: 1 })
  TcpStream.connect(stream.peerAddr())
  const number: number = Token(5)
  const source: Source = stream
  const composite: Source = {
    register: (registry, token, interest) => source.register(registry, token, interest),
    reregister: (registry, token, interest) => source.reregister(registry, token, interest),
    deregister: (registry) => {
      source.deregister(registry)
    },
  }
  poll.registry.register(composite, Token(number), Interest.WRITABLE)
}

export function unixCompiles(address: UnixAddr, socket: UnixDatagram): void {
  const listener = UnixListener.bind('/run/socket', { backlog: 5 })
  isType<Equal<ReturnType<typeof listener.accept>, [UnixStream, UnixAddr] | null>>()
  isType<Equal<ReturnType<typeof socket.recvFrom>, [count: number, from: UnixAddr] | null>>()
  isType<Equal<ReturnType<typeof socket.send>, number | null>>()
  isType<Equal<ReturnType<typeof UnixStream.pair>, [UnixStream, UnixStream]>>()
  isType<Equal<typeof address.path, string | undefined>>()
  const forms: UnixAddrInit[] = [address, 'path', Buffer.from('path'), new Uint8Array(4)]
  for (const form of forms) socket.sendTo(Buffer.alloc(1), form, 0, 1)
  UnixStream.connect(UnixAddr.fromAbstractName('name')).shutdown(Shutdown.Write)
  const source: Source = UnixDatagram.unbound()
  void source
}

export function unixDoesNotCompile(address: UnixAddr, stream: UnixStream): void {
  // @ts-expect-error an IP address is none of a Unix socket
  UnixStream.connect(new SocketAddr('127.0.0.1:80'))
  // @ts-expect-error an address is no object of the program's
  UnixStream.connect({ path: '/run/socket' })
  // @ts-expect-error the address of a Unix socket is no IP address
  TcpStream.connect(address)
  // @ts-expect-error made by fromPathname or fromAbstractName
  void new UnixAddr('/run/socket')
  // @ts-expect-error read-only
  address.path = '/run/other'
  // @ts-expect-error there is nothing to peek with
  stream.peek(Buffer.alloc(1))
}

export function compilesForPipes(poll: Poll): void {
  const [sender, receiver] = pipe()
  isType<Equal<ReturnType<typeof pipe>, [sender: Sender, receiver: Receiver]>>()
  isType<Equal<ReturnType<typeof sender.write>, number | null>>()
  isType<Equal<ReturnType<typeof receiver.read>, number | null>>()
  isType<Equal<ReturnType<NamedPipe['connect']>, true | null>>()
  Sender.fromRawFd(sender.intoRawFd()).setNonblocking(false)
  Receiver.fromRawFd(0).readVectored([Buffer.alloc(1)])
  poll.registry.register(new SourceFd(poll.asRawFd()), Token(1), Interest.READABLE)
  poll.registry.register(new NamedPipe('name'), Token(2), Interest.READABLE)
  NamedPipe.open('name').write(Buffer.alloc(1))
  NamedPipe.fromRawHandle(4).disconnect()
  // @ts-expect-error an end has one direction
  sender.read(Buffer.alloc(1))
  // @ts-expect-error an end has one direction
  receiver.write(Buffer.alloc(1))
  // @ts-expect-error made by pipe or fromRawFd
  void new Sender(1)
  // @ts-expect-error a descriptor is a number
  void new SourceFd('3')
  // @ts-expect-error a name is text
  void new NamedPipe(3)
}

export function compilesDatagrams(socket: UdpSocket): void {
  const datagrams = new Datagrams({ count: 64, size: 1500 })
  isType<Equal<ReturnType<typeof socket.recv>, number | null>>()
  isType<Equal<ReturnType<typeof socket.recvFrom>, [count: number, from: SocketAddr] | null>>()
  isType<Equal<ReturnType<typeof socket.recvMany>, number | null>>()
  isType<Equal<ReturnType<typeof datagrams.addressAt>, SocketAddr | null>>()
  socket.sendTo(new Float32Array(1), '127.0.0.1:53', 0, 4)
  socket.sendTo(Buffer.alloc(1), { address: '::1', port: 53 })
  socket.recvAll(datagrams.buffer, (count, from) => count > 0 && from.port !== 0)
  socket.sendMany(datagrams, socket.recvMany(datagrams) ?? 0)
  datagrams.set(0, Buffer.alloc(1), socket.localAddr())
  socket.joinMulticastV6('ff12::1', 1)
  const source: Source = socket
  void source
}

export function doesNotCompileDatagrams(socket: UdpSocket, datagrams: Datagrams): void {
  // @ts-expect-error an address has a port
  socket.sendTo(Buffer.alloc(1), { address: '127.0.0.1' })
  // @ts-expect-error made by bind or fromRawFd
  void new UdpSocket(1)
  // @ts-expect-error read-only
  datagrams.count = 5
  // @ts-expect-error a length is a number
  datagrams.lengths[0] = '5'
  // @ts-expect-error not an array of buffers
  socket.recvMany([Buffer.alloc(1)])
}

export function doesNotCompile(poll: Poll, stream: TcpStream, events: Events): void {
  // @ts-expect-error read-only
  poll.stats().polls = 0
  // @ts-expect-error a token is made by Token()
  poll.registry.register(stream, 5, Interest.READABLE)
  // @ts-expect-error an interest is no number
  poll.registry.register(stream, Token(5), 1)
  // @ts-expect-error a Poll is no source
  poll.registry.register(poll, Token(5), Interest.READABLE)
  // @ts-expect-error strings are encoded by the program
  stream.write('text')
  // @ts-expect-error would-block is null
  const count: number = stream.read(Buffer.alloc(1))
  // @ts-expect-error nothing may be left
  const interest: Interest = Interest.READABLE.remove(Interest.READABLE)
  // @ts-expect-error made by connect, accept or fromRawFd
  void new TcpStream(1)
  // @ts-expect-error an option of the socket
  void new SocketOptions()
  // @ts-expect-error a family, or an address
  TcpListener.builder(4)
  // @ts-expect-error there is no address yet
  TcpStream.builder('IPv4').listen()
  // @ts-expect-error milliseconds
  stream.options.setLinger('1 s')
  // @ts-expect-error made by withCapacity
  void new Events(1)
  // @ts-expect-error made by a Poll
  void new Registry()
  // @ts-expect-error a port is a number
  TcpStream.connect({ address: '127.0.0.1', port: '80' })
  // @ts-expect-error read-only
  events.length = 0
  // @ts-expect-error read-only
  new SocketAddr('127.0.0.1:80').port = 81
  // @ts-expect-error a stream is no listener
  TcpListener.from(stream.share())
  // @ts-expect-error what moves is what share() returned
  TcpStream.from(stream)
  // @ts-expect-error a direction is one of Shutdown
  stream.shutdown(5)
  void [count, interest]
}
