/** What the system calls a socket: a descriptor, and on Windows a `SOCKET`. */
import { TcpListener, TcpStream } from 'mio-js'

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
