/**
 * What {@link Poll.stats} counts, since the Poll was made. Whole numbers.
 *
 * @example
 * ```ts
 * import { Events, Poll, type PollStats, Token, Waker } from 'mio-js'
 *
 * const poll = new Poll()
 * const waker = new Waker(poll.registry, Token(0))
 * waker.wake()
 * poll.poll(Events.withCapacity(8), 1000)
 * const { events, wakes, sources }: PollStats = poll.stats()
 * console.log(events, wakes, sources) // 1 1 0
 * waker.close()
 * poll.close()
 * ```
 */
export interface PollStats {
  /** How often the system was asked for events. A wait that blocks asks every 100 ms. */
  readonly polls: number
  /**
   * How often it had nothing for the program: the time was over, a signal came, or there was a false
   * alarm.
   */
  readonly empty: number
  /** Events that were returned, wakes included. */
  readonly events: number
  /** Events of the {@link Waker}. Several calls of its `wake` may be one. */
  readonly wakes: number
  /** Events that nobody got, since their source was closed or deregistered before the next poll. */
  readonly stale: number
  /** Sources that are registered now. */
  readonly sources: number
}

/** In the order of native code. */
export const pollFields = [
  'polls',
  'empty',
  'events',
  'wakes',
  'stale',
  'sources',
] as const satisfies readonly (keyof PollStats)[]
