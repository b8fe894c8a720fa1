import net from 'node:net'
import { join } from 'node:path'
import type { Handlers, Socket } from 'mio-js/engine'
import '../support/census.js'
import { Peer, directory, echo, watched } from '../support/engine-peers.js'
import { deferred, listening, soon, underEachDriver } from '../support/engine.js'
import { hasIPv6 } from '../support/families.js'
import { freePort } from '../support/free-port.js'
import { until } from '../support/until.js'

/** A server of Node that writes back what it gets. */
async function echoing(t: Parameters<typeof listening>[0]): Promise<number> {
  const { port } = await listening(t, (socket) => {
    const peer = new Peer(t, socket)
    socket.on('data', (chunk) => socket.write(chunk))
    void peer.ended.then(() => socket.end())
  })
  return port
}

/** Writes something, and waits until it has come back. */
function echoed(text: string): { handlers: Handlers<unknown>; done: Promise<string> } {
  const { promise, resolve } = deferred<string>()
  let received = ''
  const handlers: Handlers<unknown> = {
    open: (socket) => {
      socket.write(text)
    },
    data: (_, chunk) => {
      received += chunk.toString()
      if (received.length === text.length) resolve(received)
    },
  }
  return { handlers, done: soon(promise, 'the echo') }
}

underEachDriver('connect resolves with an open socket, after its open', async (t, make) => {
  const port = await echoing(t)
  const events: string[] = []
  const { handlers, done } = echoed('hello')
  let opened: Socket<unknown> | undefined
  const connecting = make().connect({
    hostname: '127.0.0.1',
    port,
    data: () => 'state',
    socket: {
      ...handlers,
      open: (socket: Socket<string>) => {
        events.push(`open ${socket.data}`)
        handlers.open?.(socket)
        opened = socket
      },
    } as Handlers<string>,
  })
  const socket = await soon(connecting)
  events.push('resolved')
  t.is(socket, opened as never)
  t.is(socket.readyState, 'open')
  t.is(socket.data, 'state')
  t.is(await done, 'hello')
  t.deepEqual(events, ['open state', 'resolved'])
  t.is(socket.remoteAddress, '127.0.0.1')
  t.is(socket.remotePort, port)
  t.is(socket.remoteFamily, 'IPv4')
  t.is(socket.localAddress, '127.0.0.1')
  t.true(socket.localPort! > 0)
})

underEachDriver('a socket needs no handlers', async (t, make) => {
  const port = await echoing(t)
  const socket = await make().connect({ hostname: '127.0.0.1', port })
  t.is(socket.data, undefined)
  socket.end('bytes')
  await until('it is over', () => socket.readyState === 'closed')
  t.is(socket.bytesRead, 5)
})

underEachDriver('the hostname may be a name, and is localhost by default', async (t, make) => {
  const port = await echoing(t)
  const engine = make()
  for (const options of [{ hostname: 'localhost' }, {}, { hostname: undefined }]) {
    const { handlers, done } = echoed('by name')
    const socket = await soon(engine.connect({ ...options, port, socket: handlers }))
    t.is(await done, 'by name')
    t.is(socket.remotePort, port)
  }
})

if (hasIPv6) {
  underEachDriver('the hostname may be an IPv6 address', async (t, make) => {
    const server = make().listen({ hostname: '::1', socket: echo })
    const { handlers, done } = echoed('six')
    const options = { hostname: '::1', port: server.port!, socket: handlers }
    const socket = await soon(make().connect(options))
    t.is(await done, 'six')
    t.is(socket.remoteAddress, '::1')
    t.is(socket.remoteFamily, 'IPv6')
    t.is(socket.localAddress, '::1')
  })
}

underEachDriver('a path, that of a server of Node, too', async (t, make) => {
  if (process.platform === 'win32') {
    t.pass()
    return
  }
  const path = join(directory(t), 'socket')
  const server = net.createServer((socket) => socket.pipe(socket)).listen(path)
  t.teardown(() => server.close())
  await new Promise((resolve) => {
    server.once('listening', resolve)
  })
  const { handlers, done } = echoed('by path')
  // A port that is there as well means nothing.
  const socket = await soon(make().connect({ path, hostname: 'x', port: 1, socket: handlers }))
  t.is(await done, 'by path')
  t.is(socket.remoteAddress, undefined)
})

underEachDriver('many connects at once', async (t, make) => {
  const port = await echoing(t)
  const engine = make({ threads: 2 })
  const texts = Array.from({ length: 100 }, (_, n) => `number ${n}`)
  const all = texts.map(async (text) => {
    const { handlers, done } = echoed(text)
    await engine.connect({ hostname: '127.0.0.1', port, socket: handlers })
    return done
  })
  t.deepEqual(await Promise.all(all), texts)
  t.is(engine.stats().connected, 100)
})

underEachDriver('localAddress and localPort are where it connects from', async (t, make) => {
  const peers: Peer[] = []
  const { port } = await listening(t, (socket) => peers.push(new Peer(t, socket)))
  const engine = make()
  const options = { hostname: '127.0.0.1', port }
  const one = await soon(engine.connect({ ...options, localAddress: '127.0.0.3' }))
  t.is(one.localAddress, '127.0.0.3')
  const free = await freePort()
  const two = await soon(engine.connect({ ...options, localPort: free }))
  t.is(two.localAddress, '127.0.0.1')
  t.is(two.localPort, free)
  const three = await soon(
    engine.connect({ ...options, localAddress: '127.0.0.4', localPort: free }),
  )
  t.is(three.localAddress, '127.0.0.4')
  t.is(three.localPort, free)
  await until('all are accepted', () => peers.length === 3)
  for (const [n, socket] of [one, two, three].entries()) {
    t.is(peers[n]!.socket.remoteAddress, socket.localAddress)
    t.is(peers[n]!.socket.remotePort, socket.localPort)
  }
})

underEachDriver('what is written in open is sent, and end sends its FIN', async (t, make) => {
  const got = deferred<string>()
  const { port } = await listening(t, (socket) => {
    const peer = new Peer(t, socket)
    void peer.ended.then(got.resolve)
    void peer.ended.then(() => socket.end('bye'))
  })
  const { closed, handlers } = watched<undefined>({
    open: (socket) => {
      socket.write('one ')
      socket.end('two')
    },
  })
  const socket = await soon(make().connect({ hostname: '127.0.0.1', port, socket: handlers }))
  t.is(await soon(got.promise), 'one two')
  const { error } = await soon(closed)
  t.is(error, undefined)
  t.is(socket.bytesRead, 3)
})

underEachDriver('a socket may be closed as soon as it is open', async (t, make) => {
  const port = await echoing(t)
  const engine = make()
  for (const method of ['close', 'terminate', 'end'] as const) {
    const { closed, handlers } = watched({
      open: (socket) => {
        socket[method]()
      },
    })
    const socket = await soon(engine.connect({ hostname: '127.0.0.1', port, socket: handlers }))
    const told = await soon(closed, method)
    t.is(told.socket, socket as never)
    t.is(told.error, undefined)
    t.is(socket.readyState, 'closed')
  }
})

underEachDriver(
  'a handler that throws in open does not keep connect from resolving',
  async (t, make) => {
    const port = await echoing(t)
    const mine = new Error('mine')
    const uncaught = deferred<unknown>()
    const restore = catchUncaught(uncaught.resolve)
    try {
      const connecting = make().connect({
        hostname: '127.0.0.1',
        port,
        socket: {
          open: () => {
            throw mine
          },
        },
      })
      t.is(await soon(uncaught.promise), mine)
      const socket = await soon(connecting)
      t.is(socket.readyState, 'open')
    } finally {
      restore()
    }
  },
)

/** Hands what is thrown by handlers to a function, instead of to the runner of the tests. */
function catchUncaught(caught: (error: unknown) => void): () => void {
  const listeners = process.rawListeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', caught)
  return () => {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener as () => void)
  }
}
