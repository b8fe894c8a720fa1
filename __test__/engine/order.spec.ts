import type { TcpStream } from 'mio-js'
import type { Engine } from 'mio-js/engine'
import '../support/census.js'
import {
  type Journal,
  accepted,
  linked,
  noise,
  peerAt,
  sameBytes,
  serve,
  turn,
} from '../support/engine-sockets.js'
import { underEachDriver } from '../support/engine.js'
import { long } from '../support/patience.js'
import { until } from '../support/until.js'

/** A peer that sends the numbers 0, 1, 2, … and checks that they come back. */
class Counting {
  #sent = 0
  #received = 0
  #partial = Buffer.alloc(0)
  readonly #peer: TcpStream

  constructor(peer: TcpStream) {
    this.#peer = peer
  }

  get isDone(): boolean {
    return this.#received === this.#sent
  }

  get sent(): number {
    return this.#sent
  }

  send(count: number): void {
    const bytes = Buffer.alloc(4 * count)
    for (let n = 0; n < count; n += 1) bytes.writeUInt32LE(this.#sent + n, 4 * n)
    if (this.#peer.write(bytes) !== bytes.length) throw new Error('the system takes no more')
    this.#sent += count
  }

  receive(buffer: Buffer): void {
    const count = this.#peer.read(buffer)
    if (count === null) return
    const bytes = Buffer.concat([this.#partial, buffer.subarray(0, count)])
    let at = 0
    for (; at + 4 <= bytes.length; at += 4) {
      const number = bytes.readUInt32LE(at)
      if (number !== this.#received) throw new Error(`${number} came for ${this.#received}`)
      this.#received += 1
    }
    this.#partial = bytes.subarray(at)
  }
}

/** Lets these send, and waits until they have everything back. */
async function round(counting: readonly Counting[], count: number): Promise<void> {
  const buffer = Buffer.alloc(65_536)
  for (const each of counting) each.send(count)
  await until('all is back', () => {
    for (const each of counting) each.receive(buffer)
    return counting.every(({ isDone }) => isDone)
  })
}

/** Until the lane has moved so often, or for so many rounds. */
async function rounds(
  engine: Engine,
  moves: number,
  most: number,
  one: () => Promise<void>,
): Promise<void> {
  for (let n = 0; n < most && engine.stats().moves < moves; n += 1) await one()
}

underEachDriver('bytes keep their order while load comes and goes', async (t, make, driver) => {
  const engine = make()
  const { port, opened, journals } = serve(engine, {
    data(socket, chunk) {
      socket.write(chunk)
    },
  })
  const counting: Counting[] = []
  for (let n = 0; n < 40; n += 1) {
    counting.push(new Counting(await peerAt(t, port)))
    await opened(n)
  }
  const [first] = counting as [Counting]
  for (let n = 0; n < 3; n += 1) {
    const before = engine.stats().moves
    // Much at once, so that a lane that may move goes to its thread; then next to nothing, in the
    // midst of which it comes back.
    const busy = driver === 'auto' ? 400 : 20
    let turns = 0
    while (turns < busy && (turns < 20 || engine.stats().moves === before)) {
      await round(counting, 1 + (turns % 30))
      turns += 1
    }
    await rounds(engine, before + 2, driver === 'auto' ? 1000 : 50, async () => round([first], 3))
    await round(counting, 100)
  }
  const { moves } = engine.stats()
  if (driver === 'auto') t.true(moves > 0, `${moves} moves`)
  else t.is(moves, 0)
  const total = counting.reduce((sum, { sent }) => sum + sent, 0)
  t.is(
    journals.reduce((sum, { received }) => sum + received, 0),
    4 * total,
  )
  t.is(engine.stats().bytesWritten, 4 * total)
})

underEachDriver(
  'ends, drains and closes keep their place while load comes and goes',
  async (t, make) => {
    const engine = make()
    const { port, opened } = serve(
      engine,
      {
        data(socket, chunk) {
          if (!socket.write(chunk)) socket.pause()
        },
        drain(socket) {
          socket.resume()
        },
      },
      { highWaterMark: 1000 },
    )
    const all: Promise<void>[] = []
    const one = async (n: number): Promise<void> => {
      const bytes = noise(1 + ((n * 7919) % 60_000), n + 1)
      const received: Buffer[] = []
      await engine.connect({
        hostname: '127.0.0.1',
        port,
        socket: {
          open(socket) {
            socket.end(bytes)
          },
          data(_, chunk) {
            received.push(chunk)
          },
          end() {
            received.push(Buffer.from('|end'))
          },
          close(_, error) {
            received.push(Buffer.from(`|close ${String(error)}`))
          },
        },
      })
      const expected = Buffer.concat([bytes, Buffer.from('|end|close undefined')])
      await until('it is closed', () => received.at(-1)?.toString().startsWith('|close') === true)
      sameBytes(t, Buffer.concat(received), expected, `connection ${n}`)
    }
    for (let n = 0; n < 120; n += 1) {
      all.push(one(n))
      if (n % 40 === 39) await Promise.all(all)
    }
    const stories = await Promise.all(Array.from({ length: 120 }, async (_, n) => opened(n)))
    for (const journal of stories) {
      await journal.saw('close')
      t.regex(journal.events.join(), /^open(,data|,drain)*,end(,drain)?,close$/)
      t.is(journal.error, undefined)
    }
  },
)

/** A sequence that is the same for the same seed. */
function random(seed: number): (below: number) => number {
  const numbers = noise(4 * 4096, seed)
  let at = 0
  return (below) => {
    at = (at + 4) % numbers.length
    return numbers.readUInt32LE(at) % below
  }
}

/** Does one thing or another to a socket; tells what it wrote. */
function fiddle(journal: Journal, next: (below: number) => number, sent: Buffer[]): void {
  const { socket } = journal
  if (!['open', 'writeOnly'].includes(socket.readyState)) {
    if (next(2) === 0) socket.resume()
    return
  }
  const bytes = noise(next(4) === 0 ? next(40_000) : next(100), next(1000))
  switch (next(12)) {
    case 0: {
      socket.pause()
      break
    }
    case 1: {
      socket.end()
      break
    }
    case 2: {
      socket.setTimeout(next(3))
      break
    }
    case 3: {
      sent.push(bytes.subarray(0, socket.tryWrite(bytes)))
      break
    }
    case 4: {
      socket.cork(() => {
        for (let n = 0; n < 3; n += 1) {
          socket.write(bytes)
          sent.push(bytes)
        }
      })
      break
    }
    case 5:
    case 6: {
      socket.resume()
      break
    }
    default: {
      socket.write(bytes)
      sent.push(bytes)
    }
  }
}

underEachDriver(
  'whatever two sockets do, each gets what the other one wrote, then one close',
  async (t, make, driver) => {
    const engine = make()
    for (let seed = 1; seed <= (driver === 'auto' ? 40 : 25); seed += 1) {
      const next = random(seed)
      const options = { allowHalfOpen: true, highWaterMark: 5000, maxPending: Infinity }
      const { client, accepted: server } = await linked(engine, {}, {}, options)
      const sent: readonly [Buffer[], Buffer[]] = [[], []]
      for (let step = 0; step < 60; step += 1) {
        const side = next(2)
        fiddle(side === 0 ? client : server, next, sent[side]!)
        if (next(3) === 0) await turn()
      }
      for (const { socket } of [client, server]) {
        socket.resume()
        socket.end()
      }
      await Promise.all([client.saw('close'), server.saw('close')])
      sameBytes(t, server.bytes, Buffer.concat(sent[0]), `seed ${seed}, to the server`)
      sameBytes(t, client.bytes, Buffer.concat(sent[1]), `seed ${seed}, to the client`)
      for (const journal of [client, server]) {
        t.regex(journal.events.join(), /^open(,data|,drain|,timeout)*,end(,drain|,timeout)*,close$/)
        t.is(journal.error, undefined, `seed ${seed}`)
        t.is(journal.socket.bufferedAmount, 0)
      }
    }
  },
)

underEachDriver('a socket of a crowd is not starved', async (t, make) => {
  const engine = make()
  const flood = noise(65_536)
  let isOver = false
  const { accepted: sink } = await linked(
    engine,
    {},
    {
      open(socket) {
        while (socket.write(flood));
      },
      drain(socket) {
        if (!isOver) while (socket.write(flood));
      },
    },
  )
  const { peer, journal, socket } = await accepted(t, engine)
  const buffer = Buffer.alloc(1)
  const start = performance.now()
  for (let n = 1; n <= 200; n += 1) {
    peer.write(Buffer.from('x'))
    await journal.has(n)
    socket.write('y')
    await until('the answer is there', () => peer.read(buffer) !== null)
  }
  const took = performance.now() - start
  isOver = true
  t.true(sink.received > 1_000_000, `${sink.received}`)
  t.true(took < long(5000), `${took} ms for 200 round trips`)
})
