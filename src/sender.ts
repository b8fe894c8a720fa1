import { native } from './binding.ts'
import { checkInteger } from './check.ts'
import { check } from './errors.ts'
import { Kind } from './kind.ts'
import { PipeEnd } from './pipe-end.ts'
import { type SharedSource, share, takeShared } from './shared.ts'
import { handleOf, key } from './source.ts'
import { orNull, transfer } from './transfer.ts'
import { tryIo } from './try-io.ts'

// Constants of the module, as a property of the table costs a look-up for each call.
const { write, writeVectored } = native

/** The sender of a handle that is new. */
export let senderOf: (handle: number) => Sender

/**
 * The writing end of a pipe or FIFO: of `pipe()`, or of a child process that reads from it. Writable
 * when there is room, and with an error when nobody has the reading end any more.
 *
 * Windows has none: see `NamedPipe`.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { spawn } from 'node:child_process'
 * import { pipe } from 'mio-js'
 *
 * const [sender, receiver] = pipe()
 * receiver.setNonblocking(false) // for the child
 * const child = spawn('cat', { stdio: [receiver.asRawFd(), 'pipe', 'inherit'] })
 * receiver.close()
 * sender.write(Buffer.from('hello'))
 * sender.close()
 * child.stdout?.on('data', (chunk: Buffer) => console.log(chunk.toString())) // hello
 * await new Promise((resolve) => child.once('close', resolve))
 * ```
 */
export class Sender extends PipeEnd {
  private constructor(handle: number, secret: symbol) {
    super(handle, secret)
  }

  static {
    senderOf = (handle) => new Sender(handle, key)
  }

  /**
   * Takes ownership of a descriptor: nothing else may close it from now on. Its modes stay as they
   * are, as other processes may share them: {@link Sender.setNonblocking} is for one that blocks.
   *
   * @throws `ERR_INVALID_FD_TYPE` for what is no pipe, or its reading end; `EBADF`; `ERR_FD_OWNED`
   * for one of this thread's sources; `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`;
   * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows. The descriptor is unchanged then.
   */
  static fromRawFd(fd: number): Sender {
    checkInteger('fd', fd, 0, 2 ** 31 - 1)
    return senderOf(check(native.senderFromRaw(fd), 'fd'))
  }

  /**
   * Takes over a sender that {@link Sender.share} gave away, in whichever thread.
   *
   * @throws as {@link TcpListener.from}.
   */
  static from(shared: SharedSource<'Sender'>): Sender {
    return senderOf(takeShared(shared, 'Sender'))
  }

  /** Gives the sender to another thread, as {@link TcpStream.share}. @throws `ERR_SOURCE_CLOSED`. */
  share(): SharedSource<'Sender'> {
    return share(this, 'Sender')
  }

  /**
   * Writes from `bytes` and returns how many the system took, which may be fewer than there are;
   * `null` when it takes none. Offsets and lengths are in bytes. Up to 512 bytes (Linux: 4096) are
   * taken as a whole or not at all.
   *
   * @throws `EPIPE` when nobody has the reading end; `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`,
   * `ERR_BUFFER_DETACHED`; `ERR_SOURCE_CLOSED`.
   */
  write(bytes: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = transfer(write, handleOf(this), bytes, offset, length)
    return count >= 0 ? count : orNull(count, 'write')
  }

  /**
   * Writes from several buffers, in order, by one system call: at most 1024 buffers and 2 GiB.
   *
   * @throws as {@link Sender.write}.
   */
  writeVectored(buffers: readonly NodeJS.ArrayBufferView[]): number | null {
    const count = writeVectored(handleOf(this), buffers)
    return count >= 0 ? count : orNull(count, 'writev')
  }

  /** Does nothing, as a pipe keeps nothing back: it is here because mio has it. */
  flush(): void {
    check(native.flush(handleOf(this)), 'flush')
  }

  /**
   * Runs an operation on the bare descriptor that this class does not have, and returns its result:
   * `null` for would-block.
   *
   * @throws `ERR_SOURCE_CLOSED`, without running it; what it throws.
   */
  tryIo<T>(operation: () => T | null): T | null {
    return tryIo(this, Kind.Sender, operation)
  }
}
