/** Tries every door on the loopback. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import * as http from '../http/index.ts'
import { Engine } from '../engine/index.ts'
import { Events, Interest, Poll, TcpListener, TcpStream, Token, UdpSocket } from '../../index.ts'
import { createServer, connect } from '../net/index.ts'

export interface Check {
  readonly name: string
  readonly milliseconds: number
  /** Why it failed. */
  readonly error?: string
  /** Why this runtime or system does not have it, which is no failure. */
  readonly unavailable?: string
}

/** Long for anything on the loopback. */
const deadline = 5000

const host = '127.0.0.1'
const message = Buffer.alloc(100_000, 'mio-js ')

type Trial = (signal: AbortSignal) => Promise<void>

const trials: Readonly<Record<string, Trial>> = {
  'mio-js, blocking poll': (signal) =>
    mirror(signal, async (poll, events) => poll.poll(events, 100)),
  'mio-js, pollAsync': (signal) =>
    mirror(signal, async (poll, events) => poll.pollAsync(events, { timeout: 100 })),
  'mio-js, datagrams': datagrams,
  'mio-js/engine, inline': (signal) => engine(signal, 'inline'),
  'mio-js/engine, thread': (signal) => engine(signal, 'thread'),
  'mio-js/engine, auto': (signal) => engine(signal, 'auto'),
  'mio-js/net': net,
  'mio-js/http': web,
}

/** Runs all trials, one after another, each with a deadline. */
export async function selfTest(): Promise<Check[]> {
  const checks: Check[] = []
  for (const [name, trial] of Object.entries(trials)) {
    const start = performance.now()
    const outcome = await run(trial)
    const milliseconds = Math.round((performance.now() - start) * 10) / 10
    checks.push({ name, milliseconds, ...outcome })
  }
  return checks
}

async function run(trial: Trial): Promise<Pick<Check, 'error' | 'unavailable'>> {
  const controller = new AbortController()
  const late = setTimeout(() => controller.abort(new Error(`took ${deadline} ms`)), deadline)
  const stopped = once(controller.signal, 'abort').then(() => {
    throw controller.signal.reason
  })
  try {
    await Promise.race([trial(controller.signal), stopped])
    return {}
  } catch (error) {
    const { code, message: reason } = error as NodeJS.ErrnoException
    if (code === 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM') return { unavailable: reason }
    return { error: code === undefined || reason.includes(code) ? reason : `${code}: ${reason}` }
  } finally {
    clearTimeout(late)
    // Ends what waits for it, should it have failed by itself.
    controller.abort()
    stopped.catch(() => {})
  }
}

function compare(received: readonly Uint8Array[]): void {
  if (!Buffer.concat(received).equals(message)) throw new Error('other bytes came than were sent')
}

type Wait = (poll: Poll, events: Events) => Promise<number>

/** Sends the message from one end of a connection to the other, by readiness. */
async function mirror(signal: AbortSignal, wait: Wait): Promise<void> {
  using poll = new Poll()
  using listener = TcpListener.bind(`${host}:0`)
  using client = TcpStream.connect(listener.localAddr())
  const events = Events.withCapacity(16)
  poll.registry.register(listener, Token(0), Interest.READABLE)
  poll.registry.register(client, Token(1), Interest.WRITABLE)
  const buffer = Buffer.alloc(65_536)
  const received: Buffer[] = []
  let peer: TcpStream | undefined
  let isConnected = false
  let [sent, count] = [0, 0]
  try {
    while (count < message.length) {
      signal.throwIfAborted()
      await wait(poll, events)
      isConnected ||= client.finishConnect()
      if (peer === undefined) {
        peer = listener.accept()?.[0]
        if (peer !== undefined) poll.registry.register(peer, Token(2), Interest.READABLE)
      }
      if (isConnected) sent = writeFrom(client, sent)
      for (let read = peer?.read(buffer); read; read = peer?.read(buffer)) {
        received.push(Buffer.from(buffer.subarray(0, read)))
        count += read
      }
    }
    compare(received)
  } finally {
    peer?.close()
  }
}

/** Writes what the system takes; returns how much of the message is written. */
function writeFrom(stream: TcpStream, start: number): number {
  for (let sent = start; ;) {
    const written = sent < message.length ? stream.write(message, sent) : null
    if (written === null) return sent
    sent += written
  }
}

async function datagrams(signal: AbortSignal): Promise<void> {
  using poll = new Poll()
  using receiver = UdpSocket.bind(`${host}:0`)
  using sender = UdpSocket.bind(`${host}:0`)
  const events = Events.withCapacity(16)
  poll.registry.register(receiver, Token(0), Interest.READABLE)
  const datagram = message.subarray(0, 1200)
  sender.sendTo(datagram, receiver.localAddr())
  const buffer = Buffer.alloc(2048)
  let read: number | null = null
  while (read === null) {
    signal.throwIfAborted()
    await poll.pollAsync(events, { timeout: 100 })
    read = receiver.recvFrom(buffer)?.[0] ?? null
  }
  if (!buffer.subarray(0, read).equals(datagram)) throw new Error('another datagram came')
}

/** Has the message echoed by a server of the same engine. */
async function engine(signal: AbortSignal, io: 'inline' | 'thread' | 'auto'): Promise<void> {
  await using own = new Engine({ io })
  const server = own.listen({
    hostname: host,
    socket: { data: (socket, chunk) => void socket.write(chunk) },
  })
  const received: Buffer[] = []
  let count = 0
  await new Promise<void>((resolve, reject) => {
    const connecting = own.connect({
      hostname: host,
      port: server.port ?? 0,
      signal,
      socket: {
        open: (socket) => void socket.write(message),
        data(socket, chunk) {
          received.push(chunk)
          count += chunk.length
          if (count >= message.length) socket.end()
        },
        close: (_, error) => (error === undefined ? resolve() : reject(error)),
      },
    })
    connecting.catch(reject)
  })
  compare(received)
}

async function net(signal: AbortSignal): Promise<void> {
  const server = createServer((socket) => socket.pipe(socket))
  server.listen({ port: 0, host, signal })
  await once(server, 'listening', { signal })
  const { port } = server.address() as AddressInfo
  const client = connect({ port, host, signal })
  client.end(message)
  const received: Buffer[] = []
  try {
    for await (const chunk of client) received.push(chunk as Buffer)
  } finally {
    server.close()
    client.destroy()
  }
  compare(received)
}

async function web(signal: AbortSignal): Promise<void> {
  const server = http.createServer((_request, response) => response.end(message))
  server.listen({ port: 0, host, signal })
  await once(server, 'listening', { signal })
  const { port } = server.address() as AddressInfo
  try {
    const request = http.get({ port, host, agent: false, signal })
    const [response] = (await once(request, 'response', { signal })) as [http.http.IncomingMessage]
    if ((await text(response)) !== String(message)) throw new Error('another answer came')
  } finally {
    server.close()
    server.closeAllConnections()
  }
}
