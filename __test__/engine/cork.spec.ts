import { Buffer } from 'node:buffer'
import type { TcpStream } from 'mio-js'
import '../support/census.js'
import {
  accepted,
  linked,
  noise,
  readToEnd,
  sameBytes,
  serve,
  turn,
} from '../support/engine-sockets.js'
import { underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'

/** What one read gets, as soon as there is something. Nothing else runs meanwhile. */
function nextRead(peer: TcpStream, milliseconds = 10_000): Buffer {
  const buffer = Buffer.alloc(1024 * 1024)
  const end = performance.now() + milliseconds
  while (performance.now() < end) {
    const count = peer.read(buffer)
    if (count !== null) return buffer.subarray(0, count)
  }
  return buffer.subarray(0, 0)
}

underEachDriver('5,000 corked writes, some of them empty, arrive in order', async (t, make) => {
  const { client, accepted: other } = await linked(make(), {}, {}, { maxPending: Infinity })
  const { socket } = client
  const parts = Array.from({ length: 5000 }, (_, n) => noise((n * 7) % 50, n + 1))
  socket.cork(() => {
    for (const [n, part] of parts.entries()) {
      if (n % 3 === 0) socket.write(part.toString('latin1'), 'latin1')
      else socket.write(part)
    }
  })
  const expected = Buffer.concat(parts)
  await other.has(expected.length)
  sameBytes(t, other.bytes, expected)
})

underEachDriver('corked writes leave together', async (t, make) => {
  const { socket, peer } = await accepted(t, make())
  const parts = Array.from({ length: 5000 }, (_, n) => noise(n % 8, n + 1))
  await turn()
  socket.cork(() => {
    for (const part of parts) socket.write(part)
  })
  const expected = Buffer.concat(parts)
  await new Promise((resolve) => {
    process.nextTick(resolve)
  })
  sameBytes(t, nextRead(peer), expected)
})

underEachDriver(
  'without cork a large write leaves at once, with cork not before its end',
  async (t, make) => {
    const { socket, peer } = await accepted(t, make(), {}, { maxPending: Infinity })
    const large = noise(20_000)
    socket.write('before')
    socket.write(large)
    const first = nextRead(peer)
    t.is(first.toString('latin1', 0, 6), 'before')
    let rest = 20_006 - first.length
    while (rest > 0) rest -= nextRead(peer).length

    const many = noise(3_000_000, 2)
    socket.cork(() => {
      socket.write('first')
      socket.write(large)
      socket.cork(() => socket.write(many))
      t.is(socket.tryWrite(Buffer.from('not any more')), 0)
      for (let n = 0; n < 200; n += 1) socket.write(large)
      t.is(nextRead(peer, 20).length, 0)
    })
    socket.end('last')
    const expected = [Buffer.from('first'), large, many, ...Array<Buffer>(200).fill(large)]
    sameBytes(t, await readToEnd(peer), Buffer.concat([...expected, Buffer.from('last')]))
  },
)

underEachDriver(
  'cork returns what its operation returns, and throws what it throws',
  async (t, make) => {
    const { socket, peer } = await accepted(t, make())
    t.is(
      socket.cork(() => socket.cork(() => 'inner')),
      'inner',
    )
    const thrown = new Error('thrown')
    t.is(
      t.throws(() =>
        socket.cork(() => {
          socket.write('left all the same')
          throw thrown
        }),
      ),
      thrown,
    )
    // Large writes leave at once again.
    socket.write(noise(20_000))
    t.is(nextRead(peer).toString('latin1', 0, 17), 'left all the same')
    socket.terminate()
  },
)

underEachDriver('a corked socket can be ended or closed', async (t, make) => {
  const engine = make()
  const { socket, peer } = await accepted(t, engine)
  socket.cork(() => {
    socket.write('a')
    socket.end('b')
    throwsCode(t, 'ERR_STREAM_WRITE_AFTER_END', () => socket.write('c'))
  })
  t.is((await readToEnd(peer)).toString(), 'ab')
  const second = await accepted(t, engine)
  second.socket.cork(() => {
    second.socket.write('a')
    second.socket.close()
  })
  t.is((await readToEnd(second.peer)).toString(), 'a')
  second.peer.close()
  await second.journal.saw('close')
  t.is(
    second.socket.cork(() => 'closed'),
    'closed',
  )
})

underEachDriver('what other sockets write during a cork arrives as well', async (t, make) => {
  const engine = make()
  const { port, opened } = serve(engine)
  const first = await accepted(t, engine)
  const { client } = await linked(engine)
  const third = await engine.connect({ hostname: '127.0.0.1', port })
  const large = noise(20_000)
  first.socket.cork(() => {
    third.write(large)
    client.socket.end(large)
    first.socket.write('a')
    third.end('b')
    first.socket.end('c')
  })
  t.is((await readToEnd(first.peer)).toString(), 'ac')
  const journal = await opened()
  await journal.saw('end')
  sameBytes(t, journal.bytes, Buffer.concat([large, Buffer.from('b')]))
})
