import { Shutdown, type TcpStream } from 'mio-js'
import '../support/census.js'
import {
  type Told,
  accepted,
  linked,
  noise,
  peerAt,
  readToEnd,
  serve,
} from '../support/engine-sockets.js'
import { soon, underEachDriver } from '../support/engine.js'
import { rejectsCode } from '../support/errors.js'

const events = ['open', 'data', 'drain', 'end', 'timeout', 'close'] as const

/** Ways to get rid of a socket; what the peer sees of them. */
const ways: Readonly<Record<string, readonly [way: (socket: Told) => void, peer: string]>> = {
  close: [
    (socket) => {
      socket.close()
    },
    'reads x',
  ],
  terminate: [
    (socket) => {
      socket.terminate()
    },
    'ECONNRESET',
  ],
  'write, end and close': [
    (socket) => {
      socket.write('y')
      socket.end()
      socket.close()
    },
    'reads xy',
  ],
  'close and terminate': [
    (socket) => {
      socket.close()
      socket.terminate()
    },
    'ECONNRESET',
  ],
  'pause and close': [
    (socket) => {
      socket.pause().close()
    },
    'reads x',
  ],
}

/** What brings the event about, after the open. */
const triggers: Readonly<
  Record<Exclude<Event, 'open' | 'close'>, (peer: TcpStream, socket: Told) => void>
> = {
  data(peer) {
    send(peer)
  },
  drain(_, socket) {
    socket.write('')
    socket.tryWrite(Buffer.from('z'))
  },
  end(peer) {
    peer.shutdown(Shutdown.Write)
  },
  timeout(_, socket) {
    socket.setTimeout(1)
  },
}

type Event = (typeof events)[number]

/** All that a peer may send at once. */
function send(peer: TcpStream): void {
  peer.write(Buffer.from('some'))
  peer.write(Buffer.from('more'))
  peer.shutdown(Shutdown.Write)
}

/** What a peer gets of all its calls. */
async function outcome(peer: TcpStream, event: Event): Promise<string | undefined> {
  try {
    if (event !== 'data' && event !== 'end') {
      peer.write(Buffer.from('some'))
      peer.write(Buffer.from('more'))
    }
    return `reads ${(await readToEnd(peer)).toString()}`
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  } finally {
    peer.close()
  }
}

for (const event of events.slice(0, -1) as Exclude<Event, 'close'>[]) {
  for (const [name, [way, seen]] of Object.entries(ways)) {
    const title = `after ${name} in the ${event} handler there is one close and nothing else`
    underEachDriver(title, async (t, make) => {
      const act = (socket: Told): void => {
        // Each would bring an event of its own.
        socket.write('x')
        socket.setTimeout(1)
        way(socket)
      }
      const { journal, peer, socket } = await accepted(
        t,
        make(),
        { [event]: act },
        { highWaterMark: 0 },
      )
      if (event !== 'open') triggers[event](peer, socket)
      await journal.saw(event)
      t.is(await outcome(peer, event), seen)
      await journal.saw('close')
      t.is(journal.error, undefined)
      t.deepEqual(journal.events.slice(journal.events.indexOf(event) + 1), ['close'])
    })
  }
}

underEachDriver('nothing that the close handler does brings another event', async (t, make) => {
  for (const [way] of Object.values(ways)) {
    const { journal, peer } = await accepted(t, make(), {
      close(socket) {
        try {
          way(socket.setTimeout(1).resume())
        } catch (error) {
          t.is((error as NodeJS.ErrnoException).code, 'ERR_SOCKET_CLOSED')
        }
      },
    })
    send(peer)
    await readToEnd(peer)
    await journal.saw('close')
    // A turn of its own for whatever was asked for.
    const next = await accepted(t, make())
    next.socket.setTimeout(10)
    await next.journal.saw('timeout')
    t.is(journal.story, 'open,data,end,close')
  }
})

underEachDriver('end in any handler lets the rest come', async (t, make) => {
  for (const event of events) {
    const { journal, peer } = await accepted(
      t,
      make(),
      {
        [event]: (socket: Told) => {
          socket.end()
        },
      },
      { highWaterMark: 0 },
    )
    const { socket } = journal
    if (event === 'drain') {
      socket.write('x')
      await journal.saw('drain')
    }
    if (event === 'timeout') {
      socket.setTimeout(1)
      await journal.saw('timeout')
    }
    peer.write(Buffer.from('some'))
    await journal.has(4)
    peer.write(Buffer.from('more'))
    peer.shutdown(Shutdown.Write)
    t.is((await readToEnd(peer)).toString(), event === 'drain' ? 'x' : '')
    await journal.saw('close')
    t.is(journal.bytes.toString(), 'somemore')
    t.regex(journal.story, /^open,.*data,end,close$/)
    t.is(journal.error, undefined)
  }
})

for (const what of ['server', 'engine'] as const) {
  underEachDriver(`a ${what} can be closed in any handler`, async (t, make) => {
    for (const event of events) {
      const engine = make()
      let closing: Promise<void> | undefined
      const serving = serve(
        engine,
        {
          [event]: () => {
            if (what === 'server') serving.server.closeNow()
            closing ??= what === 'server' ? serving.server.close() : engine.close()
          },
        },
        { highWaterMark: 0 },
      )
      const peer = await peerAt(t, serving.port)
      const journal = await serving.opened()
      const { socket } = journal
      if (event === 'close') socket.terminate()
      else if (event !== 'open') triggers[event](peer, socket)
      await journal.saw(event)
      await soon(closing!)
      t.is(journal.events.at(-1), 'close')
      t.is(journal.count('close'), 1)
      t.is(socket.readyState, 'closed')
    }
  })
}

underEachDriver('a detach in any handler is the last that its socket is told', async (t, make) => {
  for (const event of events) {
    const engine = make()
    let leaving: Promise<{ fd: number; leftover: Buffer }> | undefined
    const { client, accepted: other } = await linked(
      engine,
      {
        [event]: (socket: Told) => {
          leaving ??= socket.detach()
          leaving.catch(() => {})
        },
      },
      {},
      { highWaterMark: 0 },
    )
    if (event === 'timeout') other.socket.setTimeout(1)
    if (event === 'drain') other.socket.write('x')
    if (event === 'data') client.socket.write('xyz')
    if (event === 'end') client.socket.end()
    if (event === 'close') client.socket.close()
    await other.saw(event)
    if (event === 'close') {
      await rejectsCode(t, 'ERR_SOCKET_CLOSED', leaving!)
      continue
    }
    const { fd, leftover } = await soon(leaving!)
    t.is(leftover.length, 0)
    t.is(other.events.at(-1), event)
    const next = engine.adopt(fd)
    next.end(noise(10))
    await client.has(10)
    client.socket.end()
    await client.saw('close')
    t.is(other.events.at(-1), event)
  }
})
