import { native } from './binding.ts'
import { checkInteger } from './check.ts'
import { readAll } from './drain.ts'
import { check } from './errors.ts'
import { Kind } from './kind.ts'
import { PipeEnd } from './pipe-end.ts'
import { type SharedSource, share, takeShared } from './shared.ts'
import { handleOf, key } from './source.ts'
import { orNull, transfer } from './transfer.ts'
import { tryIo } from './try-io.ts'

// Constants of the module, as a property of the table costs a look-up for each call.
const { read, readVectored } = native

/** The receiver of a handle that is new. */
export let receiverOf: (handle: number) => Receiver

/**
 * The reading end of a pipe or FIFO: of `pipe()`, or of a child process that writes to it. Readable
 * when something is there, and at the end, when nobody has the writing end any more.
 *
 * Windows has none: see `NamedPipe`.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { spawn } from 'node:child_process'
 * import { Events, Interest, Poll, Token, pipe } from 'mio-js'
 *
 * const poll = new Poll()
 * const events = Events.withCapacity(8)
 * const [sender, receiver] = pipe()
 * poll.registry.register(receiver, Token(0), Interest.READABLE)
 * sender.setNonblocking(false) // for the child
 * const child = spawn('echo', ['hello'], { stdio: ['ignore', sender.asRawFd(), 'inherit'] })
 * sender.close() // the child has its own
 *
 * const buffer = Buffer.alloc(1024)
 * let text = ''
 * const add = (count: number): void => void (text += buffer.toString('utf8', 0, count))
 * while (receiver.readAll(buffer, add) !== true) await poll.pollAsync(events)
 * console.log(text.trim()) // hello
 * await new Promise((resolve) =>
 *   child.exitCode === null ? child.once('exit', resolve) : resolve(0),
 * )
 * receiver.close()
 * poll.close()
 * ```
 */
export class Receiver extends PipeEnd {
  private constructor(handle: number, secret: symbol) {
    super(handle, secret)
  }

  static {
    receiverOf = (handle) => new Receiver(handle, key)
  }

  /**
   * Takes ownership of a descriptor: nothing else may close it from now on. Its modes stay as they
   * are, as other processes may share them: {@link Receiver.setNonblocking} is for one that blocks.
   *
   * @throws `ERR_INVALID_FD_TYPE` for what is no pipe, or its writing end; `EBADF`; `ERR_FD_OWNED`
   * for one of this thread's sources; `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`;
   * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows. The descriptor is unchanged then.
   */
  static fromRawFd(fd: number): Receiver {
    checkInteger('fd', fd, 0, 2 ** 31 - 1)
    return receiverOf(check(native.receiverFromRaw(fd), 'fd'))
  }

  /**
   * Takes over a receiver that {@link Receiver.share} gave away, in whichever thread.
   *
   * @throws as {@link TcpListener.from}.
   */
  static from(shared: SharedSource<'Receiver'>): Receiver {
    return receiverOf(takeShared(shared, 'Receiver'))
  }

  /** Gives the receiver to another thread, as {@link TcpStream.share}. @throws `ERR_SOURCE_CLOSED`. */
  share(): SharedSource<'Receiver'> {
    return share(this, 'Receiver')
  }

  /**
   * Reads into `buffer` and returns the number of bytes: 0 at the end, when all writing ends are
   * closed, `null` when nothing is there. A buffer without room reads 0 bytes as well. Offsets and
   * lengths are in bytes.
   *
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`, `ERR_BUFFER_DETACHED`; `ERR_SOURCE_CLOSED`.
   */
  read(buffer: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = transfer(read, handleOf(this), buffer, offset, length)
    return count >= 0 ? count : orNull(count, 'read')
  }

  /**
   * Reads into `buffer` until nothing more is there: `true` at the end, `null` when an event tells
   * of more, `false` when `onBytes` stopped it. As {@link TcpStream.readAll}.
   */
  readAll(buffer: NodeJS.ArrayBufferView, onBytes: (count: number) => unknown): boolean | null {
    return readAll(this, buffer, onBytes)
  }

  /**
   * Reads into several buffers, in order, by one system call: at most 1024 buffers and 2 GiB.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for buffers that overlap; as {@link Receiver.read}.
   */
  readVectored(buffers: readonly NodeJS.ArrayBufferView[]): number | null {
    const count = readVectored(handleOf(this), buffers)
    return count >= 0 ? count : orNull(count, 'readv')
  }

  /**
   * Runs an operation on the bare descriptor that this class does not have, and returns its result:
   * `null` for would-block.
   *
   * @throws `ERR_SOURCE_CLOSED`, without running it; what it throws.
   */
  tryIo<T>(operation: () => T | null): T | null {
    return tryIo(this, Kind.Receiver, operation)
  }
}
