import { once } from 'node:events'
import net from 'node:net'
import type { ExecutionContext } from 'ava'
import { Shutdown, TcpStream } from 'mio-js'
import '../support/census.js'
import {
  accepted,
  adopting,
  noise,
  readToEnd,
  sameBytes,
  turns,
} from '../support/engine-sockets.js'
import { underEachDriver, underEachDriverAdoptedByNode } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { intoRaw, noSocket, streamOf } from '../support/raw.js'
import { closing, listener, pair, readExactly } from '../support/sockets.js'
import { until } from '../support/until.js'

/** The descriptor of a connection, and the stream at its other end. */
async function descriptor(t: ExecutionContext): Promise<[fd: number, peer: TcpStream]> {
  const [stream, peer] = await pair(t)
  return [intoRaw(stream), peer]
}

underEachDriver('what is left over comes first, then what the peer sends', async (t, make) => {
  const engine = make()
  for (const size of [0, 1, 100, 70_000]) {
    const [fd, peer] = await descriptor(t)
    const leftover = noise(size)
    peer.write(Buffer.from(' and more'))
    peer.shutdown(Shutdown.Write)
    const journal = adopting(engine, fd, {}, { leftover })
    // Copied, like everything.
    leftover.fill(0xee)
    t.is(journal.story, '')
    await journal.saw('close')
    sameBytes(t, journal.bytes, Buffer.concat([noise(size), Buffer.from(' and more')]))
    t.is(journal.story, 'open,data,end,close')
    t.is(journal.error, undefined)
  }
})

underEachDriver('any view is something left over, by its bytes', async (t, make) => {
  const engine = make()
  const memory = new Uint8Array(noise(64)).buffer
  const lying = new Uint8Array(memory.slice(0, 3))
  for (const name of ['length', 'byteLength']) Object.defineProperty(lying, name, { value: 50 })
  const views = [
    new Uint8Array(memory, 3, 5),
    new DataView(memory, 7, 9),
    new Float64Array(memory, 8, 2),
    lying,
  ]
  const expected = [noise(64).subarray(3, 8), noise(64).subarray(7, 16), noise(64).subarray(8, 24)]
  expected.push(noise(64).subarray(0, 3))
  for (const [n, leftover] of views.entries()) {
    const [fd] = await descriptor(t)
    const journal = adopting(engine, fd, {}, { leftover })
    await journal.saw('data')
    sameBytes(t, journal.bytes, expected[n]!)
    journal.socket.terminate()
  }
})

underEachDriver('what is written before the socket is open is sent', async (t, make) => {
  const [fd, peer] = await descriptor(t)
  const bytes = noise(500_000)
  const { socket, ...journal } = adopting(make(), fd, {}, { maxPending: Infinity })
  t.is(socket.readyState, 'opening')
  t.true(socket.write('first '))
  t.false(socket.write(bytes))
  t.is(socket.tryWrite(bytes), 0)
  socket.end(' last')
  t.is(journal.events.length, 0)
  const expected = Buffer.concat([Buffer.from('first '), bytes, Buffer.from(' last')])
  sameBytes(t, await readToEnd(peer), expected)
})

underEachDriver(
  'an adopted socket knows its addresses, and takes the same options',
  async (t, make) => {
    const [fd, peer] = await descriptor(t)
    const journal = adopting(make(), fd, {}, { highWaterMark: 10 })
    await journal.saw('open')
    const { socket } = journal
    t.is(socket.remoteAddress, '127.0.0.1')
    t.is(socket.remoteFamily, 'IPv4')
    t.is(socket.remotePort, peer.localAddr().port)
    t.is(socket.localPort, peer.peerAddr().port)
    t.is(socket.readyState, 'open')
    t.false(socket.write('eleven byte'))
    await journal.saw('drain')
    t.is((await readExactly(peer, 11)).toString(), 'eleven byte')
    peer.close()
    await journal.saw('close')
    t.is(journal.story, 'open,drain,end,close')
  },
)

for (const how of ['close', 'terminate', 'end', 'detach'] as const) {
  underEachDriver(`${how} before an adopted socket is open does its own`, async (t, make) => {
    const engine = make()
    const [fd, peer] = await descriptor(t)
    const leftover = Buffer.from('left over')
    const journal = adopting(engine, fd, {}, { leftover })
    if (how === 'detach') {
      const detached = await journal.socket.detach()
      t.is(detached.fd, fd)
      t.deepEqual(detached.leftover, leftover)
      closing(t, streamOf(fd)).write(Buffer.from('x'))
      t.is((await readExactly(peer, 1)).toString(), 'x')
      await turns()
      t.is(journal.story, '')
      return
    }
    journal.socket[how]()
    await readToEnd(peer).catch(() => {})
    peer.close()
    await until('it is over', () => engine.stats().closed === 1)
    await turns()
    t.is(journal.count('close'), 1)
    t.regex(journal.story, how === 'end' ? /^open,data,end,close$/ : /^(open,)?close$/)
  })
}

underEachDriver(
  'a connection that fails can be adopted, and is closed with why',
  async (t, make) => {
    const server = listener(t)
    const { port } = server.localAddr()
    server.close()
    for (const leftover of [Buffer.alloc(0), Buffer.from('never told')]) {
      // Refused, at the latest when anybody looks.
      const fd = intoRaw(TcpStream.connect(`127.0.0.1:${port}`))
      const journal = adopting(make(), fd, {}, { leftover })
      await journal.saw('close')
      t.is(journal.error?.code, 'ECONNREFUSED')
      t.is(journal.story, 'close')
      throwsCode(t, noSocket, () => streamOf(fd))
    }
  },
)

underEachDriver(
  'an engine that is closed before an adopted socket is open closes it',
  async (t, make) => {
    const engine = make()
    const [fd, peer] = await descriptor(t)
    const journal = adopting(engine, fd, {}, { leftover: Buffer.from('x') })
    await engine.close()
    t.regex(journal.story, /^(open,)?close$/)
    await readToEnd(peer).catch(() => {})
  },
)

underEachDriverAdoptedByNode(
  'an accepted socket can be detached, adopted by Node and end there',
  async (t, make) => {
    const { socket, peer } = await accepted(t, make())
    const { fd } = await socket.detach()
    const node = new net.Socket({ fd })
    node.end('from Node')
    t.is((await readToEnd(peer)).toString(), 'from Node')
    peer.close()
    await once(node.resume(), 'close')
  },
)
