import '../support/census.js'
import { Peer, connectError, echo, meeting, watched } from '../support/engine-peers.js'
import { soon, underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { until } from '../support/until.js'

underEachDriver('the port and the address are known when listen returns', async (t, make) => {
  const server = make().listen({ hostname: '127.0.0.1', port: 0, socket: echo })
  t.true(Number.isInteger(server.port) && server.port! > 0 && server.port! < 65_536)
  t.is(server.hostname, '127.0.0.1')
  t.deepEqual(server.address(), { address: '127.0.0.1', family: 'IPv4', port: server.port! })
  t.is(server.connections, 0)
  // The system listens already: this one connects before the event loop has turned.
  const peer = await Peer.connect(t, server.port!)
  t.is(await peer.echoes(), 'ping')
})

underEachDriver('connections are those between open and close', async (t, make) => {
  const { opened, closed, handlers } = watched({
    ...echo,
    open: () => {
      counts.push(server.connections)
    },
    close: () => {
      counts.push(server.connections)
    },
  })
  const counts: number[] = []
  const server = make().listen({ hostname: '127.0.0.1', socket: handlers })
  const first = await Peer.connect(t, server.port!)
  await soon(opened)
  const second = await Peer.connect(t, server.port!)
  await second.echoes()
  first.socket.end()
  await soon(closed)
  second.socket.end()
  await until('both are closed', () => server.connections === 0)
  t.deepEqual(counts.slice(0, 2), [1, 2])
  t.is(counts.length, 4)
})

underEachDriver('connections know both addresses', async (t, make) => {
  const { peer, server, socket } = await meeting(t, make())
  t.is(socket.remoteAddress, '127.0.0.1')
  t.is(socket.remotePort, peer.socket.localPort)
  t.is(socket.remoteFamily, 'IPv4')
  t.is(socket.localAddress, '127.0.0.1')
  t.is(socket.localPort, server.port)
})

underEachDriver('data makes the state of each socket, before its open', async (t, make) => {
  let made = 0
  const { opened, handlers } = watched<{ number: number }>()
  const server = make().listen<{ number: number }>({
    hostname: '127.0.0.1',
    data: () => ({ number: (made += 1) }),
    socket: {
      ...handlers,
      data: (socket) => {
        socket.write(String(socket.data.number))
      },
    },
  })
  const first = await Peer.connect(t, server.port!)
  t.deepEqual((await soon(opened)).data, { number: 1 })
  const second = await Peer.connect(t, server.port!)
  first.write('?')
  second.write('?')
  t.deepEqual(await Promise.all([first.receives(1), second.receives(1)]), ['1', '2'])
})

underEachDriver('stats counts accepted and open connections', async (t, make) => {
  const { peer, server, closed } = await meeting(t, make(), { socket: echo })
  t.deepEqual(server.stats(), {
    accepted: 1,
    dropped: 0,
    shed: 0,
    backoffs: 0,
    aborted: 0,
    open: 1,
    acceptErrors: 0,
  })
  t.true(Object.isFrozen(server.stats()))
  const second = await Peer.connect(t, server.port!)
  await second.echoes()
  t.like(server.stats(), { accepted: 2, open: 2 })
  peer.socket.end()
  await soon(closed)
  t.like(server.stats(), { accepted: 2, open: 1 })
  second.socket.end()
  await soon(server.close())
  const last = server.stats()
  t.like(last, { accepted: 2, open: 0 })
  t.deepEqual(server.stats(), last)
})

underEachDriver('reload replaces all handlers, also of open sockets', async (t, make) => {
  const engine = make()
  const events: string[] = []
  const { peer, server } = await meeting(t, engine, {
    socket: {
      data: (socket) => {
        socket.write('old')
      },
      end: () => {
        events.push('old end')
      },
    },
  })
  peer.write('x')
  t.is(await peer.receives(3), 'old')
  server.reload({
    open: () => {
      events.push('new open')
    },
    data: (socket) => {
      socket.write('new')
    },
    close: () => {
      events.push('new close')
    },
  })
  peer.write('x')
  t.is(await peer.receives(6), 'oldnew')
  const second = await Peer.connect(t, server.port!)
  second.write('x')
  t.is(await second.receives(3), 'new')
  for (const wrong of [undefined, null, 5, 'x', { data: 'x' }, { data: null }, { close: {} }]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => {
      server.reload(wrong as never)
    })
  }
  // A refused one has replaced nothing.
  peer.write('x')
  t.is(await peer.receives(9), 'oldnewnew')
  peer.socket.end()
  await until('it is closed', () => events.includes('new close'))
  t.deepEqual(events, ['new open', 'new close'])
})

underEachDriver('a connection that was reset in the queue harms nobody', async (t, make) => {
  const engine = make()
  const closes: (string | undefined)[] = []
  const server = engine.listen({
    hostname: '127.0.0.1',
    socket: {
      ...echo,
      close: (_, error) => {
        closes.push((error as NodeJS.ErrnoException | undefined)?.code)
      },
    },
  })
  for (let n = 0; n < 10; n += 1) {
    const dead = await Peer.connect(t, server.port!)
    dead.socket.resetAndDestroy()
  }
  const peer = await Peer.connect(t, server.port!)
  t.is(await peer.echoes(), 'ping')
  await until('all others are gone', () => server.connections === 1)
  for (const code of closes) t.is(code, 'ECONNRESET')
  t.is(closes.length + server.stats().aborted, 10)
})

underEachDriver('a server and a client of one engine meet', async (t, make) => {
  const engine = make()
  const server = engine.listen({ hostname: '127.0.0.1' })
  const socket = await engine.connect({ hostname: '127.0.0.1', port: server.port! })
  await until('both ends are there', () => server.connections === 1)
  t.is(socket.readyState, 'open')
  server.closeNow()
  await soon(server.close())
  await until('the client has closed', () => socket.readyState === 'closed')
  const error = await connectError(engine, { hostname: '127.0.0.1', port: server.port! })
  t.is(error.code, 'ECONNREFUSED')
})
