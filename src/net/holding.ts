import type { State } from './state.ts'

/**
 * Lets a connection keep the process alive while it waits for something: it reads, or has bytes that
 * the system does not have. One that is paused, or whose peer has ended, waits for nothing.
 */
export function holdWhileActive(state: State): void {
  const { link, isUnref } = state
  if (link === undefined) return
  // Asked of one that is unref'd as well: who waits for a drain learns of a failure at once.
  // All may be sent, and the event that tells it still be on its way.
  const isCalledBack = state.writing !== undefined || state.finishing !== undefined
  const isWaiting = isReceiving(state) || !link.flushed() || isCalledBack
  if (isWaiting && !isUnref) link.ref()
  else link.unref()
}

export function isReceiving({ isReading, isPeerEnded }: State): boolean {
  return isReading && !isPeerEnded
}
