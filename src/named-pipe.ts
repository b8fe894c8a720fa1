import { native } from './binding.ts'
import { checkInteger } from './check.ts'
import { check, failure, invalidThis, invalidType, unavailableHere } from './errors.ts'
import { onWindows } from './raw.ts'
import { IoSource, handleOf, key } from './source.ts'
import { orNull, transfer } from './transfer.ts'

// Constants of the module, as a property of the table costs a look-up for each call.
const { read, readVectored, write, writeVectored } = native

/** What a NamedPipe can be made from besides a name. */
class Opened {
  constructor(readonly handle: number) {}
}

/**
 * One end of a named pipe of Windows: a stream of bytes in both directions between a server, made by
 * `new NamedPipe(name)`, and one client at a time. Elsewhere none can be made:
 * `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM`.
 *
 * mio keeps buffers for it: a read takes from what was read ahead, and a write says what is queued,
 * not what is delivered. They are filled and emptied while its Poll is being polled.
 *
 * - It belongs to the first Poll that it is registered with, for life: any other one answers
 *   `ERR_SOURCE_REGISTERED_ELSEWHERE`, also after `deregister`.
 * - Before it is registered, connecting, reading and writing are `ERR_SOURCE_NOT_REGISTERED`.
 * - Events come for both directions, whatever the interest was.
 * - What is still queued when it is closed is sent while its Poll goes on being polled, and only then
 *   does its peer hear of the close.
 *
 * @example
 * ```ts
 * // Windows alone.
 * import { Events, Interest, NamedPipe, Poll, Token } from 'mio-js'
 *
 * const name = `\\\\.\\pipe\\mio-js-${process.pid}`
 * const poll = new Poll()
 * const events = Events.withCapacity(8)
 * const server = new NamedPipe(name)
 * poll.registry.register(server, Token(0), Interest.READABLE.add(Interest.WRITABLE))
 * server.connect() // null until there is a client
 * const client = NamedPipe.open(name)
 * poll.registry.register(client, Token(1), Interest.READABLE.add(Interest.WRITABLE))
 * while (client.write(Buffer.from('hello')) === null) await poll.pollAsync(events)
 *
 * const buffer = Buffer.alloc(64)
 * let count = server.read(buffer)
 * while (count === null) {
 *   await poll.pollAsync(events)
 *   count = server.read(buffer)
 * }
 * console.log(buffer.toString('utf8', 0, count)) // hello
 * for (const open of [client, server, poll]) open.close()
 * ```
 */
export class NamedPipe extends IoSource {
  /**
   * Makes the server's end of a pipe, with room for 64 KiB in each direction.
   *
   * @param name As in `\\.\pipe\name`.
   * @throws `EADDRINUSE` for a name that exists; `EACCES` for what is no name of a pipe;
   * `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for one with NUL in it.
   */
  constructor(name: string)
  /** @internal */
  constructor(name: string | Opened)
  constructor(name: string | Opened) {
    super(name instanceof Opened ? name.handle : named(name, native.namedPipeCreate, 'bind'), key)
  }

  /**
   * Opens the client's end of a pipe. mio leaves that to `std::fs`, which JavaScript does not have:
   * `fs.open` opens files for calls that block. Then register it, and wait for an event.
   *
   * @throws `ENOENT` for a name that nobody has; `EBUSY` while the server has another client, or
   * does not wait for one; `EPERM`; `ERR_INVALID_FD_TYPE` for what is no pipe; as the constructor.
   */
  static open(name: string): NamedPipe {
    return new NamedPipe(new Opened(named(name, native.namedPipeOpen, 'connect')))
  }

  /**
   * Takes ownership of the `HANDLE` of a named pipe that was opened with `FILE_FLAG_OVERLAPPED` and
   * belongs to no completion port: registering it is `EINVAL` otherwise.
   *
   * @throws `ERR_INVALID_FD_TYPE` for what is no named pipe; `EBADF`; `ERR_FD_OWNED`;
   * `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`.
   */
  static fromRawHandle(handle: number): NamedPipe {
    checkInteger('handle', handle, 0, 2 ** 32 - 1)
    return new NamedPipe(new Opened(check(onlyWindows(handle, native.namedPipeFromRaw), 'handle')))
  }

  /**
   * Waits for a client, on the server's end: `true` when there is one, `null` when not yet, and then
   * the next writable event tells. After that event {@link NamedPipe.takeError} says whether it went
   * well.
   *
   * @throws `ERR_SOURCE_NOT_REGISTERED`; a system error.
   */
  connect(): true | null {
    const outcome = native.namedPipeConnect(handleOf(this))
    return outcome < 0 ? orNull(outcome, 'connect') : true
  }

  /**
   * Drops the client, on the server's end, with everything that was not read or not sent yet.
   * {@link NamedPipe.connect} waits for the next one.
   */
  disconnect(): void {
    check(native.namedPipeDisconnect(handleOf(this)), 'disconnect')
  }

  /** Why waiting for a client failed, once; `null` if it did not. */
  takeError(): Error | null {
    const code = check(native.takeError(handleOf(this)), 'connect')
    return code === 0 ? null : failure(-code, 'connect')
  }

  /**
   * Reads into `buffer` and returns the number of bytes: 0 when the peer has closed its end, `null`
   * when nothing is there. Offsets and lengths are in bytes.
   *
   * @throws `ERR_SOURCE_NOT_REGISTERED`; a system error; `ERR_INVALID_ARG_TYPE`,
   * `ERR_OUT_OF_RANGE`, `ERR_BUFFER_DETACHED`; `ERR_SOURCE_CLOSED`.
   */
  read(buffer: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = transfer(read, handleOf(this), buffer, offset, length)
    return count >= 0 ? count : orNull(count, 'read')
  }

  /**
   * Reads into several buffers, in order: at most 1024.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for buffers that overlap; as {@link NamedPipe.read}.
   */
  readVectored(buffers: readonly NodeJS.ArrayBufferView[]): number | null {
    const count = readVectored(handleOf(this), buffers)
    return count >= 0 ? count : orNull(count, 'readv')
  }

  /**
   * Queues bytes and returns how many: at most 1 MiB. `null` while the write before is under way; a
   * writable event tells when it is over. Why it failed is told by the next one.
   *
   * @throws `EPIPE` when the peer has closed its end; as {@link NamedPipe.read}.
   */
  write(bytes: NodeJS.ArrayBufferView, offset?: number, length?: number): number | null {
    const count = transfer(write, handleOf(this), bytes, offset, length)
    return count >= 0 ? count : orNull(count, 'write')
  }

  /**
   * Queues the bytes of several buffers, in order: at most 1024 buffers and 1 MiB.
   *
   * @throws as {@link NamedPipe.write}.
   */
  writeVectored(buffers: readonly NodeJS.ArrayBufferView[]): number | null {
    const count = writeVectored(handleOf(this), buffers)
    return count >= 0 ? count : orNull(count, 'writev')
  }

  /** Does nothing, and does not wait for what is queued: it is here because mio has it. */
  flush(): void {
    check(native.flush(handleOf(this)), 'flush')
  }

  /** The `HANDLE`, which stays the pipe's. */
  asRawHandle(): number {
    return check(onWindows(handleOf(this), native.sourceRaw), 'handle')
  }

  /** @throws `ERR_INVALID_THIS`: it is no socket, see {@link NamedPipe.asRawHandle}. */
  override asRawSocket(): number {
    throw invalidThis()
  }

  /** @throws `ERR_INVALID_THIS`: it is no socket, and mio does not give its handle away. */
  override intoRawSocket(): number {
    throw invalidThis()
  }
}

/** The handle that an operation on a name makes. */
function named(name: string, operation: (name: string) => number, syscall: string): number {
  if (typeof name !== 'string') throw invalidType('name', 'a string', name)
  const handle = onlyWindows(name, operation)
  if (handle < 0) throw failure(handle, syscall, { address: name })
  return handle
}

function onlyWindows<T>(argument: T, operation: (argument: T) => number): number {
  if (process.platform !== 'win32') throw unavailableHere('There are no named pipes')
  return operation(argument)
}
