/**
 * Random programs for two sockets, and what is seen of them. Each step is waited for until nothing more
 * follows from it, so that what happens does not depend on who is faster.
 */
import type { Server, Socket } from 'node:net'
import * as fc from 'fast-check'
import { stateOf } from './net-log.js'
import type { World } from './net-world.js'
import { until } from './until.js'

export type End = 'server' | 'client'

/** Those in which no text is nothing: Node asks the system to write that, which may fail. */
const encodings = ['utf8', 'latin1', 'ucs2'] as const

const content = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ text: fc.constantFrom('a', 'äö€😀', '00ff', 'x'.repeat(300)) }),
  },
  { weight: 3, arbitrary: fc.record({ size: fc.constantFrom(1, 500) }) },
  { weight: 1, arbitrary: fc.record({ size: fc.constantFrom(70_000, 1 << 20) }) },
)

type Content = { text: string } | { size: number }

/** Those without arguments; twice what is to come often. */
const plain = [
  'resetAndDestroy',
  'destroySoon',
  'pause',
  'pause',
  'resume',
  'resume',
  'uncork',
  'setKeepAlive',
  'setTimeout',
  'ref',
  'unref',
  'address',
  'removeListeners',
] as const

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('write' as const),
      content,
      encoding: fc.constantFrom(...encodings),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('cork' as const),
      contents: fc.array(content, { maxLength: 4 }),
      isLeft: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('end' as const),
      content: fc.option(content, { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('destroy' as const), isError: fc.boolean() }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constantFrom(...plain),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('read' as const), size: fc.constantFrom(0, 1, 10) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('setEncoding' as const),
      encoding: fc.constantFrom(...encodings),
    }),
  },
)

const arounds = ['closeServer', 'getConnections', 'reconnect', 'abort'] as const

/** Steps of the server and of the client's `connect`, besides those of sockets. */
const around = fc.record({ op: fc.constantFrom(...arounds) })

export type Step =
  | { op: 'write'; content: Content; encoding: BufferEncoding }
  | { op: 'cork'; contents: Content[]; isLeft: boolean }
  | { op: 'end'; content: Content | undefined }
  | { op: 'destroy'; isError: boolean }
  | { op: 'read'; size: number }
  | { op: 'setEncoding'; encoding: BufferEncoding }
  | { op: (typeof plain)[number] | (typeof arounds)[number] }

const reading = fc.constantFrom('flow', 'paused', 'readable', 'echo' as const)

export const program = fc.record({
  target: fc.oneof(
    { weight: 12, arbitrary: fc.constant('port' as const) },
    // When the end of a named pipe is told, with the bytes before it or later, depends on the load.
    { weight: process.platform === 'win32' ? 0 : 3, arbitrary: fc.constant('path' as const) },
    { weight: 1, arbitrary: fc.constant('refused' as const) },
  ),
  server: fc.record({
    allowHalfOpen: fc.boolean(),
    pauseOnConnect: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
    keepAlive: fc.boolean(),
    // Without it the system keeps the last bytes back for a time.
    noDelay: fc.constant(true),
  }),
  client: fc.record({ allowHalfOpen: fc.boolean(), noDelay: fc.constant(true) }),
  reads: fc.record({ server: reading, client: reading }),
  early: fc.array(step, { maxLength: 3 }),
  steps: fc.array(
    fc.tuple(
      fc.constantFrom('server', 'client' as const),
      fc.oneof({ weight: 12, arbitrary: step }, { weight: 1, arbitrary: around }),
    ),
    { maxLength: 10 },
  ),
})

export type Program = typeof program extends fc.Arbitrary<infer T> ? T : never

/** How much more a stream takes in that is not read to its end is chance. */
function hasReadAll(socket: Socket): boolean {
  return !socket.isPaused() && socket.readableLength === 0 && socket.writableCorked === 0
}

/** More than a stream takes in would be read in parts, at moments that are chance. */
function bytesOf(what: Content, isRead: boolean): string | Buffer {
  if ('text' in what) return what.text
  return Buffer.alloc(isRead ? what.size : Math.min(what.size, 500), 'abcdefg')
}

/** One run of a program. */
class Run {
  readonly #world: World
  readonly #program: Program
  readonly #ends: Partial<Record<End, Socket>> = {}
  readonly #aborting = new AbortController()
  /** Who takes all that comes; by the program alone, so that it is the same for everybody. */
  readonly #isReading: Record<End, boolean>

  constructor(world: World, given: Program) {
    this.#world = world
    this.#program = given
    const takesAll = (end: End): boolean => !['paused'].includes(given.reads[end])
    this.#isReading = {
      server: takesAll('server') && !given.server.pauseOnConnect,
      client: takesAll('client'),
    }
  }

  async run(): Promise<void> {
    const { target, early, steps } = this.#program
    const { log } = this.#world
    const server = await this.#listen(target === 'path')
    const options = {
      ...(target === 'refused'
        ? { port: await this.#world.deadPort(), host: '127.0.0.1' }
        : this.#world.at(server)),
      ...this.#program.client,
      signal: this.#aborting.signal,
    }
    const client = this.#world.connect(options)
    this.#watch('client', client)
    for (const each of early) if (this.#isEarly(each)) this.#step('client', each)
    const over = Promise.race([
      this.#world.next(client, 'connect'),
      this.#world.next(client, 'close'),
    ])
    await over
    if (target !== 'refused' && log.count('client', 'connect') > 0) {
      await until('the server has it', () => this.#ends.server !== undefined)
    }
    await this.#quiet()
    for (const [index, [end, each]] of steps.entries()) {
      if (each.op === 'closeServer') server.close(log.called('around', 'closed'))
      else if (each.op === 'getConnections') {
        server.getConnections(log.called('around', 'connections'))
      } else if (each.op === 'abort') this.#aborting.abort()
      else if (each.op === 'reconnect') this.#reconnect(client, options)
      else this.#step(end, each)
      await this.#quiet()
      this.#note(`after step ${index}`)
    }
    for (const socket of Object.values(this.#ends)) socket.destroy()
    await this.#quiet()
    this.#note('at the end')
  }

  /** Node takes a reset that comes together with data for an end; an echo may meet either. */
  #isEarly({ op }: Step): boolean {
    // Nor is anything read of what comes to a socket that was paused before.
    if (op === 'resetAndDestroy' || op === 'pause') return false
    return op === 'write' || op === 'cork' || this.#program.reads.server !== 'echo'
  }

  async #listen(isPath: boolean): Promise<Server> {
    const { server: options } = this.#program
    const at = isPath ? { path: this.#world.path() } : { port: 0, host: '127.0.0.1' }
    const server = await this.#world.listen(options, at)
    server.on('connection', (socket) => {
      this.#watch('server', socket)
    })
    server.on('close', () => this.#world.log.add('around', 'close of the server'))
    return server
  }

  #watch(end: End, socket: Socket): void {
    const { log } = this.#world
    this.#ends[end] = socket
    log.watch(end, socket, false, ['pause', 'resume'])
    const how = this.#howReads(end)
    if (how === 'flow') socket.on('data', (chunk) => log.receive(end, chunk))
    if (how === 'echo') socket.pipe(socket)
    if (how === 'readable') {
      socket.on('readable', () => {
        for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
          log.receive(end, chunk as Buffer)
        }
      })
    }
  }

  #howReads(end: End): string {
    const { reads } = this.#program
    // Two echoes would never come to rest.
    return end === 'client' && reads.server === 'echo' && reads.client === 'echo'
      ? 'flow'
      : reads[end]
  }

  #reconnect(client: Socket, options: object): void {
    // An end that waited for a connection that never came is that of the next one with Node.
    const isReady = client.destroyed && this.#world.log.count('client', 'connect') > 0
    if (!isReady || this.#aborting.signal.aborted) return
    client.connect(options as never)
    this.#isReading.client = false
  }

  #step(end: End, each: Step): void {
    const socket = this.#ends[end]
    if (socket === undefined) return
    const { log } = this.#world
    const other = end === 'client' ? 'server' : 'client'
    const isEchoed = this.#howReads(other) === 'echo'
    // It could not be echoed any more, or just.
    if (isEchoed && each.op.startsWith('destroy') && socket.writableLength > 0) return
    // An end that comes with a reset, for what was not read, may be overtaken by it.
    const isUnread = end === 'server' && this.#program.server.pauseOnConnect
    if (isUnread && each.op === 'destroySoon') return
    // What is echoed comes back, and much to who has gone leaves in parts.
    const isRead =
      socket.writableCorked === 0 &&
      this.#ends[other]?.destroyed === false &&
      this.#isReading[other] &&
      (!isEchoed || (this.#isReading[end] && !this.#ends[other].writableEnded))
    try {
      const returned = this.#call(end, each, isRead, (...args: unknown[]) => {
        // A write is done when the engine has the bytes, and errors are told by the socket.
        log.add(`callbacks of ${end}`, each.op, each.op === 'end' ? [Boolean(args[0])] : [])
      })
      log.add(end, each.op, returned === socket ? 'itself' : returned)
    } catch (error) {
      log.add(end, each.op, 'throws', error)
    }
    if (each.op === 'pause') this.#isReading[end] = false
  }

  #call(end: End, each: Step, isRead: boolean, called: (error?: unknown) => void): unknown {
    const socket = this.#ends[end] as Socket
    switch (each.op) {
      case 'write': {
        const { content: what, encoding } = each
        // Whether there is room depends on what the system takes at once.
        socket.write(bytesOf(what, isRead), encoding, called)
        return undefined
      }
      case 'cork': {
        const { contents, isLeft } = each
        socket.cork()
        for (const what of contents) socket.write(bytesOf(what, isRead && !isLeft), called)
        // What an echo stops to read for is chance, and so is how much it has read by then.
        if (!isLeft || this.#howReads(end) === 'echo') socket.uncork()
        return undefined
      }
      case 'end': {
        const { content: what } = each
        if (what === undefined) return socket.end(called)
        return socket.end(bytesOf(what, isRead), called)
      }
      case 'destroy': {
        const { isError } = each
        return socket.destroy(isError ? new Error('mine') : undefined)
      }
      case 'read':
        return socket.read(each.size) as unknown
      case 'setEncoding':
        return socket.setEncoding(each.encoding)
      case 'setTimeout':
        return socket.setTimeout(100_000)
      case 'address':
        return Object.keys(socket.address())
      case 'removeListeners':
        return socket.removeAllListeners('end').removeAllListeners('finish')
      default:
        return (socket as unknown as Record<string, () => unknown>)[each.op]?.()
    }
  }

  /** Everything that can be seen of an end now. */
  #note(when: string): void {
    const { log } = this.#world
    for (const [end, socket] of Object.entries(this.#ends) as [End, Socket][]) {
      const { remote: _remote, ...state } = stateOf(socket)
      log.add(end, when, {
        ...state,
        received: log.digest(end),
        bytesRead: hasReadAll(socket) ? socket.bytesRead : 'unknown',
        bytesWritten: this.#isCounted(end, socket) ? socket.bytesWritten : 'unknown',
        encoding: socket.readableEncoding,
        corked: socket.writableCorked,
      })
    }
  }

  /** What found no connection counts for ever with Node, and what failed counts only with ours. */
  #isCounted(end: End, socket: Socket): boolean {
    const isConnected = end === 'server' || this.#world.log.count(end, 'connect') > 0
    return isConnected && (socket as { errored?: unknown }).errored === null
  }

  /** Waits until nothing comes any more. */
  async #quiet(): Promise<void> {
    const { log } = this.#world
    const seen = (): string =>
      JSON.stringify([
        Object.values(log.entries).map((entries) => entries.length),
        Object.values(this.#ends).map((socket) => [
          socket.bytesRead,
          socket.writableLength,
          socket.readableLength,
        ]),
      ])
    let before = seen()
    // Many bytes may stand still for a moment.
    for (let still = 0; still < 3; still += 1) {
      await this.#world.settle()
      const now = seen()
      if (now !== before) still = -1
      before = now
    }
  }
}

/** Runs a program as a scenario. */
export async function runProgram(world: World, given: Program): Promise<void> {
  await new Run(world, given).run()
}
