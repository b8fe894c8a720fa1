import { native } from './binding.ts'
import { check } from './errors.ts'
import type { SocketOptions } from './socket-options.ts'
import { optionsOf } from './source-options.ts'
import { IoSource, handleOf } from './source.ts'
import { takeError } from './take-error.ts'
import { type UnixAddr, decodeUnixScratch, unixScratch } from './unix-addr.ts'

/** What Unix sockets have in common. Windows has none: there every factory throws. */
export abstract class UnixSocket extends IoSource {
  /** The options of the socket: those of `SOL_SOCKET`, as a Unix socket has no others. */
  get options(): SocketOptions {
    return optionsOf(this)
  }

  /** The address that the socket is bound to; unnamed if it is not. @throws a system error. */
  localAddr(): UnixAddr {
    check(native.unixLocalAddr(handleOf(this), unixScratch), 'getsockname')
    return decodeUnixScratch()
  }

  /** Reads and clears `SO_ERROR`: the pending error of the socket, or `null`. */
  takeError(): Error | null {
    return takeError(this)
  }
}
