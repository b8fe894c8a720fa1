import { once } from 'node:events'
import dns from 'node:dns'
import net from 'node:net'
import type { Engine, Socket } from 'mio-js/engine'
import '../support/census.js'
import { fullListener } from '../support/full-listener.js'
import {
  Peer,
  connectError,
  echo,
  meeting,
  stalled,
  untilRefused,
  watched,
} from '../support/engine-peers.js'
import { deferred, listening, soon, underEachDriver } from '../support/engine.js'
import { rejectsCode, throwsCode } from '../support/errors.js'
import { until } from '../support/until.js'

underEachDriver(
  'close terminates every socket, and resolves when each was told',
  async (t, make) => {
    const engine = make({ threads: 2 })
    const closes: (Error | undefined)[] = []
    const socket = {
      close: (_: unknown, error: Error | undefined): void => {
        closes.push(error)
      },
    }
    const server = engine.listen({ hostname: '127.0.0.1', socket: { ...echo, ...socket } })
    const port = server.port!
    const peers = await Promise.all(Array.from({ length: 10 }, async () => Peer.connect(t, port)))
    for (const peer of peers) await peer.echoes()
    const { port: theirs } = await listening(t, (their) => new Peer(t, their))
    const own = await engine.connect({ hostname: '127.0.0.1', port: theirs, socket })
    const serverClosed = server.close()
    await soon(engine.close())
    t.deepEqual(closes, Array.from({ length: 11 }).fill(undefined))
    t.is(server.connections, 0)
    t.is(own.readyState, 'closed')
    for (const peer of peers) t.is(await soon(peer.closed), 'ECONNRESET')
    await soon(serverClosed, 'the server is closed, too')
    await untilRefused(port)
  },
)

underEachDriver('close may be called again, also before it is done', async (t, make) => {
  const engine = make()
  await meeting(t, engine)
  await soon(Promise.all([engine.close(), engine.close()]))
  await soon(engine.close())
  await soon(engine[Symbol.asyncDispose]())
  t.pass()
})

/** Everything that makes something new, as soon as close was called. */
async function refusesAll(t: Parameters<typeof throwsCode>[0], engine: Engine): Promise<void> {
  throwsCode(t, 'ERR_ENGINE_CLOSED', () => engine.listen({ hostname: '127.0.0.1' }))
  throwsCode(t, 'ERR_ENGINE_CLOSED', () => engine.adopt(0))
  const connecting = engine.connect({ hostname: '127.0.0.1', port: 1 })
  await rejectsCode(t, 'ERR_ENGINE_CLOSED', connecting)
}

underEachDriver('a closed engine refuses what is new, and answers what is old', async (t, make) => {
  const engine = make()
  const { server, socket } = await meeting(t, engine)
  const { port } = server
  const closed = engine.close()
  await refusesAll(t, engine)
  await soon(closed)
  await refusesAll(t, engine)
  throwsCode(t, 'ERR_SOCKET_CLOSED', () => socket.write('x'))
  throwsCode(t, 'ERR_SOCKET_CLOSED', () => socket.tryWrite(Buffer.from('x')))
  await rejectsCode(t, 'ERR_SOCKET_CLOSED', socket.detach())
  socket.end()
  socket.close()
  socket.terminate()
  socket.pause().resume().setTimeout(5).setNoDelay().setKeepAlive(true, 1000)
  t.is(socket.remoteAddress, '127.0.0.1')
  t.is(server.port, port)
  t.is(server.connections, 0)
  t.is(server.broadcast('x'), 0)
  t.like(server.stats(), { accepted: 1, open: 0 })
  server.ref().unref().ref()
  server.reload({})
  server.closeNow()
  await soon(server.close())
})

const handlerNames = ['open', 'data', 'drain', 'end', 'timeout', 'close'] as const
for (const name of handlerNames) {
  underEachDriver(`close from within ${name} lets nothing follow but close`, async (t, make) => {
    const engine = make()
    const events: string[] = []
    const done = deferred()
    const act = (event: string) => (socket: Socket<unknown>) => {
      events.push(event)
      if (event === name) {
        engine.close().then(done.resolve, done.reject)
        if (name !== 'close') throwsCode(t, 'ERR_SOCKET_CLOSED', () => socket.write('x'))
      } else if (event === 'open') {
        if (name === 'timeout') socket.setTimeout(5)
        if (name === 'drain') socket.tryWrite(Buffer.alloc(1000))
      }
    }
    const entries = handlerNames.map((each) => [each, act(each)] as const)
    const server = engine.listen({
      hostname: '127.0.0.1',
      highWaterMark: 100,
      socket: Object.fromEntries(entries),
    })
    // It may be reset before it knows that it is connected.
    const peer = new Peer(t, net.connect(server.port!, '127.0.0.1'))
    if (name !== 'timeout' && name !== 'drain') peer.socket.end('bytes')
    await soon(done.promise)
    const at = events.indexOf(name)
    t.true(at >= 0)
    t.deepEqual(events.slice(at), name === 'close' ? ['close'] : [name, 'close'])
    t.is(events.filter((event) => event === 'close').length, 1)
  })
}

underEachDriver('close ends a socket whose data nobody takes', async (t, make) => {
  const engine = make()
  const closes: string[] = []
  const { peer, socket } = await meeting(t, engine, {
    socket: {
      open: (each) => {
        each.pause()
      },
      data: () => {
        closes.push('data')
      },
      close: () => {
        closes.push('close')
      },
    },
  })
  peer.socket.end('bytes')
  await soon(once(peer.socket, 'finish'))
  await soon(engine.close())
  t.deepEqual(closes, ['close'])
  t.is(socket.readyState, 'closed')
})

underEachDriver(
  'close ends a socket whose connection has gone before its data',
  async (t, make) => {
    const engine = make()
    const { closed, server, socket } = await stalled(t, engine)
    // Nobody but the engine knows of it any more.
    const serverClosed = server.close()
    await untilRefused(server.port!)
    await soon(engine.close())
    await soon(serverClosed)
    t.like(await soon(closed), { error: { code: 'ERR_IDLE_TIMEOUT' } })
    t.is(socket.readyState, 'closed')
  },
)

underEachDriver('close ends a client, too, whose connection has gone', async (t, make) => {
  const { port } = await listening(t, (their) => new Peer(t, their).write(Buffer.alloc(400_000)))
  const engine = make()
  const { closed, handlers } = watched({
    data: (socket) => {
      socket.pause()
    },
  })
  const options = { hostname: '127.0.0.1', port, idleTimeout: 50, socket: handlers }
  const socket = await soon(engine.connect(options))
  await until('the connection is gone', () => engine.stats().closed === 1)
  t.not(socket.readyState, 'closed')
  await soon(engine.close())
  t.like(await soon(closed), { error: { code: 'ERR_IDLE_TIMEOUT' } })
})

underEachDriver('close rejects a connect that waits for its peer', async (t, make) => {
  const engine = make()
  const full = await fullListener(t)
  let told = false
  const error = connectError(engine, {
    ...full,
    socket: {
      close: () => {
        told = true
      },
    },
  })
  await soon(engine.close())
  t.is((await error).code, 'ERR_ENGINE_CLOSED')
  t.false(told, 'a socket that was never open has no close')
})

underEachDriver('close rejects a connect that waits for its name', async (t, make) => {
  const engine = make()
  const error = connectError(engine, { hostname: 'localhost', port: 9 })
  await soon(engine.close())
  t.is((await error).code, 'ERR_ENGINE_CLOSED')
  // What dns answers later finds an engine that is gone, and does nothing.
  await dns.promises.lookup('localhost')
})

underEachDriver('await using closes an engine', async (t, make) => {
  const engine = make()
  let peer: Peer
  {
    await using used = engine
    peer = (await meeting(t, used)).peer
  }
  throwsCode(t, 'ERR_ENGINE_CLOSED', () => engine.listen({}))
  t.is(await soon(peer.closed), 'ECONNRESET')
})
