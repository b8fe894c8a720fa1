/** Sockets that begin paused. */
import { Shutdown, TcpStream } from 'mio-js'
import '../support/census.js'
import {
  accepted,
  adopting,
  dial,
  noise,
  readToEnd,
  sameBytes,
  serve,
  turns,
} from '../support/engine-sockets.js'
import { listening, soon, underEachDriver } from '../support/engine.js'
import { throwsCode } from '../support/errors.js'
import { intoRaw } from '../support/raw.js'
import { closing, pair, writeAll } from '../support/sockets.js'
import { until } from '../support/until.js'

underEachDriver('nothing is read before the first resume', async (t, make) => {
  const engine = make({ threads: 2 })
  const { journals, server, port } = serve(engine, {}, { paused: true })
  const bytes = noise(100_000)
  const peer = closing(t, TcpStream.connect(`127.0.0.1:${port}`))
  await until('it is connected', () => peer.finishConnect())
  peer.write(bytes.subarray(0, 1000))
  await until('it is accepted', () => journals[0]?.count('open') === 1)
  const journal = journals[0]!
  await turns()
  t.is(engine.stats().bytesRead, 0)
  t.is(journal.story, 'open')
  journal.socket.write('written meanwhile')
  journal.socket.resume()
  await writeAll(peer, bytes.subarray(1000))
  await journal.has(bytes.length)
  sameBytes(t, journal.bytes, bytes)
  peer.shutdown(Shutdown.Write)
  t.is((await readToEnd(peer)).toString(), 'written meanwhile')
  await journal.saw('close')
  t.is(journal.story, 'open,data,end,close')
  await server.close()
})

underEachDriver('a socket may be resumed in its open', async (t, make) => {
  const { peer, journal } = await accepted(
    t,
    make(),
    { open: (socket) => socket.resume() },
    { paused: true },
  )
  peer.write(Buffer.from('hello'))
  await journal.has(5)
  t.is(journal.bytes.toString(), 'hello')
})

underEachDriver('one that was never resumed leaves nothing over', async (t, make) => {
  const engine = make()
  const { peer, socket, journal } = await accepted(t, engine, {}, { paused: true })
  peer.write(Buffer.from('for the next owner'))
  await turns(20)
  const { fd, leftover } = await soon(socket.detach())
  t.is(leftover.length, 0)
  t.is(engine.stats().bytesRead, 0)
  const journalOfNext = adopting(engine, fd, {}, { paused: true })
  await journalOfNext.saw('open')
  await turns(20)
  t.is(engine.stats().bytesRead, 0)
  journalOfNext.socket.resume()
  await journalOfNext.has(18)
  t.is(journalOfNext.bytes.toString(), 'for the next owner')
  t.is(journal.story, 'open')
})

underEachDriver('what was left over waits for the resume as well', async (t, make) => {
  const [stream, peer] = await pair(t)
  const options = { paused: true, leftover: Buffer.from('before, ') }
  const journal = adopting(make(), intoRaw(stream), {}, options)
  peer.write(Buffer.from('after'))
  await journal.saw('open')
  await turns(20)
  t.is(journal.story, 'open')
  journal.socket.resume()
  await journal.has(13)
  t.is(journal.bytes.toString(), 'before, after')
})

underEachDriver('a client may begin paused', async (t, make) => {
  const { port } = await listening(t, (socket) => {
    socket.end('hello')
  })
  const engine = make()
  const client = await dial(engine, { port, paused: true })
  await turns(20)
  t.is(engine.stats().bytesRead, 0)
  client.socket.resume()
  await client.saw('close')
  t.is(client.bytes.toString(), 'hello')
  t.is(client.story, 'open,data,end,close')
})

underEachDriver('paused is a boolean', (t, make) => {
  const engine = make()
  for (const paused of [1, 'yes', null]) {
    throwsCode(t, 'ERR_INVALID_ARG_TYPE', () =>
      engine.listen({ paused: paused as unknown as true }),
    )
  }
})
