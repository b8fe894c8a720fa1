import { native } from './binding.ts'
import { checkBoolean } from './check.ts'
import { check } from './errors.ts'
import { IoSource, handleOf } from './source.ts'

/**
 * What both ends of a pipe have in common.
 *
 * A descriptor that `fromRawFd` takes over keeps its modes, since other processes may share them
 * (standard streams are usually shared with the program that started this one): call
 * {@link PipeEnd.setNonblocking} before using one that blocks, and mind who else gets to see that.
 */
export abstract class PipeEnd extends IoSource {
  /**
   * Sets or clears `O_NONBLOCK`, for all descriptors of this end, in whichever process. A child
   * process usually wants an end that blocks: clear it before passing {@link IoSource.asRawFd} to
   * it, and close this end afterwards.
   */
  setNonblocking(nonblocking: boolean): void {
    checkBoolean('nonblocking', nonblocking)
    check(native.setNonblocking(handleOf(this), nonblocking ? 1 : 0), 'ioctl')
  }
}
