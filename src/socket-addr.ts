import { checkInteger, own } from './check.ts'
import { badPort, invalidAddress, invalidType } from './errors.ts'

/**
 * An address in the form that programs write.
 *
 * @example
 * ```ts
 * import { SocketAddr, type SocketAddrInit } from 'mio-js'
 *
 * const init: SocketAddrInit = { address: 'fe80::1', port: 7000, scopeId: 2 }
 * console.log(String(new SocketAddr(init))) // [fe80::1%2]:7000
 * ```
 */
export interface SocketAddrInit {
  /** A literal IPv4 or IPv6 address, the latter with a `%scope` where it needs one. */
  readonly address: string
  /** 0 to 65535. */
  readonly port: number
  /** IPv6 flow information, 32 bits. Default: 0. */
  readonly flowinfo?: number | undefined
  /** Index of the IPv6 interface, 32 bits. Default: 0. A `%scope` in the address wins. */
  readonly scopeId?: number | undefined
}

const key = Symbol('SocketAddr')

/**
 * An IP address and a port. Frozen.
 *
 * @example
 * ```ts
 * import { SocketAddr } from 'mio-js'
 *
 * const address = new SocketAddr('[::1]:7000')
 * console.log(address.family, address.port, String(address)) // IPv6 7000 [::1]:7000
 * ```
 */
export class SocketAddr implements SocketAddrInit {
  /** The address as text, IPv6 as the system writes it. */
  readonly address: string
  /** 0 to 65535. */
  readonly port: number
  /** As in `node:net`. */
  readonly family: 'IPv4' | 'IPv6'
  /** IPv6 only. */
  declare readonly flowinfo?: number
  /** IPv6 only. */
  declare readonly scopeId?: number

  /**
   * @throws `ERR_INVALID_ADDRESS`, `ERR_SOCKET_BAD_PORT`, `ERR_INVALID_ARG_TYPE`,
   * `ERR_OUT_OF_RANGE`. Whether the text is an address at all is found out when it is used.
   */
  constructor(init: SocketAddrInit | string)
  /** @internal */
  constructor(init: Address, secret: symbol)
  constructor(init: unknown, secret?: symbol) {
    const { address, port, flowinfo, scopeId } =
      secret === key ? (init as Address) : addressOf(init)
    this.address = address
    this.port = port
    this.family = address.includes(':') ? 'IPv6' : 'IPv4'
    if (this.family === 'IPv6') {
      this.flowinfo = flowinfo
      this.scopeId = scopeId
    }
    Object.freeze(this)
  }

  /** `ip:port`, or `[ip%scope]:port`. */
  toString(): string {
    if (this.family === 'IPv4') return `${this.address}:${this.port}`
    const isComplete = this.scopeId === 0 || this.address.includes('%')
    const scope = isComplete ? '' : `%${this.scopeId}`
    return `[${this.address}${scope}]:${this.port}`
  }
}

/** An address argument with every field. */
export type Address = Required<{ [K in keyof SocketAddrInit]: NonNullable<SocketAddrInit[K]> }>

/** Reads an address argument of either form, each property once. */
export function addressOf(value: unknown): Address {
  if (typeof value === 'string') return addressOfText(value)
  if (typeof value !== 'object' || value === null) {
    throw invalidType('address', 'a string or an object', value)
  }
  const address = own(value, 'address')
  if (typeof address !== 'string') throw invalidType('address.address', 'a string', address)
  const port = own(value, 'port')
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw badPort(port)
  }
  const flowinfo = u32Of('address.flowinfo', own(value, 'flowinfo'))
  const scopeId = u32Of('address.scopeId', own(value, 'scopeId'))
  return { address, port, flowinfo, scopeId }
}

function u32Of(name: string, value: unknown): number {
  if (value === undefined) return 0
  checkInteger(name, value, 0, 2 ** 32 - 1)
  return value as number
}

/** `ip:port` or `[ip]:port`: without the brackets an IPv6 address has no clear end. */
function addressOfText(text: string): Address {
  const match = /^(?:\[([^[\]]*:[^[\]]*)\]|([^[\]:]*)):([^:]*)$/s.exec(text)
  const address = match?.[1] ?? match?.[2]
  const port = match?.[3]
  if (address === undefined || port === undefined) throw invalidAddress(text)
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw badPort(port)
  return { address, port: Number(port), flowinfo: 0, scopeId: 0 }
}

/** Where native functions put an address: see `encode_address` of the core. */
export const scratch: Uint8Array = Buffer.alloc(58)

/** The address that a native function put into {@link scratch}. */
export function decodeScratch(): SocketAddr {
  const buffer = scratch as Buffer
  const address = buffer.toString('latin1', 12, 12 + (buffer[1] as number))
  const port = buffer.readUInt16LE(2)
  const flowinfo = buffer.readUInt32LE(4)
  const scopeId = buffer.readUInt32LE(8)
  return new SocketAddr({ address, port, flowinfo, scopeId }, key)
}
