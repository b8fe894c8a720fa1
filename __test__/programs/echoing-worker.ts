/** Sends five bytes to itself, by both ways of waiting, and leaves everything open. */
import { Events, Interest, Poll, TcpListener, TcpStream, Token } from 'mio-js'

for (const wake of process.platform === 'win32' ? ['thread'] : ['uv', 'thread']) {
  process.env['MIO_JS_WAKE'] = wake
  const poll = new Poll()
  const events = Events.withCapacity(16)
  const listener = TcpListener.bind('127.0.0.1:0')
  poll.registry.register(listener, Token(0), Interest.READABLE)
  const client = TcpStream.connect(listener.localAddr())
  await poll.pollAsync(events)
  const [server] = listener.accept() ?? []
  if (server === undefined) throw new Error('no connection')
  poll.registry.register(server, Token(1), Interest.READABLE)
  while (!client.finishConnect());
  client.write(Buffer.from('hello'))
  await poll.pollAsync(events)
  if (server.read(Buffer.alloc(16)) !== 5) throw new Error('not echoed')
}
