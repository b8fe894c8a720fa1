/** What scenarios of `node:net` see, without what differs from run to run. */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'

type Entry = unknown

/** Events that tell something by themselves; `data`, `readable` and `drain` depend on chunks. */
const events = [
  'lookup',
  'connectionAttempt',
  'connectionAttemptFailed',
  'connectionAttemptTimeout',
  'connect',
  'ready',
  'pause',
  'resume',
  'finish',
  'end',
  'timeout',
  'error',
  'close',
]

/** Ports that the system chose, in messages and in what `autoSelectFamily` notes. */
/** Where a connect came from that failed at once, which ours does not know. */
const local = / - Local \((0\.0\.0\.0|::|undefined|127\.0\.0\.1):(0|undefined|\d+)\)$/

const port = /(?<=[\w.:\]]:)\d{4,5}\b/g

/** Names of numbers that the system chooses. */
const chosen = new Set(['port', 'localPort', 'remotePort'])

/** What a program can see of a socket that does not depend on the moment. */
export function stateOf(socket: Socket): Record<string, unknown> {
  const { errored } = socket as { errored?: unknown }
  const { code } = (errored ?? {}) as { code?: unknown }
  // A write of an end that fails has failed before that end, or behind it.
  const unknown = code === 'EPIPE' || code === 'ECONNRESET' ? ['writableEnded'] : []
  return {
    readyState: socket.readyState,
    flags: [
      'connecting',
      'pending',
      'destroyed',
      'closed',
      'readable',
      'writable',
      'readableEnded',
      'readableAborted',
      'writableEnded',
      'writableFinished',
      'allowHalfOpen',
    ].filter(
      (name) =>
        !unknown.includes(name) && Boolean((socket as unknown as Record<string, unknown>)[name]),
    ),
    errored:
      errored instanceof Error
        ? ((errored as NodeJS.ErrnoException).code ?? errored.name)
        : errored,
    // Node knows it as soon as the system has chosen it.
    local: socket.connecting
      ? 'unknown'
      : [socket.localAddress, socket.localFamily, typeof socket.localPort],
    // Node forgets it with a socket that is destroyed before it was asked.
    remote: socket.destroyed
      ? 'unknown'
      : [socket.remoteAddress, socket.remoteFamily, typeof socket.remotePort],
  }
}

export class Log {
  /** By the name of who saw it, in order. */
  readonly entries: Record<string, Entry[]> = {}
  readonly #names = new Map<object, string>()
  readonly #chunks = new Map<string, Buffer[]>()
  readonly #masks: [from: string, to: string][] = []
  readonly #ports = new Set<unknown>()

  /** Adds to what `name` has seen. */
  add(name: string, ...what: unknown[]): void {
    ;(this.entries[name] ??= []).push(this.plain(what.length === 1 ? what[0] : what))
  }

  /** How often something was added that is this, or begins with this. */
  count(name: string, what: string): number {
    const seen = this.entries[name] ?? []
    return seen.filter((entry) => entry === what || (Array.isArray(entry) && entry[0] === what))
      .length
  }

  /** Replaces a text that differs from run to run. */
  mask(from: string, to: string): void {
    if (!this.#masks.some(([known]) => known === from)) this.#masks.push([from, to])
  }

  /** Replaces a port that the system chose, wherever it appears as a number. */
  maskPort(number: number): void {
    this.#ports.add(number)
  }

  /** Calls an object by a name from now on. */
  name(name: string, thing: object): void {
    this.#names.set(thing, `<${name}>`)
  }

  /** Keeps all events of a socket with its state, and what it receives if it shall be read. */
  watch(name: string, socket: Socket, isReading = true, without: readonly string[] = []): void {
    this.name(name, socket)
    for (const event of events.filter((each) => !without.includes(each))) {
      socket.on(event, (...args: unknown[]) => {
        const total = ['end', 'error', 'close'].includes(event)
          ? { bytesRead: socket.bytesRead, received: isReading ? this.digest(name) : undefined }
          : {}
        const state = stateOf(socket)
        // Node knows where a connect came from that has failed.
        if (event === 'connectionAttemptFailed') delete state['local']
        // Node does not find it out any more when the peer has gone.
        if (event !== 'connect' && event !== 'ready') delete state['remote']
        this.add(name, event, args, { ...state, ...total })
      })
    }
    if (isReading) {
      socket.on('data', (chunk: Buffer | string) => {
        this.receive(name, chunk)
      })
    }
  }

  receive(name: string, chunk: Buffer | string): void {
    const chunks = this.#chunks.get(name) ?? []
    this.#chunks.set(name, chunks)
    chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk))
  }

  /** All that a socket received that is watched. */
  received(name: string): Buffer {
    return Buffer.concat(this.#chunks.get(name) ?? [])
  }

  digest(name: string): unknown {
    return this.plain(this.received(name))
  }

  /** A callback that adds its arguments. */
  called(name: string, what: string): (this: unknown, ...args: unknown[]) => void {
    return (...args) => {
      this.add(name, `${what} is called`, args)
    }
  }

  /** A value as it is compared: without ports, paths and stacks. */
  plain(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.#text(value)
    if (this.#ports.has(value)) return 'the port'
    if (typeof value === 'function') return `function ${value.name}`
    if (typeof value === 'symbol') return String(value)
    if (typeof value !== 'object' || value === null) return value
    const name = this.#names.get(value)
    if (name !== undefined) return name
    if (depth > 8) return '…'
    if (value instanceof Uint8Array) return bytes(value)
    if (value instanceof Error) return this.#error(value, depth)
    if (Array.isArray(value)) return value.map((item) => this.plain(item, depth + 1))
    return this.#record(value, depth)
  }

  #record(value: object, depth: number): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        chosen.has(key) && typeof item === 'number' && item > 1023
          ? 'a port'
          : this.plain(item, depth + 1),
      ]),
    )
  }

  #error(error: Error, depth: number): Record<string, unknown> {
    const { cause, code, errors } = error as { cause?: unknown; code?: unknown; errors?: unknown }
    return {
      class: error.constructor.name,
      name: error.name,
      // Not every runtime has it where it is enumerated.
      ...(code === undefined ? {} : { code }),
      message: this.#text(error.message),
      ...this.#record(error, depth),
      ...(cause === undefined ? {} : { cause: this.plain(cause, depth + 1) }),
      ...(errors === undefined ? {} : { errors: this.plain(errors, depth + 1) }),
    }
  }

  #text(text: string): string {
    const masked = this.#masks.reduce((rest, [from, to]) => rest.replaceAll(from, to), text)
    return masked.replace(local, '').replace(port, 'PORT')
  }
}

function bytes(value: Uint8Array): string {
  if (value.length <= 64) return `bytes: ${Buffer.from(value).toString('latin1')}`
  return `${value.length} bytes: ${createHash('sha256').update(value).digest('hex')}`
}
