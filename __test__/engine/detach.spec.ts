import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import type { ExecutionContext } from 'ava'
import { Shutdown } from 'mio-js'
import type { Detached } from 'mio-js/engine'
import '../support/census.js'
import {
  type Told,
  accepted,
  adopting,
  dial,
  noise,
  readToEnd,
  sameBytes,
  sendLetters,
  serve,
  turn,
} from '../support/engine-sockets.js'
import {
  soon,
  underEachDriver,
  underEachDriverAdoptedByNode,
  underEachDriverOfUnix,
} from '../support/engine.js'
import { rejectsCode } from '../support/errors.js'
import { freePath } from '../support/named-pipes.js'
import { statOf, streamOf } from '../support/raw.js'
import { closing, readExactly, writeAll } from '../support/sockets.js'
import { until } from '../support/until.js'

/** What Node makes of a descriptor. */
function nodeSocket(t: ExecutionContext, fd: number): net.Socket {
  const socket = new net.Socket({ fd, allowHalfOpen: true })
  t.teardown(() => {
    socket.destroy()
  })
  return socket
}

underEachDriverAdoptedByNode(
  'node:net goes on in mid-stream with what was not delivered',
  async (t, make) => {
    const engine = make()
    for (const stop of [1, 100_000, 400_000]) {
      const bytes = noise(600_000, stop)
      let leaving: Promise<Detached> | undefined
      const { journal, peer, server } = await accepted(t, engine, {
        data(self) {
          if (self.data.received >= stop) leaving ??= self.detach()
        },
      })
      const writing = (async () => {
        await writeAll(peer, bytes)
        peer.shutdown(Shutdown.Write)
      })()
      await journal.until(() => leaving !== undefined)
      const { fd, leftover } = await soon(leaving!)
      const delivered = journal.bytes
      await turn()
      t.is(journal.received, delivered.length)
      t.is(journal.socket.bytesRead, delivered.length + leftover.length)
      t.is(server.connections, 0)

      const socket = nodeSocket(t, fd)
      const rest: Buffer[] = []
      socket.on('data', (chunk: Buffer) => rest.push(chunk))
      await once(socket, 'end')
      await writing
      sameBytes(t, Buffer.concat([delivered, leftover, ...rest]), bytes)
      socket.end('answered by Node')
      t.is((await readToEnd(peer)).toString(), 'answered by Node')
      t.is(journal.story, 'open,data')
    }
  },
)

underEachDriver('what waits in the batch is left over', async (t, make, driver) => {
  const engine = make()
  let leaving: Promise<Detached> | undefined
  const { peer, journal } = await accepted(t, engine, {
    data(self) {
      leaving = self.detach()
    },
  })
  sendLetters(engine, driver, peer, 'abcdef')
  await journal.saw('data')
  const { fd, leftover } = await soon(leaving!)
  const stream = closing(t, streamOf(fd))
  const rest = await readToEnd(stream)
  t.is(journal.bytes.toString() + leftover.toString() + rest.toString(), 'abcdef')
  if (driver === 'thread') t.is(leftover.toString(), 'bcdef')
  t.is(journal.story, 'open,data')
})

underEachDriver('what a paused socket holds is left over', async (t, make, driver) => {
  const engine = make()
  const { peer, journal, socket } = await accepted(
    t,
    engine,
    {
      data(self) {
        self.pause()
      },
    },
    { allowHalfOpen: true },
  )
  sendLetters(engine, driver, peer, 'abcdef')
  await journal.saw('data')
  await turn()
  const { fd, leftover } = await soon(socket.detach())
  const stream = closing(t, streamOf(fd))
  const rest = await readToEnd(stream)
  t.is(journal.bytes.toString() + leftover.toString() + rest.toString(), 'abcdef')
  if (driver === 'thread') t.is(leftover.toString(), 'bcdef')
})

underEachDriver('what was written is sent first', async (t, make) => {
  const { socket, peer } = await accepted(t, make(), {}, { maxPending: Infinity })
  const bytes = noise(20_000_000)
  socket.write(bytes)
  let isDetached = false
  const leaving = (async () => {
    const detached = await socket.detach()
    isDetached = true
    return detached
  })()
  const head = await readExactly(peer, 1_000_000)
  t.false(isDetached)
  const reading = readToEnd(peer)
  const { fd } = await soon(leaving)
  const stream = streamOf(fd)
  await writeAll(stream, Buffer.from('then this'))
  stream.close()
  sameBytes(
    t,
    Buffer.concat([head, await reading]),
    Buffer.concat([bytes, Buffer.from('then this')]),
  )
  t.is(socket.bufferedAmount, 0)
})

underEachDriver('an end before the detach is sent as well', async (t, make) => {
  const { socket, peer } = await accepted(t, make())
  socket.end('goodbye')
  const { fd } = await soon(socket.detach())
  t.is((await readToEnd(peer)).toString(), 'goodbye')
  peer.write(Buffer.from('still there'))
  const stream = closing(t, streamOf(fd))
  t.is((await readExactly(stream, 11)).toString(), 'still there')
})

underEachDriver('a half-open socket can be detached and written to', async (t, make) => {
  let leaving: Promise<Detached> | undefined
  const { peer, journal } = await accepted(t, make(), {
    end(self) {
      leaving = self.detach()
    },
  })
  peer.shutdown(Shutdown.Write)
  await journal.saw('end')
  const { fd } = await soon(leaving!)
  const stream = closing(t, streamOf(fd))
  await writeAll(stream, Buffer.from('after the end'))
  stream.shutdown(Shutdown.Write)
  t.is((await readToEnd(peer)).toString(), 'after the end')
})

underEachDriver(
  'a socket that is lost before it could leave rejects with the error',
  async (t, make) => {
    const { socket, peer, journal } = await accepted(t, make(), {}, { maxPending: Infinity })
    socket.write(noise(20_000_000))
    const leaving = socket.detach()
    await until('some is there', () => peer.peek(Buffer.alloc(1)) === 1)
    peer.close()
    const error = await rejectsCode(t, 'ECONNRESET', soon(leaving))
    t.regex(error.syscall!, /^(read|write)$/)
    await turn()
    t.is(journal.story, 'open')
    t.is(socket.bufferedAmount, 0)
  },
)

underEachDriver('closing the engine closes what has not left yet', async (t, make) => {
  const engine = make()
  const { socket, peer } = await accepted(t, engine, {}, { maxPending: Infinity })
  socket.write(noise(20_000_000))
  const leaving = socket.detach()
  const refused = rejectsCode(t, 'ERR_SOCKET_CLOSED', leaving)
  await engine.close()
  await soon(refused)
  await rejectsCode(t, 'ECONNRESET', readToEnd(peer))
})

underEachDriver('nothing of the engine stays with a descriptor that has left', async (t, make) => {
  const engine = make()
  const { journals, port, opened, server } = serve(engine)
  const fds: number[] = []
  for (let n = 0; n < 20; n += 1) {
    const client = await dial(engine, { port })
    const journal = await opened(n)
    const [first, second] = await soon(
      Promise.all([client.socket.detach(), journal.socket.detach()]),
    )
    fds.push(first.fd, second.fd)
    t.is(journal.story, 'open')
    // Whoever gets the number next is somebody else.
    for (const { fd } of [first, second]) {
      if (process.platform !== 'win32') t.true(statOf(fd).isSocket())
      streamOf(fd).close()
    }
  }
  t.true(new Set(fds).size < 40, 'no number came twice')
  t.is(journals.length, 20)
  const { polls } = engine.stats()
  await server.close()
  t.true(engine.stats().polls - polls < 20)
})

if (process.platform === 'linux') {
  underEachDriver('the descriptor does not block and is not inherited (Linux)', async (t, make) => {
    const { socket } = await accepted(t, make())
    const { fd } = await soon(socket.detach())
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
    const flags = Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)![1]!, 8)
    t.is(flags & 0o2004000, 0o2004000)
    streamOf(fd).close()
  })
}

underEachDriver(
  'a connection goes out of an engine and into one as often as it likes',
  async (t, make) => {
    const engines = [make(), make()]
    const { socket, peer } = await accepted(t, engines[0]!)
    let current: Told = socket
    const expected: string[] = []
    const received: Buffer[] = []
    for (let n = 0; n < 10; n += 1) {
      current.write(`from ${n} `)
      expected.push(`from ${n} `)
      peer.write(Buffer.from(`to ${n} `))
      const { fd, leftover } = await soon(current.detach())
      const journal = adopting(engines[(n + 1) % 2]!, fd, {}, { leftover })
      received.push(...journal.chunks)
      await until(
        'it is there',
        () => Buffer.concat([...received, journal.bytes]).length === 5 * (n + 1),
      )
      received.push(...journal.chunks)
      current = journal.socket
      t.is(current.remotePort, socket.remotePort)
      t.is(current.localPort, socket.localPort)
    }
    t.is(
      Buffer.concat(received).toString(),
      Array.from({ length: 10 }, (_, n) => `to ${n} `).join(''),
    )
    current.end()
    t.is((await readToEnd(peer)).toString(), expected.join(''))
  },
)

underEachDriverOfUnix('a Unix socket can leave and come back', async (t, make) => {
  const engine = make()
  const path = freePath(t)
  const { opened, server } = serve(engine, {}, { path })
  const client = await dial(engine, { path })
  const journal = await opened()
  const { fd } = await soon(journal.socket.detach())
  const next = adopting(engine, fd)
  next.socket.write('hello')
  client.socket.write('hello, too')
  await Promise.all([next.has(10), client.has(5)])
  t.is(next.socket.remoteAddress, undefined)
  client.socket.close()
  await next.saw('close')
  t.is(next.error, undefined)
  await server.close()
})
