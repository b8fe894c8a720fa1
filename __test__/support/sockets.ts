/** The vocabulary of the specs: pollers, connected pairs, expected events. */
import type { ExecutionContext } from 'ava'
import {
  type Event,
  Events,
  Interest,
  Poll,
  type Source,
  TcpListener,
  TcpStream,
  Token,
} from 'mio-js'
import { until } from './until.js'
import { long } from './patience.js'

export const BOTH = Interest.READABLE.add(Interest.WRITABLE)

/** Long for any event on loopback. */
export const patience = long(10_000)

/** The loopback address of each family, with a port that the system chooses. */
export const families = [
  ['IPv4', '127.0.0.1:0'],
  ['IPv6', '[::1]:0'],
] as const

/** Closes things when the test ends, however it ends. */
export function closing<T extends { close: () => void }>(t: ExecutionContext, thing: T): T {
  t.teardown(() => {
    thing.close()
  })
  return thing
}

/** A Poll with room for 64 events. */
export function poller(t: ExecutionContext): { poll: Poll; events: Events } {
  return { poll: closing(t, new Poll()), events: Events.withCapacity(64) }
}

export function listener(t: ExecutionContext, address = '127.0.0.1:0'): TcpListener {
  return closing(t, TcpListener.bind(address))
}

/** Two ends of one connection. */
export async function pair(
  t: ExecutionContext,
  address = '127.0.0.1:0',
): Promise<[client: TcpStream, server: TcpStream]> {
  const server = TcpListener.bind(address)
  try {
    const client = closing(t, TcpStream.connect(server.localAddr()))
    const accepted = await acceptOne(server)
    await until('the client is connected', () => client.finishConnect())
    return [client, closing(t, accepted)]
  } finally {
    server.close()
  }
}

export async function acceptOne(server: TcpListener): Promise<TcpStream> {
  let accepted: ReturnType<TcpListener['accept']> = null
  await until('a connection waits', () => (accepted = server.accept()) !== null)
  return accepted![0]
}

/** Waits for one event of each source that is named, and returns the first of each token. */
export async function eventsFor(
  t: ExecutionContext,
  poll: Poll,
  events: Events,
  ...tokens: number[]
): Promise<Event[]> {
  const found = new Map<number, Event>()
  while (tokens.some((token) => !found.has(token))) {
    const count = await poll.pollAsync(events, { timeout: patience })
    if (count === 0) {
      t.fail(`no event for one of the tokens ${tokens.join(', ')}`)
      break
    }
    for (const event of events) if (!found.has(event.token)) found.set(event.token, event)
  }
  return tokens.map((token) => found.get(token) as Event)
}

/** Asserts that nothing becomes ready within 50 ms. */
export function noEvent(t: ExecutionContext, poll: Poll, events: Events): void {
  t.is(poll.poll(events, 50), 0, 'an event that nobody expects')
}

export function watch(poll: Poll, source: Source, token: number, interest: Interest = BOTH): void {
  poll.registry.register(source, Token(token), interest)
}

/** Reads all that is there; what the peer sent so far on loopback is. */
export async function readExactly(stream: TcpStream, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  let filled = 0
  await until(`${length} bytes are there`, () => {
    const count = stream.read(bytes, filled)
    if (count !== null) filled += count
    return filled === length || count === 0
  })
  return bytes.subarray(0, filled)
}

/** Writes everything, however many calls it takes. */
export async function writeAll(stream: TcpStream, bytes: Uint8Array): Promise<void> {
  let written = 0
  await until('everything is written', () => {
    written += stream.write(bytes, written) ?? 0
    return written === bytes.length
  })
}
