import { native } from './binding.ts'
import { checkInteger } from './check.ts'
import { check } from './errors.ts'
import { IoSource, key } from './source.ts'

/**
 * A descriptor of somebody else's, watched for readiness: a terminal, a FIFO, an eventfd, a timerfd,
 * inotify, another `Poll` ({@link Poll.asRawFd}), a socket of another library.
 *
 * It is borrowed: reading, writing and closing it is its owner's business, and {@link SourceFd.close}
 * only deregisters. Make it non-blocking, and after an event use it until it says `EAGAIN`, else no
 * further event may come. Character devices that are always ready (`/dev/null`) are `EPERM` when
 * they are registered on Linux.
 *
 * Deregister before the owner closes it, since systems know numbers alone. Once the number has come
 * to another open file, what was registered under it is registered nowhere: `deregister` throws
 * then, and closing the SourceFd takes nothing away from the number's new owner.
 *
 * A Poll takes each descriptor once: a SourceFd for a socket of this package that is registered with
 * the same Poll, or a second SourceFd, is `ERR_SOURCE_ALREADY_REGISTERED`.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { Events, Interest, Poll, SourceFd, Token, pipe } from 'mio-js'
 *
 * const poll = new Poll()
 * const events = Events.withCapacity(8)
 * const [sender, receiver] = pipe()
 * const fd = receiver.asRawFd() // or any descriptor that can be polled
 * const source = new SourceFd(fd)
 * poll.registry.register(source, Token(5), Interest.READABLE)
 *
 * sender.write(Buffer.from('!'))
 * await poll.pollAsync(events)
 * for (const event of events) console.log(event.token) // 5
 *
 * source.close() // the descriptor stays open
 * for (const open of [sender, receiver, poll]) open.close()
 * ```
 */
export class SourceFd extends IoSource {
  /**
   * @throws `EBADF` for what is not open; `ERR_INVALID_FD_TYPE` for a regular file or a directory,
   * which are always ready; `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`;
   * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows.
   */
  constructor(fd: number) {
    checkInteger('fd', fd, -(2 ** 31), 2 ** 31 - 1)
    super(check(native.borrow(fd), 'fd'), key)
  }

  /** Deregisters, and leaves the descriptor to its owner. Closing again does nothing. */
  override close(): void {
    super.close()
  }
}
