/**
 * A chat over a Unix socket: what one guest says, all others hear. The argument is the socket's path;
 * `nc -U PATH` is a client. The first line of a guest is its name. SIGINT and SIGTERM stop it.
 */
import { lstatSync, unlinkSync } from 'node:fs'
import { Events, Interest, Poll, Token, UnixListener, UnixStream } from 'mio-js'

const MAX_LINE = 4096
/** So many bytes may wait for a guest that does not read. */
const MAX_WAITING = 256 * 1024
/** So many reads of one guest, then others have their turn. */
const READS_PER_TURN = 16

class Guest {
  name = ''
  line = ''
  #waiting: Buffer = Buffer.alloc(0)
  constructor(readonly stream: UnixStream) {}
  tell(bytes: Buffer): void {
    this.#waiting = this.#waiting.length > 0 ? Buffer.concat([this.#waiting, bytes]) : bytes
    this.flush()
    if (this.#waiting.length > MAX_WAITING) throw new Error('does not read')
  }

  /** Writes until the system takes no more: an event tells when it does. */
  flush(): void {
    while (this.#waiting.length > 0) {
      const count = this.stream.write(this.#waiting)
      if (count === null) return
      this.#waiting = this.#waiting.subarray(count)
    }
  }
}

/** Binds, also where a server that is dead has left its file: to remove that is our business. */
function listen(path: string): UnixListener {
  try {
    if (lstatSync(path).isSocket()) UnixStream.connect(path).close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') unlinkSync(path)
  }
  return UnixListener.bind(path)
}

const path = process.argv[2] ?? 'chat.sock'
const server = listen(path)
const poll = new Poll()
const guests = new Map<Token, Guest>()
/** Guests whose turn ended before would-block: no event is owed for them. */
const unfinished = new Set<Token>()
const buffer = Buffer.alloc(16 * 1024)
let nextToken = 1

function accept(): void {
  try {
    for (let next = server.accept(); next !== null; next = server.accept()) {
      const token = Token(nextToken++)
      guests.set(token, new Guest(next[0]))
      poll.registry.register(next[0], token, Interest.READABLE.add(Interest.WRITABLE))
    }
  } catch (error) {
    console.log((error as Error).message)
    setTimeout(accept, 100).unref() // no room: guests stay queued, and no new event comes for them
  }
}

/** Does what concerns one guest, who leaves if it fails. */
function attend(token: Token, work: (guest: Guest) => void): void {
  const guest = guests.get(token)
  try {
    if (guest !== undefined) work(guest)
  } catch (error) {
    unfinished.delete(token)
    guest?.stream.close()
    if (!guests.delete(token) || guest?.name === '') return
    say(`* ${guest?.name} left: ${(error as Error).message}\n`)
  }
}

function say(text: string, from?: Token): void {
  const bytes = Buffer.from(text, 'latin1')
  for (const token of guests.keys()) if (token !== from) attend(token, (to) => to.tell(bytes))
}

function hear(guest: Guest, token: Token): void {
  guest.flush()
  for (let reads = 0; reads < READS_PER_TURN; reads += 1) {
    const count = guest.stream.read(buffer)
    if (count === null) return void unfinished.delete(token)
    if (count === 0) throw new Error('goodbye')
    const lines = (guest.line + buffer.toString('latin1', 0, count)).split('\n')
    guest.line = lines.at(-1) ?? ''
    if (lines.some((line) => line.length > MAX_LINE)) throw new Error('talks without end')
    for (const line of lines.slice(0, -1)) {
      say(guest.name === '' ? `* ${line} is here\n` : `${guest.name}: ${line}\n`, token)
      if (guest.name === '') guest.name = line
    }
  }
  unfinished.add(token)
}

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
poll.registry.register(server, Token(0), Interest.READABLE)
console.log(`listening on ${server.localAddr()}`)
const events = Events.withCapacity(256)
while (!stop.signal.aborted) {
  const timeout = unfinished.size > 0 ? 0 : null
  await poll.pollAsync(events, { timeout, signal: stop.signal }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ABORT_ERR') throw error
    events.clear()
  })
  const ready = new Set([...unfinished, ...Array.from(events, ({ token }) => token)])
  if (ready.delete(Token(0))) accept()
  for (const token of ready) attend(token, (guest) => hear(guest, token))
}
for (const { stream } of guests.values()) stream.close()
for (const thing of [server, poll]) thing.close()
unlinkSync(path)
