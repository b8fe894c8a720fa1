/** What the system calls a socket: a descriptor, and on Windows a `SOCKET`. */
import { type Stats, fstatSync, statSync } from 'node:fs'
import { TcpListener, TcpStream } from 'mio-js'
import { isDeno } from './runtime.js'

const isWindows = process.platform === 'win32'

interface Separable {
  asRawFd(): number
  asRawSocket(): number
  intoRawFd(): number
  intoRawSocket(): number
}

export function asRaw(source: Separable): number {
  return isWindows ? source.asRawSocket() : source.asRawFd()
}

/** Gives it away. */
export function intoRaw(source: Separable): number {
  return isWindows ? source.intoRawSocket() : source.intoRawFd()
}

export function streamOf(raw: number): TcpStream {
  return isWindows ? TcpStream.fromRawSocket(raw) : TcpStream.fromRawFd(raw)
}

export function listenerOf(raw: number): TcpListener {
  return isWindows ? TcpListener.fromRawSocket(raw) : TcpListener.fromRawFd(raw)
}

/** What a number is that stands for nothing. */
export const noSocket = isWindows ? 'ENOTSOCK' : 'EBADF'

/** What a descriptor is; throws `EBADF` where it is none. Deno's `fstatSync` knows its own alone. */
export function statOf(fd: number): Stats {
  if (!isDeno) return fstatSync(fd)
  try {
    return statSync(`/proc/self/fd/${fd}`)
  } catch (error) {
    throw Object.assign(new Error(`there is no ${fd}`, { cause: error }), { code: 'EBADF' })
  }
}
