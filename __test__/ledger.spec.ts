/** No event is lost by a Poll that everybody drains, whatever the system needs for the next one. */
import test, { type ExecutionContext } from 'ava'
import { type Events, NamedPipe, type Poll, TcpListener, TcpStream, Token } from 'mio-js'
import './support/census.js'
import { type Account, Ledger } from './support/ledger.js'
import { pipeName } from './support/named-pipes.js'
import { windows } from './support/platforms.js'
import { BOTH, closing, poller, watch } from './support/sockets.js'

const connections = 16

type Stream = TcpStream | NamedPipe

/** One end: what waits to be written, and what is done with what comes. */
interface End {
  readonly stream: Stream
  unsent: Buffer
  readonly came: (chunk: Buffer) => Buffer
  readonly account?: Account
}

const buffer = Buffer.alloc(64 * 1024)

/** Reads and writes until the system says that it is not now. */
function drain(end: End): 'open' | 'ended' {
  for (;;) {
    const count = end.stream.read(buffer)
    if (count === 0) return 'ended'
    if (count === null) break
    end.unsent = Buffer.concat([end.unsent, end.came(Buffer.from(buffer.subarray(0, count)))])
  }
  while (end.unsent.length > 0) {
    const count = end.stream.write(end.unsent)
    if (count === null) break
    end.unsent = end.unsent.subarray(count)
  }
  return 'open'
}

/** Everybody in one loop. `wait` waits for events. */
class Loop {
  readonly ledger = new Ledger(connections)
  readonly poll: Poll
  readonly ends = new Map<number, End>()
  #token = 1
  /** How many connections have ended at the server's side. */
  ended = 0

  constructor(poll: Poll) {
    this.poll = poll
  }

  add(stream: Stream, came: End['came'], account?: Account): End {
    const end = { stream, unsent: account?.take() ?? Buffer.alloc(0), came, account } as End
    watch(this.poll, stream, this.#token)
    this.ends.set(this.#token, end)
    this.#token += 1
    return end
  }

  /** A client with an account, and what it gets echoed. */
  client(connect: () => TcpStream): void {
    const account = this.ledger.open()
    if (account === undefined) return
    const came = (chunk: Buffer): Buffer => {
      this.ledger.enter(account, chunk)
      return account.take()
    }
    this.add(connect(), came, account)
  }

  /** Serves an end that has an event; says whether it is over. */
  serve(token: number): boolean {
    const end = this.ends.get(token)
    if (end === undefined) return false
    const isOver = drain(end) === 'ended' || end.account?.isSettled === true
    if (!isOver) return false
    end.stream.close()
    this.ends.delete(token)
    if (end.account === undefined) this.ended += 1
    return end.account !== undefined
  }

  /** Until everything is back, and every end has heard of the other's. */
  get isOver(): boolean {
    return this.ledger.isSettled() && this.ends.size === 0
  }
}

const waits = {
  poll: (poll: Poll, events: Events) => poll.poll(events, 1000),
  pollAsync: async (poll: Poll, events: Events) => poll.pollAsync(events, { timeout: 1000 }),
}

for (const [name, wait] of Object.entries(waits)) {
  test(`every message over TCP comes back, with ${name}`, async (t) => {
    const { poll, events } = poller(t)
    const server = closing(t, TcpListener.bind('127.0.0.1:0'))
    watch(poll, server, 0)
    const loop = new Loop(poll)
    const connect = (): TcpStream => TcpStream.connect(server.localAddr())
    for (let n = 0; n < connections; n += 1) loop.client(connect)
    while (!loop.isOver) {
      await wait(poll, events)
      for (const { token } of events) {
        if (token === 0) {
          for (let pair = server.accept(); pair !== null; pair = server.accept()) {
            loop.add(pair[0], (chunk) => chunk)
          }
        } else if (loop.serve(token)) loop.client(connect)
      }
    }
    t.is(loop.ended, loop.ledger.accounts.length)
  })
}

windows('every message over a named pipe comes back', async (t: ExecutionContext) => {
  const { poll, events } = poller(t)
  const name = pipeName()
  const server = closing(t, new NamedPipe(name))
  watch(poll, server, 0)
  const { ledger } = new Loop(poll)
  const echo: End = { stream: server, unsent: Buffer.alloc(0), came: (chunk) => chunk }
  for (let account = ledger.open(); account !== undefined; account = ledger.open()) {
    const current = account
    server.connect()
    const client = NamedPipe.open(name)
    poll.registry.register(client, Token(1), BOTH)
    const end: End = {
      stream: client,
      unsent: current.take(),
      came(chunk) {
        ledger.enter(current, chunk)
        return current.take()
      },
    }
    while (!current.isSettled) {
      await poll.pollAsync(events, { timeout: 1000 })
      ledger.isSettled()
      for (const { token } of events) drain(token === 0 ? echo : end)
    }
    client.close()
    while (drain(echo) === 'open') await poll.pollAsync(events, { timeout: 1000 })
    server.disconnect()
  }
  t.true(ledger.isSettled())
})
