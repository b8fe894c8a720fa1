import { AsyncResource } from 'node:async_hooks'
import { isIP } from 'node:net'
import { clearTimeout, setTimeout } from 'node:timers'
import type { Connection } from '../engine/connection.ts'
import type { Machine } from '../engine/machine.ts'
import { machineOf } from '../engine/engine.ts'
import { openConnection } from '../engine/open-connection.ts'
import { Field, Flag, lower, raise } from '../engine/options.ts'
import { tellConnectError } from '../engine/telemetry.ts'
import { engineClosed, errnoOf } from '../errors.ts'
import { clientProfile } from './client-profile.ts'
import { allFailed, blocked, connectionTimeout, placedFailure } from './errors.ts'
import type { Socket } from './socket.ts'
import { stateOf } from './state.ts'

/** One address to try; without a family it is a path. */
export interface Candidate {
  readonly address: string
  readonly family: 4 | 6 | undefined
}

/** Where a connect goes to and comes from. */
export interface Route {
  /** 0 for a path. */
  readonly port: number
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  /** Milliseconds until the next address is tried as well. */
  readonly attemptTimeout: number
}

/** The connect of one socket, from its first address to its last. */
export class Opening {
  readonly #socket: Socket
  readonly #route: Route
  readonly #machine: Machine
  /** The context of the one who connects. */
  readonly #resource = new AsyncResource('MIO_SOCKET')
  readonly #errors: Error[] = []
  #candidates: readonly Candidate[] = []
  #next = 0
  #connection: Connection | undefined
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(socket: Socket, route: Route) {
    this.#socket = socket
    this.#route = route
    this.#machine = machineOf(socket._engine())
  }

  /** One address: its failure is that of the connect. */
  tryOne(candidate: Candidate): void {
    this.#candidates = [candidate]
    this.#tryNext()
  }

  /** Several, one after another, each with some time before the next one is tried instead. */
  tryAll(candidates: readonly Candidate[]): void {
    this.#candidates = candidates
    this.#socket.autoSelectFamilyAttemptedAddresses = []
    this.#tryNext()
  }

  get #isMultiple(): boolean {
    return this.#candidates.length > 1
  }

  /** The socket was destroyed. */
  cancel(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#drop()
  }

  /** Whether it goes to a path. */
  get isPath(): boolean {
    return this.#candidates[0] !== undefined && this.#candidates[0].family === undefined
  }

  #drop(): void {
    this.#connection?.socket.destroy()
    this.#connection = undefined
  }

  #tryNext(): void {
    clearTimeout(this.#timer)
    const candidate = this.#candidates[this.#next]
    if (candidate === undefined) {
      this.#give(this.#errors.length === 0 ? connectionTimeout() : this.#lastError())
      return
    }
    this.#next += 1
    this.#try(candidate)
  }

  #lastError(): Error {
    return this.#isMultiple ? allFailed(this.#errors) : (this.#errors[0] as Error)
  }

  #give(error: Error): void {
    this.#isOver = true
    this.#socket.destroy(error)
  }

  #try(candidate: Candidate): void {
    const { address, family } = candidate
    const { port } = this.#route
    const socket = this.#socket
    if (this.#machine.isClosing) {
      this.#give(engineClosed())
      return
    }
    if (this.#isMultiple && this.#isBlocked(candidate)) {
      this.#failed(candidate, blocked(address))
      return
    }
    if (!this.#isLocalOf(candidate)) {
      this.#give(this.#failure(candidate, errnoOf('EINVAL'), 'bind'))
      return
    }
    if (family === undefined) socket.emit('connectionAttempt', address, undefined, undefined)
    else socket.emit('connectionAttempt', address, port, family)
    if (this.#isOver) return
    if (this.#isBlocked(candidate)) {
      this.#give(blocked(address))
      return
    }
    if (this.#isMultiple) {
      socket.autoSelectFamilyAttemptedAddresses?.push(`${address}:${port}`)
    }
    const code = this.#open(candidate)
    if (code < 0) {
      const error = this.#failure(candidate, code, 'connect')
      this.#tellError(candidate, error)
      // One that could not even begin is no attempt that failed, unless there are others.
      if (this.#isMultiple) this.#failed(candidate, error)
      else this.#give(error)
      return
    }
    if (this.#next < this.#candidates.length) {
      this.#timer = setTimeout(() => this.#timedOut(candidate), this.#route.attemptTimeout)
    }
  }

  /** An address of the other family cannot be what a socket is bound to. */
  #isLocalOf({ family }: Candidate): boolean {
    const { localAddress } = this.#route
    const isAny = localAddress === undefined || family === undefined || this.#isMultiple
    return isAny || isIP(localAddress) === family
  }

  #isBlocked({ address, family }: Candidate): boolean {
    return family !== undefined && this.#socket.blockList?.check(address, `ipv${family}`) === true
  }

  /** A negative number if it could not begin. */
  #open(candidate: Candidate): number {
    const { address, family } = candidate
    if (family !== undefined && isIP(address) !== family) return errnoOf('EINVAL')
    const { port, localPort } = this.#route
    const { settings, numbers } = clientProfile(this.#socket.writableHighWaterMark)
    const state = stateOf(this.#socket)
    if (family === undefined) raise(numbers, Flag.PATH)
    else lower(numbers, Flag.PATH)
    numbers[Field.PORT] = port
    numbers[Field.LOCAL_PORT] = localPort ?? 0
    numbers[Field.FD] = state.bound?.fd ?? -1
    const attempt = {
      connected: () => this.#connected(),
      failed: (code: number, syscall: string) => {
        if (connection === this.#connection) this.#ended(candidate, code, syscall)
      },
    }
    const connection = openConnection(
      this.#machine,
      this.#resource,
      settings,
      numbers,
      noOptions,
      address,
      this.#localFor(candidate),
      attempt,
    )
    // What is refused at once leaves the descriptor here, for `_destroy` to close.
    if (typeof connection === 'number') return connection
    state.bound = undefined
    connection.socket.data = this.#socket
    this.#connection = connection
    return 0
  }

  /** Where to come from: a port alone needs an address. */
  #localFor({ family }: Candidate): string {
    const { localAddress, localPort } = this.#route
    if (family === undefined) return ''
    // Of several addresses each has a family of its own.
    if (localAddress !== undefined && !this.#isMultiple) return localAddress
    if (localPort === undefined || localPort === 0) return ''
    return family === 6 ? '::' : '0.0.0.0'
  }

  #connected(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }

  #ended(candidate: Candidate, code: number, syscall: string): void {
    if (this.#isOver) return
    this.#connection = undefined
    const error = this.#failure(candidate, code, syscall)
    this.#tellError(candidate, error)
    this.#resource.runInAsyncScope(() => {
      if (syscall === 'bind' && !this.#isMultiple) this.#give(error)
      else this.#failed(candidate, error)
    })
  }

  /** An attempt failed; others may be left. */
  #failed(candidate: Candidate, error: Error): void {
    this.#errors.push(error)
    const { address, family } = candidate
    const { port } = this.#route
    const socket = this.#socket
    if (!this.#isMultiple) socket.connecting = false
    if (family === undefined) {
      socket.emit('connectionAttemptFailed', address, undefined, undefined, error)
    } else {
      socket.emit('connectionAttemptFailed', address, port, family, error)
    }
    if (!this.#isOver && !socket.destroyed) this.#tryNext()
  }

  /** The attempt takes too long: it is given up, and the next address tried. */
  #timedOut(candidate: Candidate): void {
    const { address, family } = candidate
    const { port } = this.#route
    this.#drop()
    const error = this.#failure(candidate, errnoOf('ETIMEDOUT'), 'connect')
    this.#tellError(candidate, error)
    this.#errors.push(error)
    this.#socket.emit('connectionAttemptTimeout', address, port, family)
    if (!this.#isOver && this.#socket.connecting) this.#tryNext()
  }

  #tellError({ address, family }: Candidate, error: Error): void {
    tellConnectError(address, family === undefined ? undefined : this.#route.port, error)
  }

  #failure(candidate: Candidate, errno: number, syscall: string): Error {
    const { address, family } = candidate
    // An interface that is not there, and a path that is too long, are wrong addresses for libuv.
    const isWrong = errno === errnoOf('ENODEV') || errno === errnoOf('ENAMETOOLONG')
    const code = isWrong ? errnoOf('EINVAL') : errno
    const { port, localAddress, localPort } = this.#route
    if (syscall === 'bind') {
      return placedFailure(code, syscall, this.#localFor(candidate), localPort)
    }
    if (family === undefined) return placedFailure(code, 'connect', address, undefined)
    const isLocal = localAddress !== undefined && localPort !== undefined && localPort !== 0
    const local = isLocal ? { address: localAddress, port: localPort } : undefined
    return placedFailure(code, 'connect', address, port, local)
  }
}

const noOptions = new Uint8Array(0)
