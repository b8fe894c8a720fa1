import { native } from './binding.ts'
import { check, illegalConstructor, invalidType } from './errors.ts'
import { type Interest, bitsOf } from './interest.ts'
import type { Poll } from './poll.ts'
import { onUnix } from './raw.ts'
import type { Source } from './source.ts'
import { Token } from './token.ts'

const key = Symbol('Registry')

/** The native handle of a registry's Poll; throws for what is no registry. */
export let pollOf: (registry: Registry) => number

/** Makes the registry of a Poll. */
export let registryOf: (poll: Poll, handle: number) => Registry

/**
 * Where sources are registered with a {@link Poll}: `poll.registry`.
 *
 * @example
 * ```ts
 * import { Interest, Poll, Token, UdpSocket } from 'mio-js'
 *
 * const poll = new Poll()
 * const socket = UdpSocket.bind('127.0.0.1:0')
 * const { registry } = poll
 * registry.register(socket, Token(0), Interest.READABLE)
 * registry.reregister(socket, Token(1), Interest.READABLE.add(Interest.WRITABLE))
 * registry.deregister(socket)
 * socket.close()
 * poll.close()
 * ```
 */
export class Registry {
  /** Keeps the Poll from being collected as long as something can be registered. */
  readonly #owner: Poll
  readonly #poll: number

  private constructor(owner: Poll, poll: number, secret: symbol) {
    if (secret !== key) throw illegalConstructor()
    this.#owner = owner
    this.#poll = poll
  }

  static {
    pollOf = (registry) => {
      const isRegistry = typeof registry === 'object' && registry !== null && #poll in registry
      if (!isRegistry) throw invalidType('registry', 'a Registry', registry)
      return registry.#poll
    }
    registryOf = (owner, poll) => new Registry(owner, poll, key)
  }

  /**
   * Starts to watch a source. Readiness that exists already is reported once.
   *
   * Events are edge-triggered: after one, repeat the operation until it returns `null`, else no
   * further event may come.
   *
   * @throws `ERR_SOURCE_ALREADY_REGISTERED` for a source that is registered, with whichever Poll;
   * `ERR_TOKEN_IN_USE` for the token of the Poll's Waker; `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` for
   * an interest that this system does not have; `ERR_POLL_CLOSED`, `ERR_SOURCE_CLOSED`; a system
   * error (`ENOSPC`, `ENOMEM`). Nothing is registered then.
   */
  register(source: Source, token: Token, interest: Interest): void {
    pollOf(this)
    checked(source, 'register', token, interest).register(this, token, interest)
  }

  /**
   * Replaces token and interest of a registered source, and reports its readiness anew.
   *
   * @throws `ERR_SOURCE_NOT_REGISTERED`; `ERR_SOURCE_REGISTERED_ELSEWHERE`; as
   * {@link Registry.register}. Nothing is changed then.
   */
  reregister(source: Source, token: Token, interest: Interest): void {
    pollOf(this)
    checked(source, 'reregister', token, interest).reregister(this, token, interest)
  }

  /**
   * Stops to watch a source. No later poll returns an event for it; events of the current batch
   * become stale.
   *
   * @throws `ERR_SOURCE_NOT_REGISTERED`, also for one that is registered with another Poll;
   * `ERR_POLL_CLOSED`, `ERR_SOURCE_CLOSED`.
   */
  deregister(source: Source): void {
    pollOf(this)
    if (typeof source?.deregister !== 'function') throw invalidType('source', 'a Source', source)
    source.deregister(this)
  }

  /**
   * The selector's descriptor: {@link Poll.asRawFd}.
   *
   * @throws `ERR_POLL_CLOSED`; `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows.
   */
  asRawFd(): number {
    return check(onUnix(pollOf(this), native.pollRaw), 'fd')
  }

  /** Another registry of the same Poll, equal to this one in everything. */
  tryClone(): Registry {
    return new Registry(this.#owner, this.#poll, key)
  }
}

/** Checks the arguments before a source of the program's own sees them. */
function checked(
  source: Source,
  method: 'register' | 'reregister',
  token: Token,
  interest: Interest,
): Source {
  if (typeof source?.[method] !== 'function') throw invalidType('source', 'a Source', source)
  Token(token)
  bitsOf(interest)
  return source
}
