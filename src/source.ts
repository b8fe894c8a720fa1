import { native } from './binding.ts'
import { track, untrack } from './collected.ts'
import { check, illegalConstructor } from './errors.ts'
import { type Interest, bitsOf } from './interest.ts'
import { onUnix, onWindows } from './raw.ts'
import { type Registry, pollOf } from './registry.ts'
import { Token } from './token.ts'

/**
 * What can be registered: mio's `event::Source`. An object of your own may implement it, usually by
 * delegating to the sources that it is made of. {@link Registry} calls the methods with exactly the
 * arguments that it was given, and what they throw passes through.
 *
 * @example
 * ```ts
 * import { type Interest, Poll, type Registry, type Source, Token, UdpSocket } from 'mio-js'
 * import { Interest as Interests } from 'mio-js'
 *
 * // Two sockets that are registered as one.
 * class Pair implements Source {
 *   readonly sockets = [UdpSocket.bind('127.0.0.1:0'), UdpSocket.bind('127.0.0.1:0')]
 *   register(registry: Registry, token: Token, interest: Interest): void {
 *     for (const socket of this.sockets) socket.register(registry, token, interest)
 *   }
 *   reregister(registry: Registry, token: Token, interest: Interest): void {
 *     for (const socket of this.sockets) socket.reregister(registry, token, interest)
 *   }
 *   deregister(registry: Registry): void {
 *     for (const socket of this.sockets) socket.deregister(registry)
 *   }
 * }
 *
 * const poll = new Poll()
 * const pair = new Pair()
 * poll.registry.register(pair, Token(0), Interests.READABLE)
 * for (const open of [...pair.sockets, poll]) open.close()
 * ```
 */
export interface Source {
  /** {@link Registry.register} was called with this source. */
  register(registry: Registry, token: Token, interest: Interest): void
  /** {@link Registry.reregister} was. */
  reregister(registry: Registry, token: Token, interest: Interest): void
  /** {@link Registry.deregister} was. */
  deregister(registry: Registry): void
}

/** The handle of a source that is closed: nobody has it. */
const closed = -1

/** The native handle of a source. Throws a TypeError for what is none. */
export let handleOf: (source: IoSource) => number

/** Whether a source was neither closed nor given away. Throws a TypeError for what is none. */
export let isOpen: (source: IoSource) => boolean

/** Marks a source as closed whose native part has gone elsewhere. */
export let giveAway: (source: IoSource) => void

/** For the subclasses' factories alone. */
export const key: unique symbol = Symbol('IoSource')

/** What all sources of this package have in common. */
export abstract class IoSource implements Source, Disposable {
  #handle: number

  /** @internal */
  constructor(handle: number, secret: symbol) {
    if (secret !== key) throw illegalConstructor()
    this.#handle = handle
    track(this, new.target.name, handle, native.sourceClose)
  }

  static {
    handleOf = (source) => source.#handle
    isOpen = (source) => source.#handle !== closed
    giveAway = (source) => {
      source.#handle = closed
      untrack(source)
    }
  }

  /**
   * What {@link Registry.register} calls.
   *
   * @throws `ERR_SOURCE_ALREADY_REGISTERED`, with whichever Poll; `ERR_TOKEN_IN_USE` for the token
   * of the Poll's Waker; `ERR_POLL_CLOSED`, `ERR_SOURCE_CLOSED`; a system error such as `ENOSPC`.
   */
  register(registry: Registry, token: Token, interest: Interest): void {
    const bits = bitsOf(interest)
    check(native.register(pollOf(registry), this.#handle, Token(token), bits), 'register')
  }

  /**
   * What {@link Registry.reregister} calls.
   *
   * @throws `ERR_SOURCE_NOT_REGISTERED`; `ERR_SOURCE_REGISTERED_ELSEWHERE`; as `register`.
   */
  reregister(registry: Registry, token: Token, interest: Interest): void {
    const bits = bitsOf(interest)
    check(native.reregister(pollOf(registry), this.#handle, Token(token), bits), 'reregister')
  }

  /**
   * What {@link Registry.deregister} calls.
   *
   * @throws `ERR_SOURCE_NOT_REGISTERED`, also when registered with another Poll;
   * `ERR_POLL_CLOSED`, `ERR_SOURCE_CLOSED`.
   */
  deregister(registry: Registry): void {
    check(native.deregister(pollOf(registry), this.#handle), 'deregister')
  }

  /**
   * The file descriptor, which stays the source's: do not close it, and do not use it once the
   * source is closed.
   *
   * @throws `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows: see {@link asRawSocket}.
   */
  asRawFd(): number {
    return check(onUnix(this.#handle, native.sourceRaw), 'fd')
  }

  /** As {@link asRawFd}, for Windows alone: the `SOCKET`. */
  asRawSocket(): number {
    return check(onWindows(this.#handle, native.sourceRaw), 'socket')
  }

  /**
   * Deregisters the source and gives its file descriptor away, which stays open and non-blocking:
   * closing it is the caller's business from now on. The source is closed.
   *
   * @throws `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows: see {@link intoRawSocket}.
   */
  intoRawFd(): number {
    const fd = check(onUnix(this.#handle, native.sourceIntoRaw), 'fd')
    giveAway(this)
    return fd
  }

  /** As {@link intoRawFd}, for Windows alone: the `SOCKET`. */
  intoRawSocket(): number {
    const socket = check(onWindows(this.#handle, native.sourceIntoRaw), 'socket')
    giveAway(this)
    return socket
  }

  /**
   * Deregisters and closes. Later methods throw `ERR_SOURCE_CLOSED`; closing again does nothing.
   */
  close(): void {
    if (this.#handle === closed) return
    check(native.sourceClose(this.#handle), 'close')
    giveAway(this)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
