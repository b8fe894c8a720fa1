import type { Engine, Server, Socket } from 'mio-js/engine'
import type { ExecutionContext } from 'ava'
import '../support/census.js'
import { Peer } from '../support/engine-peers.js'
import { deferred, soon, underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { until } from '../support/until.js'

interface Audience {
  server: Server
  peers: Peer[]
  sockets: Socket<number>[]
}

/** A server whose sockets are numbered, in the order of the peers. */
async function audience(t: ExecutionContext, engine: Engine, count: number): Promise<Audience> {
  const sockets: Socket<number>[] = []
  const peers: Peer[] = []
  let opened = deferred()
  const server = engine.listen<number>({
    hostname: '127.0.0.1',
    data: () => sockets.length,
    socket: {
      open: (socket) => {
        sockets.push(socket)
        opened.resolve()
      },
    },
  })
  for (let n = 0; n < count; n += 1) {
    opened = deferred()
    peers.push(await Peer.connect(t, server.port!))
    await soon(opened.promise)
  }
  return { server, peers, sockets }
}

for (const threads of [1, 3]) {
  underEachDriver(`a broadcast reaches everybody, with ${threads} lanes`, async (t, make) => {
    const { server, peers, sockets } = await audience(t, make({ threads }), 20)
    t.is(server.broadcast('hello '), 20)
    t.is(server.broadcast(Buffer.from('all ')), 20)
    t.is(server.broadcast(new DataView(Uint8Array.of(0, 33, 33, 0).buffer, 1, 2)), 20)
    for (const peer of peers) t.is(await peer.receives(12), 'hello all !!')
    for (const socket of sockets) t.is(socket.bytesWritten, 12)
  })

  underEachDriver(`a filter chooses, with ${threads} lanes`, async (t, make) => {
    const { server, peers } = await audience(t, make({ threads }), 12)
    const asked: number[] = []
    const count = server.broadcast<number>('even', (socket) => {
      asked.push(socket.data)
      return socket.data % 2 === 0 ? 'something true' : 0
    })
    t.is(count, 6)
    t.deepEqual(
      asked.toSorted((a, b) => a - b),
      Array.from(peers, (_, n) => n),
    )
    t.is(server.broadcast('.'), 12)
    for (const [n, peer] of peers.entries()) {
      t.is(await peer.receives(n % 2 === 0 ? 5 : 1), n % 2 === 0 ? 'even.' : '.')
    }
  })
}

underEachDriver('a broadcast keeps its place among writes', async (t, make) => {
  const { server, peers, sockets } = await audience(t, make(), 3)
  sockets[1]!.write('a')
  server.broadcast('b')
  sockets[1]!.write('c')
  server.broadcast('d', (socket) => socket === sockets[1])
  sockets[1]!.end('e')
  t.is(await peers[1]!.receives(5), 'abcde')
  t.is(await peers[0]!.receives(1), 'b')
})

underEachDriver('the bytes may be changed as soon as broadcast has returned', async (t, make) => {
  const { server, peers } = await audience(t, make(), 3)
  for (const length of [10, 100_000]) {
    const bytes = Buffer.alloc(length, 'x')
    server.broadcast(bytes)
    bytes.fill('-')
  }
  for (const peer of peers) t.is(await peer.receives(100_010), 'x'.repeat(100_010))
})

underEachDriver('sockets that cannot be written to are left out', async (t, make) => {
  const { server, peers, sockets } = await audience(t, make(), 6)
  const peersEnd = new Promise((resolve) => {
    server.reload<number>({
      end: (socket) => {
        if (socket === sockets[4]) resolve(undefined)
      },
    })
  })
  sockets[0]!.end()
  sockets[1]!.close()
  sockets[2]!.terminate()
  sockets[3]!.shutdown()
  peers[4]!.socket.end()
  await soon(peersEnd)
  const asked: unknown[] = []
  t.is(
    server.broadcast('x', (socket) => asked.push(socket)),
    1,
  )
  t.deepEqual(asked, [sockets[5]])
  t.is(await peers[5]!.receives(1), 'x')
  server.closeNow()
  t.is(server.broadcast('x'), 0)
})

underEachDriver('a filter that throws has written nothing', async (t, make) => {
  const { server, peers } = await audience(t, make({ threads: 2 }), 5)
  const mine = new Error('mine')
  const thrown = t.throws(() =>
    server.broadcast<number>('wrong', (socket) => {
      if (socket.data === 3) throw mine
      return true
    }),
  )
  t.is(thrown, mine)
  t.is(server.broadcast('right'), 5)
  for (const peer of peers) t.is(await peer.receives(5), 'right')
})

underEachDriver('a filter may close sockets and write to them', async (t, make) => {
  const { server, peers, sockets } = await audience(t, make(), 4)
  const count = server.broadcast<number>('last', (socket) => {
    if (socket.data === 0) for (const each of sockets.slice(2)) each.terminate()
    if (socket.data === 1) socket.write('first ')
    return true
  })
  t.is(count, 2)
  t.is(await peers[1]!.receives(10), 'first last')
  t.is(await peers[0]!.receives(4), 'last')
  t.is(await soon(peers[3]!.closed), 'ECONNRESET')
})

underEachDriver('other servers of the engine are not meant', async (t, make) => {
  const engine = make()
  const one = await audience(t, engine, 2)
  const other = await audience(t, engine, 2)
  t.is(one.server.broadcast('one'), 2)
  t.is(other.server.broadcast('two'), 2)
  for (const peer of one.peers) t.is(await peer.receives(3), 'one')
  for (const peer of other.peers) t.is(await peer.receives(3), 'two')
})

underEachDriver('nothing, and nobody', async (t, make) => {
  const { server, peers, sockets } = await audience(t, make(), 1)
  t.is(server.broadcast(''), 1)
  t.is(server.broadcast(Buffer.alloc(0)), 1)
  t.is(sockets[0]!.bytesWritten, 0)
  peers[0]!.socket.end()
  await until('nobody is there', () => server.connections === 0)
  t.is(server.broadcast('x'), 0)
})

underEachDriver('what is no bytes, or no filter, is refused', async (t, make) => {
  const { server, peers } = await audience(t, make(), 1)
  for (const bytes of [undefined, null, 5, {}, [1, 2], new ArrayBuffer(4), Symbol('s')]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => server.broadcast(bytes as never))
  }
  const shared = new Uint8Array(new SharedArrayBuffer(4))
  throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => server.broadcast(shared))
  for (const filter of [null, 5, 'x', {}, true]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () => server.broadcast('wrong', filter as never))
  }
  const detached = new Uint8Array(4)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  throwsCode(t, 'ERR_BUFFER_DETACHED', () => server.broadcast(detached))
  server.broadcast('right')
  t.is(await peers[0]!.receives(5), 'right')
})
