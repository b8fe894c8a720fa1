import { Shutdown } from 'mio-js'
import '../support/census.js'
import {
  accepted,
  adopting,
  dial,
  linked,
  noise,
  peerAt,
  readToEnd,
  sameBytes,
  serve,
  turn,
} from '../support/engine-sockets.js'
import { listening, underEachDriver } from '../support/engine.js'
import { rejectsCode, throwsCode } from '../support/errors.js'
import { readExactly, writeAll } from '../support/sockets.js'
import { until } from '../support/until.js'

underEachDriver('end writes, then ends, and what the peer sends still arrives', async (t, make) => {
  const { socket, peer, journal } = await accepted(t, make())
  const bytes = noise(300_000)
  socket.write('first ')
  socket.end(bytes)
  t.is(socket.readyState, 'readOnly')
  t.is(socket.bytesWritten, 300_006)
  sameBytes(t, await readToEnd(peer), Buffer.concat([Buffer.from('first '), bytes]))
  await writeAll(peer, bytes)
  peer.shutdown(Shutdown.Write)
  await journal.saw('close')
  sameBytes(t, journal.bytes, bytes)
  t.regex(journal.story, /^open,(drain,)?data,end,close$/)
  t.is(journal.error, undefined)
})

underEachDriver('ending twice ends once, with bytes it is an error', async (t, make) => {
  const { socket, peer, journal } = await accepted(t, make())
  socket.end('a')
  socket.end()
  socket.shutdown()
  throwsCode(t, 'ERR_STREAM_WRITE_AFTER_END', () => {
    socket.end('b')
  })
  throwsCode(t, 'ERR_STREAM_WRITE_AFTER_END', () => socket.write('b'))
  t.is((await readToEnd(peer)).toString(), 'a')
  socket.end()
  peer.close()
  await journal.saw('close')
  t.is(journal.story, 'open,end,close')
  t.is(journal.error, undefined)
})

underEachDriver('both sides may end at once', async (t, make) => {
  const { client, accepted: other } = await linked(make(), {}, {}, { allowHalfOpen: true })
  client.socket.end('from the client')
  other.socket.end('from the server')
  await Promise.all([client.saw('close'), other.saw('close')])
  t.is(client.bytes.toString(), 'from the server')
  t.is(other.bytes.toString(), 'from the client')
  t.deepEqual([client.story, other.story], Array(2).fill('open,data,end,close'))
  t.deepEqual([client.error, other.error], [undefined, undefined])
})

underEachDriver(
  'shutdown before the socket is open is ENOTCONN, as in the system',
  async (t, make) => {
    const engine = make()
    const { socket, peer } = await accepted(t, engine)
    const { fd } = await socket.detach()
    const next = adopting(engine, fd)
    t.is(next.socket.readyState, 'opening')
    const error = throwsCode(t, 'ENOTCONN', () => {
      next.socket.shutdown()
    })
    t.is(error.syscall, 'shutdown')
    t.true(error.errno! < 0)
    t.regex(error.message, /^shutdown ENOTCONN: /)
    // The call had no effect.
    next.socket.write('x')
    await next.saw('open')
    next.socket.shutdown()
    t.is((await readToEnd(peer)).toString(), 'x')
  },
)

underEachDriver(
  'by default the peer’s end is answered when the end handler has returned',
  async (t, make) => {
    const states: string[] = []
    const { socket, peer, journal } = await accepted(t, make(), {
      end(self) {
        states.push(self.readyState)
        self.write('goodbye')
        queueMicrotask(() => {
          states.push(self.readyState)
        })
      },
    })
    const bytes = noise(2_000_000)
    socket.write(bytes)
    peer.shutdown(Shutdown.Write)
    sameBytes(t, await readToEnd(peer), Buffer.concat([bytes, Buffer.from('goodbye')]))
    await journal.saw('close')
    t.regex(journal.story, /^open,(drain,)?end,(drain,)?close$/)
    t.is(journal.error, undefined)
    t.deepEqual(states, ['writeOnly', 'closed'])
  },
)

underEachDriver('without an end handler the peer’s end is answered as well', async (t, make) => {
  const engine = make()
  const server = engine.listen({ hostname: '127.0.0.1', socket: {} })
  const peer = await peerAt(t, server.port!)
  peer.write(Buffer.from('dropped'))
  peer.shutdown(Shutdown.Write)
  t.is((await readToEnd(peer)).length, 0)
  await until('it is closed', () => server.connections === 0)
})

underEachDriver(
  'allowHalfOpen lets 10 MB follow the peer’s end, in both directions',
  async (t, make) => {
    const bytes = noise(10_000_000)
    const engine = make()
    const options = { allowHalfOpen: true, maxPending: Infinity }
    const { client, accepted: other } = await linked(
      engine,
      {
        end(socket) {
          socket.end(bytes)
        },
      },
      {},
      options,
    )
    client.socket.end('go')
    await Promise.all([client.saw('close'), other.saw('close')])
    sameBytes(t, client.bytes, bytes)
    t.is(client.story, 'open,data,end,close')
    t.is(other.bytes.toString(), 'go')

    // The other way: a client that outlives the end of its server.
    const { port, opened } = serve(
      engine,
      {
        open(socket) {
          socket.end('go')
        },
      },
      options,
    )
    const second = await dial(engine, { port, ...options })
    const server = await opened()
    await second.saw('end')
    t.is(second.socket.readyState, 'writeOnly')
    // Long after that, in pieces, as drain allows.
    for (let at = 0; at < bytes.length; at += 1_000_000) {
      if (second.socket.write(bytes.subarray(at, at + 1_000_000))) continue
      await second.saw('drain', second.count('drain') + 1)
    }
    second.socket.end()
    await Promise.all([second.saw('close'), server.saw('close')])
    sameBytes(t, server.bytes, bytes)
    t.is(server.story, 'open,data,end,close')
    t.deepEqual([second.error, server.error], [undefined, undefined])
  },
)

underEachDriver(
  'bytes and the end of one segment come as data, then end, each once',
  async (t, make) => {
    const engine = make()
    for (const length of [1, 100, 65_536]) {
      const { peer, journal, socket } = await accepted(t, engine)
      const bytes = noise(length)
      // Nothing of it can be read before both are there.
      socket.pause()
      await turn()
      await writeAll(peer, bytes)
      peer.shutdown(Shutdown.Write)
      socket.resume()
      await journal.saw('close')
      sameBytes(t, journal.bytes, bytes)
      t.is(journal.story, 'open,data,end,close')
      t.is(journal.error, undefined)
    }
  },
)

underEachDriver('an end alone comes without data', async (t, make) => {
  const { peer, journal } = await accepted(t, make())
  peer.shutdown(Shutdown.Write)
  await journal.saw('close')
  t.is(journal.story, 'open,end,close')
  t.is((await readToEnd(peer)).length, 0)
})

underEachDriver('an end that comes with the connection is not missed', async (t, make) => {
  const engine = make()
  const { port, opened } = serve(engine)
  for (let n = 0; n < 20; n += 1) {
    const peer = await peerAt(t, port)
    if (n % 2 === 1) peer.write(Buffer.from('x'))
    peer.shutdown(Shutdown.Write)
    const journal = await opened(n)
    await journal.saw('close')
    t.is(journal.story, n % 2 === 1 ? 'open,data,end,close' : 'open,end,close')
    peer.close()
  }
})

underEachDriver('close lets the peer read everything, even with unread input', async (t, make) => {
  const bytes = noise(3_000_000)
  const { socket, peer, journal } = await accepted(t, make(), {}, { maxPending: Infinity })
  // The peer has sent what the program does not want, and goes on.
  socket.pause()
  await turn()
  await writeAll(peer, noise(50_000, 2))
  socket.write(bytes)
  socket.close()
  t.is(socket.readyState, 'closed')
  const head = await readExactly(peer, 1_000_000)
  await writeAll(peer, noise(50_000, 3))
  const received = Buffer.concat([head, await readToEnd(peer)])
  sameBytes(t, received, bytes)
  t.is(journal.count('close'), 0)
  peer.close()
  await journal.saw('close')
  t.is(journal.story, 'open,close')
  t.is(journal.error, undefined)
  t.is(socket.bytesRead, 0)
})

underEachDriver('close gives a slow reader all the time it needs', async (t, make) => {
  const bytes = noise(2_000_000)
  const seen: Buffer[] = []
  const { port } = await listening(t, (socket) => {
    socket.on('data', (chunk: Buffer) => {
      seen.push(chunk)
      socket.pause()
      setImmediate(() => socket.resume())
    })
    socket.once('end', () => socket.end())
  })
  const client = await dial(make(), { port, maxPending: Infinity })
  client.socket.write(bytes)
  client.socket.close()
  await client.saw('close')
  sameBytes(t, Buffer.concat(seen), bytes)
  t.is(client.error, undefined)
})

underEachDriver('close before anything was written is an end for the peer', async (t, make) => {
  const { socket, peer, journal } = await accepted(t, make())
  socket.close()
  t.is((await readToEnd(peer)).length, 0)
  peer.close()
  await journal.saw('close')
  t.is(journal.error, undefined)
})

underEachDriver('a peer that never reads is reset when linger is over', async (t, make) => {
  const { socket, peer, journal } = await accepted(
    t,
    make(),
    {},
    { linger: 30, maxPending: Infinity },
  )
  const start = performance.now()
  socket.write(noise(20_000_000))
  socket.close()
  await journal.saw('close')
  t.true(performance.now() - start >= 30)
  t.is(journal.error?.code, 'ETIMEDOUT')
  t.is(socket.bufferedAmount, 0)
  await rejectsCode(t, 'ECONNRESET', readToEnd(peer))
})
