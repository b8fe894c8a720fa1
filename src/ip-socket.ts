import { native } from './binding.ts'
import { checkInteger } from './check.ts'
import { check } from './errors.ts'
import { type SocketAddr, decodeScratch, scratch } from './socket-addr.ts'
import type { SocketOptions } from './socket-options.ts'
import { optionsOf } from './source-options.ts'
import { IoSource, handleOf } from './source.ts'
import { takeError } from './take-error.ts'

/** What TCP and UDP sockets have in common. */
export abstract class IpSocket extends IoSource {
  /** The options of the socket: buffers, keepalive, marks, … */
  get options(): SocketOptions {
    return optionsOf(this)
  }

  /** The address that the socket is bound to. @throws a system error. */
  localAddr(): SocketAddr {
    check(native.localAddr(handleOf(this), scratch), 'getsockname')
    return decodeScratch()
  }

  /** `IP_TTL`: how many hops a packet may travel, 1 to 255. */
  ttl(): number {
    return check(native.ttl(handleOf(this)), 'getsockopt')
  }

  /** Sets `IP_TTL`, 1 to 255. @throws `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`; a system error. */
  setTtl(ttl: number): void {
    checkInteger('ttl', ttl, 1, 255)
    check(native.setTtl(handleOf(this), ttl), 'setsockopt')
  }

  /** Reads and clears `SO_ERROR`: the pending error of the socket, or `null`. */
  takeError(): Error | null {
    return takeError(this)
  }
}
