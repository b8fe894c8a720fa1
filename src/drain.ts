/**
 * The loops that edge-triggered events ask for: until would-block. A source that is left before
 * that stays silent, which is the usual mistake; docs/edge-triggered.md explains it.
 *
 * `onConnection`, `onBytes` and `onDatagram` may return `false` to stop, close the source, or throw.
 */
import { native } from './binding.ts'
import { WOULD_BLOCK, failure, invalidType, invalidValue } from './errors.ts'
import { type IoSource, handleOf, isOpen } from './source.ts'
import { orNull } from './transfer.ts'

const { read } = native

interface Acceptor<Stream, Address> extends IoSource {
  accept(): [Stream, Address] | null
}

/**
 * How many connections in a row may have died in the queue. A filter of system calls may refuse
 * `accept` with one of the errors that tell of that (EPERM), and takes nothing from the queue then.
 */
const maxAborted = 64

/** Accepts until nobody waits, and returns how many connections `onConnection` got. */
export function acceptAll<Stream, Address>(
  listener: Acceptor<Stream, Address>,
  onConnection: (stream: Stream, address: Address) => unknown,
): number {
  if (typeof onConnection !== 'function') {
    throw invalidType('onConnection', 'a function', onConnection)
  }
  let count = 0
  do {
    const accepted = acceptNext(listener)
    if (accepted === null) break
    count += 1
    if (onConnection(accepted[0], accepted[1]) === false) break
  } while (isOpen(listener))
  return count
}

/** The next connection that is alive. */
function acceptNext<Stream, Address>(
  listener: Acceptor<Stream, Address>,
): [Stream, Address] | null {
  for (let aborted = 1; ; aborted += 1) {
    try {
      return listener.accept()
    } catch (error) {
      const isAborted = (error as NodeJS.ErrnoException).code === 'ERR_CONNECTION_ABORTED'
      if (!isAborted || aborted === maxAborted) throw error
    }
  }
}

/**
 * Receives until no datagram waits, and returns how many there were. `receive` puts the address of
 * the sender where `addressOf` finds it.
 */
export function receiveAll<Address>(
  source: IoSource,
  receive: (handle: number) => number,
  addressOf: () => Address,
  onDatagram: (count: number, from: Address) => unknown,
): number {
  if (typeof onDatagram !== 'function') throw invalidType('onDatagram', 'a function', onDatagram)
  const handle = handleOf(source)
  for (let received = 1; ; received += 1) {
    const count = receive(handle)
    if (count === WOULD_BLOCK) return received - 1
    if (count < 0) throw failure(count, 'recvfrom')
    const isEnough = onDatagram(count, addressOf()) === false
    if (isEnough || handleOf(source) !== handle) return received
  }
}

/** Reads until nothing is there (`null`) or the end (`true`); `false` when `onBytes` stopped it. */
export function readAll(
  source: IoSource,
  buffer: NodeJS.ArrayBufferView,
  onBytes: (count: number) => unknown,
): boolean | null {
  if (typeof onBytes !== 'function') throw invalidType('onBytes', 'a function', onBytes)
  for (;;) {
    const count = read(handleOf(source), buffer)
    if (count > 0) {
      if (onBytes(count) === false || !isOpen(source)) return false
    } else if (count === 0) {
      // Without room nothing is read, which must not be taken for the end.
      if (buffer.byteLength > 0) return true
      throw invalidValue('buffer', 'a view with room', buffer)
    } else {
      return orNull(count, 'read')
    }
  }
}
