/** A worker with a Poll, in one of several situations; says 'ready', or its port, when it is there. */
import {
  Events,
  Interest,
  Poll,
  TcpListener,
  TcpStream,
  Token,
  UnixStream,
  WouldBlock,
} from 'mio-js'
import { ready, situation, unknown } from './situation.js'
import { wakes } from '../../support/runtime.js'

const { what } = situation
const poll = new Poll()
const events = Events.withCapacity(16)
const listener = TcpListener.bind('127.0.0.1:0')
poll.registry.register(listener, Token(0), Interest.READABLE)
const { port } = listener.localAddr()
const both = Interest.READABLE.add(Interest.WRITABLE)

/** Accepts a client that it makes itself. */
async function accepted(): Promise<[TcpStream, TcpStream]> {
  const client = TcpStream.connect(listener.localAddr())
  for (;;) {
    const [stream] = listener.accept() ?? []
    if (stream !== undefined) {
      while (!client.finishConnect());
      return [client, stream]
    }
    await new Promise(setImmediate)
  }
}

/** Writes and reads whatever there is room for, for ever. */
async function flood(wait: () => Promise<unknown>): Promise<void> {
  const bytes = Buffer.alloc(64 * 1024)
  const streams = (await Promise.all([accepted(), accepted()])).flat()
  for (const [n, stream] of streams.entries()) poll.registry.register(stream, Token(n + 1), both)
  let received = 0
  for (;;) {
    await wait()
    for (const { token } of events) {
      const stream = streams[token - 1]
      if (stream === undefined) continue
      while (stream.write(bytes) !== WouldBlock);
      for (let count = stream.read(bytes); count !== null; count = stream.read(bytes)) {
        if (received < 1_000_000 && received + count >= 1_000_000) ready()
        received += count
      }
    }
  }
}

/** As many sockets as the process may have, up to ten thousand. */
function many(): UnixStream[] {
  const sockets: UnixStream[] = []
  try {
    while (sockets.length < 10_000) sockets.push(...UnixStream.pair())
  } catch {
    // EMFILE: these are as many.
  }
  for (const [n, socket] of sockets.entries()) poll.registry.register(socket, Token(n + 1), both)
  return sockets
}

/** Sends five bytes to itself, by this way of waiting. */
async function echo(wake: string): Promise<void> {
  process.env['MIO_JS_WAKE'] = wake
  const own = new Poll()
  const [client, server] = await accepted()
  own.registry.register(server, Token(1), Interest.READABLE)
  client.write(Buffer.from('hello'))
  await own.pollAsync(events)
  if (server.read(Buffer.alloc(16)) !== 5) throw new Error('not echoed')
}

switch (what) {
  case 'poll': {
    ready(port)
    poll.poll(events)
    break
  }
  case 'uv':
  case 'thread': {
    ready(port)
    process.env['MIO_JS_WAKE'] = what
    await poll.pollAsync(events)
    break
  }
  case 'callback':
  case 'exit in a handler':
  case 'throw in a handler': {
    TcpStream.connect(listener.localAddr())
    poll.poll(events)
    listener.acceptAll(() => {
      if (what === 'exit in a handler') process.exit(0)
      if (what === 'throw in a handler') throw new Error('ends the worker')
      ready()
      for (;;);
    })
    break
  }
  case 'begin': {
    ready()
    await flood(async () => poll.pollAsync(events))
    break
  }
  case 'flood': {
    await flood(async () => poll.pollAsync(events))
    break
  }
  case 'blocking': {
    await flood(async () => Promise.resolve(poll.poll(events)))
    break
  }
  case 'many': {
    const sockets = many()
    ready()
    poll.poll(Events.withCapacity(1024))
    await poll.pollAsync(events)
    sockets[0]?.close()
    break
  }
  case 'echo': {
    // Everything stays open: the worker ends all the same.
    for (const wake of wakes) await echo(wake)
    ready('echo')
    break
  }
  default: {
    unknown()
  }
}
