import { isUtf8 } from 'node:buffer'
import { types } from 'node:util'
import { native } from './binding.ts'
import {
  type Place,
  failure,
  illegalConstructor,
  invalidType,
  invalidValue,
  unavailableHere,
} from './errors.ts'

/**
 * An address in the form that programs write: a path as text, a path as bytes, as which the system
 * has it, or a {@link UnixAddr}.
 *
 * @example
 * ```ts
 * // Not on Windows.
 * import { UnixAddr, type UnixAddrInit } from 'mio-js'
 *
 * const same: UnixAddrInit[] = ['/run/a.sock', Buffer.from('/run/a.sock')]
 * same.push(UnixAddr.fromPathname('/run/a.sock'))
 * console.log(same.length) // 3
 * ```
 */
export type UnixAddrInit = string | Uint8Array | UnixAddr

const key = Symbol('UnixAddr')

/** No system has room for so many bytes, and none is asked to look at more. */
const tooMany = 256

/** Makes the address of what native functions call it. Keeps the buffer. */
let addrOf: (bytes: Buffer) => UnixAddr

/** The bytes of a {@link UnixAddr}; nothing for any other object. */
let bytesOf: (value: object) => Uint8Array | undefined

/**
 * The address of a Unix socket: mio has std's `os::unix::net::SocketAddr` for it. A path, or an
 * abstract name (Linux, Android), or nothing for a socket that is not bound. Frozen.
 *
 * @example
 * ```ts
 * // Linux alone.
 * import { UnixAddr, UnixDatagram } from 'mio-js'
 *
 * const name = UnixAddr.fromAbstractName(`mio-js-example-${process.pid}`) // no file
 * const socket = UnixDatagram.bind(name)
 * console.log(socket.localAddr().path, socket.localAddr().isUnnamed()) // undefined false
 * socket.close()
 * ```
 */
export class UnixAddr {
  /** The path, where it is UTF-8: it can be given to `node:fs`. */
  readonly path: string | undefined
  /** The path's bytes, whatever they are. A copy. */
  readonly pathBytes: Buffer | undefined
  /** The bytes of an abstract name, without the NUL that the system puts before it. A copy. */
  readonly abstractName: Buffer | undefined
  /** As native functions have it: a path, or NUL and an abstract name, or nothing. */
  readonly #bytes: Uint8Array

  private constructor(bytes: Buffer, secret: symbol) {
    if (secret !== key) throw illegalConstructor()
    const isAbstract = bytes[0] === 0
    const isPath = bytes.length > 0 && !isAbstract
    this.path = isPath && isUtf8(bytes) ? bytes.toString() : undefined
    this.pathBytes = isPath ? Buffer.from(bytes) : undefined
    this.abstractName = isAbstract ? Buffer.from(bytes.subarray(1)) : undefined
    this.#bytes = bytes
    Object.freeze(this)
  }

  static {
    addrOf = (bytes) => new UnixAddr(bytes, key)
    bytesOf = (value) => (#bytes in value ? value.#bytes : undefined)
  }

  /**
   * The address of a path, as text or as bytes. The path need not exist.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for an empty path, for one with NUL in it, and for text with
   * lone surrogates; `ENAMETOOLONG` for more than 107 bytes on Linux, 103 on macOS and BSD;
   * `ERR_INVALID_ARG_TYPE`; `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` on Windows.
   */
  static fromPathname(path: string | Uint8Array): UnixAddr {
    if (typeof path !== 'string' && !types.isUint8Array(path)) {
      throw invalidType('path', 'a string or a Uint8Array', path)
    }
    return checked(pathOf('path', path), 'fromPathname')
  }

  /**
   * The address of an abstract name, which has no file, and is free again when the last socket that
   * is bound to it is closed. Any bytes may be in it; those of text are its UTF-8.
   *
   * @throws `ERR_FEATURE_UNAVAILABLE_ON_PLATFORM` elsewhere than on Linux and Android;
   * `ENAMETOOLONG` for more than 107 bytes; `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_ARG_VALUE` for
   * text with lone surrogates.
   */
  static fromAbstractName(name: string | Uint8Array): UnixAddr {
    if (typeof name !== 'string' && !types.isUint8Array(name)) {
      throw invalidType('name', 'a string or a Uint8Array', name)
    }
    if (process.platform !== 'linux' && process.platform !== 'android') {
      throw unavailableHere('There are no abstract names')
    }
    const bytes = Buffer.concat([Buffer.alloc(1), copyOf('name', name)])
    return checked(bytes, 'fromAbstractName')
  }

  /** Whether the socket is bound to nothing, as a client usually is. */
  isUnnamed(): boolean {
    return this.#bytes.length === 0
  }

  /** The path, `@` and the abstract name, or `(unnamed)`: for people, as it may be ambiguous. */
  toString(): string {
    return textOf(this.#bytes)
  }
}

/** What every socket without a name has. */
const unnamed = addrOf(Buffer.alloc(0))

function checked(bytes: Buffer, syscall: string): UnixAddr {
  const outcome = native.unixCheckAddress(bytes)
  if (outcome < 0) throw failure(outcome, syscall, placeOf(bytes))
  return addrOf(bytes)
}

/** The bytes of an address argument of any form, for native functions. */
export function unixBytesOf(value: unknown): Uint8Array {
  if (typeof value === 'string' || types.isUint8Array(value)) return pathOf('address', value)
  const bytes = typeof value === 'object' && value !== null ? bytesOf(value) : undefined
  if (bytes === undefined) {
    throw invalidType('address', 'a string, a Uint8Array or a UnixAddr', value)
  }
  if (bytes.length === 0) {
    throw invalidValue('address', 'an address that has a path or a name', value)
  }
  return bytes
}

function pathOf(name: string, path: string | Uint8Array): Buffer {
  const bytes = copyOf(name, path)
  if (bytes.length === 0 || bytes.includes(0)) {
    throw invalidValue(name, 'a path that is not empty and has no null bytes', path)
  }
  return bytes
}

/** The bytes, up to more than any system takes. */
function copyOf(name: string, value: string | Uint8Array): Buffer {
  if (typeof value !== 'string') {
    const { buffer, byteOffset, length } = value
    // Detached memory has no length, and nothing may be made of it.
    if (length === 0) return Buffer.alloc(0)
    return Buffer.from(new Uint8Array(buffer, byteOffset, Math.min(length, tooMany)))
  }
  const bytes = Buffer.from(value.slice(0, tooMany))
  // A lone surrogate would become another character, and so another file.
  if (value.length <= tooMany && bytes.toString() !== value) {
    throw invalidValue(name, 'well-formed text', value)
  }
  return bytes
}

/** What errors say of an address. */
export function placeOf(bytes: Uint8Array): Place {
  return { address: textOf(bytes) }
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return '(unnamed)'
  const { buffer, byteOffset, length } = bytes
  const text = Buffer.from(buffer, byteOffset, length).toString()
  if (bytes[0] !== 0) return text
  const escape = (byte: string): string => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`
  // oxlint-disable-next-line no-control-regex -- a name may have any byte, a message should not
  return `@${text.slice(1).replaceAll(/[\0-\x1f\x7f]/g, escape)}`
}

/** Where native functions put an address: its length, then its bytes. */
export const unixScratch: Uint8Array = Buffer.alloc(tooMany)

/** The address that a native function put into {@link unixScratch}. */
export function decodeUnixScratch(): UnixAddr {
  const length = unixScratch[0] as number
  return length === 0 ? unnamed : addrOf(Buffer.from(unixScratch.subarray(1, 1 + length)))
}
