import type { AsyncResource } from 'node:async_hooks'
import dns from 'node:dns'
import { isIP } from 'node:net'
import { clearTimeout, setTimeout } from 'node:timers'
import type { SocketOptionValues } from '../option-values.ts'
import { own, signalOf, timeoutOf } from '../check.ts'
import {
  type Place,
  aborted,
  engineClosed,
  failure,
  invalidHostname,
  invalidValue,
  notFound,
  socketClosed,
  systemError,
} from '../errors.ts'
import type { Connection } from './connection.ts'
import { Deferred } from './deferred.ts'
import { connectOptionsOf } from './initial-options.ts'
import type { Machine } from './machine.ts'
import {
  Field,
  Flag,
  type Numbers,
  type Settings,
  type ConnectionOptions,
  clientDeadlines,
  newNumbers,
  pathOf,
  portOf,
  raise,
  settingsOf,
  textOf,
} from './options.ts'
import { type Attempt, openConnection } from './open-connection.ts'
import type { Socket } from './socket.ts'
import { tellConnectError } from './telemetry.ts'

/**
 * Options of {@link Engine.connect}. Own properties only; unknown ones are ignored.
 *
 * @example
 * ```ts
 * import { type ConnectOptions, connect, listen } from 'mio-js/engine'
 *
 * const server = listen({ hostname: '127.0.0.1' })
 * const options: ConnectOptions = { hostname: '127.0.0.1', port: server.port, timeout: 5_000 }
 * const socket = await connect(options)
 * socket.close()
 * await server.close()
 *
 * const refused = { ...options, signal: AbortSignal.timeout(5_000) }
 * await connect(refused).catch((error) => console.log(error.code)) // ECONNREFUSED
 * ```
 */
export interface ConnectOptions<T = undefined> extends ConnectionOptions<T> {
  /** A literal address, or a name that `node:dns` looks up. Default: `localhost`. */
  readonly hostname?: string | undefined
  /** 0 to 65535. Needed unless there is a `path`. */
  readonly port?: number | undefined
  /** A Unix socket, on Windows a named pipe (`\\.\pipe\name`), instead of hostname and port. */
  readonly path?: string | undefined
  /** A literal address of this machine to connect from. */
  readonly localAddress?: string | undefined
  /** A port to connect from, 0 to 65535. Default: the system's choice. */
  readonly localPort?: number | undefined
  /** Rejects with an `AbortError`. Has no effect once the socket is open. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for all of it, then it rejects with `ETIMEDOUT`. Default: none. */
  readonly timeout?: number | undefined
  /** Options of the socket before it connects. All but `fastOpenConnect`. */
  readonly options?: SocketOptionValues | undefined
}

const maxDelay = 2 ** 31 - 1

/**
 * One connect: the addresses of a name are tried one after another, and the error of the last one
 * counts.
 */
export class Connector implements Attempt {
  readonly #machine: Machine
  readonly #resource: AsyncResource
  readonly #numbers: Numbers = newNumbers()
  readonly #options: Uint8Array
  readonly #settings: Settings
  readonly #hostname: string
  readonly #path: string | undefined
  readonly #localAddress: string | undefined
  readonly #signal: AbortSignal | undefined
  readonly #timeout: number
  readonly #result = new Deferred<Socket<unknown>>()
  #data: unknown
  #addresses: string[] = []
  #place: Place
  #error: Error | undefined
  #connection: Connection | undefined
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  /** `resource` is the context of the one who connects. */
  constructor(machine: Machine, resource: AsyncResource, bag: object) {
    this.#machine = machine
    this.#resource = resource
    const numbers = this.#numbers
    this.#settings = settingsOf(bag, clientDeadlines, numbers)
    this.#options = connectOptionsOf(bag, numbers)
    this.#path = pathOf(bag)
    this.#hostname = textOf(bag, 'hostname') ?? 'localhost'
    // A resolver would see the name end there, and find another host.
    if (this.#hostname.includes('\0')) {
      throw invalidValue('options.hostname', 'a name without null bytes', this.#hostname)
    }
    this.#localAddress = textOf(bag, 'localAddress')
    if (this.#localAddress !== undefined && isIP(this.#localAddress) === 0) {
      throw invalidHostname('options.localAddress', this.#localAddress)
    }
    numbers[Field.LOCAL_PORT] = portOf(own(bag, 'localPort'), 0)
    this.#signal = signalOf(own(bag, 'signal'))
    this.#timeout = Math.min(timeoutOf(own(bag, 'timeout')), maxDelay)
    if (this.#path === undefined) {
      const port = portOf(own(bag, 'port'))
      numbers[Field.PORT] = port
      this.#place = { address: this.#hostname, port }
    } else {
      raise(numbers, Flag.PATH)
      this.#place = { address: this.#path }
    }
  }

  start(): Promise<Socket<unknown>> {
    if (this.#signal?.aborted === true) throw aborted(this.#signal)
    const { data } = this.#settings
    this.#data = data?.()
    this.#signal?.addEventListener('abort', this.#onAbort)
    if (this.#timeout < maxDelay) this.#timer = setTimeout(this.#onTime, this.#timeout)
    if (this.#path !== undefined) this.#tryAll([this.#path])
    else if (isIP(this.#hostname) !== 0) this.#tryAll([this.#hostname])
    else this.#lookUp()
    return this.#result.promise
  }

  #lookUp(): void {
    const family = this.#localAddress === undefined ? 0 : isIP(this.#localAddress)
    dns.lookup(this.#hostname, { all: true, family }, (error, found) => {
      if (this.#isOver) return
      if (error === null) {
        this.#tryAll(found.map(({ address }) => address))
        return
      }
      tellConnectError(this.#hostname, this.#place.port, error)
      this.#fail(error)
    })
  }

  #tryAll(addresses: string[]): void {
    this.#addresses = addresses
    this.#tryNext()
  }

  #tryNext(): void {
    for (;;) {
      if (this.#machine.isClosing) {
        this.#fail(engineClosed())
        return
      }
      const address = this.#addresses.shift()
      if (address === undefined) {
        this.#fail(this.#error ?? notFound(this.#hostname))
        return
      }
      if (this.#try(address)) return
    }
  }

  /** Whether the attempt has begun. */
  #try(address: string): boolean {
    this.#place = { address, port: this.#place.port }
    const connection = openConnection(
      this.#machine,
      this.#resource,
      this.#settings,
      this.#numbers,
      this.#options,
      address,
      this.#localFor(address),
      this,
    )
    if (typeof connection === 'number') {
      this.#error = failure(connection, 'connect', this.#place)
      this.#tellError(this.#error)
      return false
    }
    connection.socket.data = this.#data
    this.#connection = connection
    return true
  }

  /** A local port alone needs an address of the right family to go with it. */
  #localFor(address: string): string {
    if (this.#path !== undefined) return ''
    if (this.#localAddress !== undefined) return this.#localAddress
    if (this.#numbers[Field.LOCAL_PORT] === 0) return ''
    return isIP(address) === 6 ? '::' : '0.0.0.0'
  }

  /** The delivery tells, before the socket's `open`. */
  connected(connection: Connection): void {
    this.#end()
    this.#result.resolve(connection.socket)
  }

  /** The delivery tells; also when the attempt was given up here. */
  failed(code: number, syscall: string): void {
    if (this.#isOver) return
    this.#error =
      code === 0 ? socketClosed() : failure(code, syscall || 'connect', this.#placeOf(syscall))
    if (code !== 0) this.#tellError(this.#error)
    this.#tryNext()
  }

  #tellError(error: Error): void {
    tellConnectError(this.#place.address, this.#place.port, error)
  }

  /** Whose address an error is about. */
  #placeOf(syscall: string): Place {
    if (syscall !== 'bind') return this.#place
    const address = this.#localFor(this.#place.address)
    const port = this.#numbers[Field.LOCAL_PORT]
    return port === 0 ? { address } : { address, port }
  }

  readonly #onAbort = (): void => {
    this.#giveUp(aborted(this.#signal as AbortSignal))
  }

  readonly #onTime = (): void => {
    const error = systemError('ETIMEDOUT', 'connect', this.#place)
    this.#tellError(error)
    this.#giveUp(error)
  }

  #giveUp(error: Error): void {
    if (this.#isOver) return
    this.#fail(error)
    this.#connection?.terminate()
  }

  #fail(error: Error): void {
    this.#end()
    this.#result.reject(error)
  }

  #end(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    try {
      this.#signal?.removeEventListener('abort', this.#onAbort)
    } catch {
      // It is an object of the program's, and the connect is over all the same.
    }
  }
}
