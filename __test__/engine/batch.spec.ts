import type { ExecutionContext } from 'ava'
import { Shutdown, TcpStream } from 'mio-js'
import type { Engine, Handlers } from 'mio-js/engine'
import '../support/census.js'
import {
  type Journal,
  type Serving,
  dial,
  linked,
  noise,
  peerAt,
  sameBytes,
  sendAtOnce,
  serve,
} from '../support/engine-sockets.js'
import { deferred, soon, underEachDriver } from '../support/engine.js'
import { closing } from '../support/sockets.js'
import { until } from '../support/until.js'

/** So many accepted sockets, with their peers. */
async function crowd(
  t: ExecutionContext,
  engine: Engine,
  count: number,
  extra?: Handlers<Journal>,
): Promise<Serving & { peers: TcpStream[] }> {
  const serving = serve(engine, extra)
  const peers: TcpStream[] = []
  for (let n = 0; n < count; n += 1) {
    peers.push(await peerAt(t, serving.port))
    await serving.opened(n)
  }
  return { ...serving, peers }
}

underEachDriver(
  'events of several sockets share an entry, those of one do not',
  async (t, make, driver) => {
    const entries: number[][] = [[]]
    const engine = make()
    const { peers, journals } = await crowd(t, engine, 8, {
      data(socket) {
        if (entries.at(-1)!.length === 0) queueMicrotask(() => entries.push([]))
        entries.at(-1)!.push(journals.indexOf(socket.data))
      },
    })
    const rounds = 3
    for (let n = 0; n < rounds; n += 1) {
      sendAtOnce(
        engine,
        driver,
        peers.map((peer) => [peer, 'x'] as const),
      )
      if (driver !== 'thread') await Promise.all(journals.map(async (each) => each.has(n + 1)))
    }
    await Promise.all(journals.map(async (each) => each.has(rounds)))
    const told = entries.filter(({ length }) => length > 0)
    for (const entry of told) t.is(new Set(entry).size, entry.length)
    t.true(told.some(({ length }) => length === 8))
  },
)

underEachDriver(
  'an event of a socket that another one’s handler has closed is dropped',
  async (t, make, driver) => {
    const engine = make()
    const victims: Journal[] = []
    let first: Journal | undefined
    const { peers, journals, server } = await crowd(t, engine, 12, {
      data(self) {
        if (first !== undefined) return
        first = self.data
        for (const journal of journals) {
          if (journal === first || journal.received > 0) continue
          victims.push(journal)
          if (victims.length % 2 === 0) journal.socket.terminate()
          else journal.socket.close()
        }
      },
    })
    sendAtOnce(
      engine,
      driver,
      peers.map((peer) => [peer, 'x'] as const),
    )
    for (const peer of peers) peer.shutdown(Shutdown.Write)
    await Promise.all(journals.map(async (journal) => journal.saw('close')))
    t.is(victims.length, 11)
    for (const { story } of victims) t.is(story, 'open,close')
    t.is(first!.story, 'open,data,end,close')
    await server.close()
  },
)

underEachDriver('a timeout of a socket that was closed meanwhile is dropped', async (t, make) => {
  const engine = make()
  const victim = await linked(engine)
  const victims = [victim.client, victim.accepted]
  const stories = (): string[] => victims.map(({ story }) => story)
  let before: string[] | undefined
  const { client, accepted: other } = await linked(engine, {
    data() {
      // Long enough for the thread to find that nothing happens.
      const end = performance.now() + 40
      while (performance.now() < end);
      victim.client.socket.close()
      victim.accepted.socket.terminate()
      before = stories()
    },
  })
  for (const { socket } of victims) socket.setTimeout(1)
  client.socket.write('x')
  await other.until(() => before !== undefined)
  await Promise.all(victims.map(async (journal) => journal.saw('close')))
  t.deepEqual(
    stories(),
    before!.map((story) => `${story},close`),
  )
})

underEachDriver(
  'a socket that takes a closed one’s place in a batch gets nothing of it',
  async (t, make, driver) => {
    const engine = make()
    const next: TcpStream[] = []
    const count = 12
    const { peers, journals, port, opened } = await crowd(t, engine, count, {
      data(self) {
        const n = journals.indexOf(self.data)
        if (n >= count) return
        // This one, and one that has an event in the same batch; both descriptors are free then.
        self.terminate()
        journals[count - 1 - n]!.socket.terminate()
        next.push(closing(t, TcpStream.connect(`127.0.0.1:${port}`)))
      },
    })
    sendAtOnce(
      engine,
      driver,
      peers.map((peer) => [peer, 'stale'] as const),
    )
    await Promise.all(journals.slice(0, count).map(async (journal) => journal.saw('close')))
    t.is(next.length, count / 2)
    for (const [n, peer] of next.entries()) {
      await until('it is connected', () => peer.finishConnect())
      const journal = await opened(count + n)
      t.is(journal.story, 'open')
    }
    for (const peer of next) peer.write(Buffer.from('fresh'))
    for (const journal of journals.slice(count)) {
      await journal.has(5)
      t.is(journal.bytes.toString(), 'fresh')
      t.is(journal.story, 'open,data')
    }
  },
)

underEachDriver(
  'a socket that is connected in place of a closed one gets nothing of it',
  async (t, make) => {
    const engine = make()
    const { port } = serve(engine, {
      data(self, chunk) {
        self.write(`${chunk.toString()} stale`)
      },
    })
    const done = deferred()
    let rounds = 0
    const again = async (): Promise<void> => {
      const word = `word ${rounds}`
      await dial(
        engine,
        { port },
        {
          open(self) {
            self.write(word)
          },
          data(self, chunk) {
            // More comes, and an end.
            t.true(chunk.toString().startsWith(word))
            self.terminate()
            rounds += 1
            if (rounds < 50) again().catch(done.reject)
            else done.resolve()
          },
        },
      )
    }
    await again()
    await soon(done.promise)
    t.is(rounds, 50)
  },
)

underEachDriver('both ends may be of the same engine', async (t, make) => {
  const { client, accepted: other } = await linked(make(), {
    data(socket, chunk) {
      socket.write(chunk)
    },
  })
  for (let n = 1; n <= 50; n += 1) {
    client.socket.write(noise(100, n))
    await client.has(n * 100)
  }
  client.socket.end()
  await Promise.all([client.saw('close'), other.saw('close')])
  sameBytes(t, client.bytes, other.bytes)
})

underEachDriver(
  'connections that send and close at once yield all their bytes',
  async (t, make) => {
    const engine = make()
    const { port, journals, server } = serve(engine)
    const count = 500
    const expected = new Map<string, number>()
    for (let n = 0; n < count; n += 1) {
      const peer = TcpStream.connect(`127.0.0.1:${port}`)
      await until('it is connected', () => peer.finishConnect())
      const text = `${n}.`.repeat(1 + (n % 20))
      peer.write(Buffer.from(text))
      expected.set(text, (expected.get(text) ?? 0) + 1)
      peer.close()
    }
    await until('all are accepted', () => journals.length === count)
    for (const journal of journals) {
      await journal.saw('close')
      t.is(journal.story, 'open,data,end,close')
      const text = journal.bytes.toString()
      expected.set(text, (expected.get(text) ?? 0) - 1)
    }
    t.deepEqual(new Set(expected.values()), new Set([0]))
    await server.close()
  },
)
