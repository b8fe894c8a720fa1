import type { TLSSocket } from 'node:tls'
import { createConnection, type Socket } from '../net/index.ts'
import { linkSecure } from './below.ts'

type Options = Record<string, unknown>

/** Events of a connect, that a socket of core's tells of itself. */
const told = [
  'lookup',
  'connectionAttempt',
  'connectionAttemptFailed',
  'connectionAttemptTimeout',
] as const

/**
 * A TLS connection over a socket of ours: `make` is core's `tls.connect`, or what ends in it. It
 * gets the options with the `socket`, which is still connecting.
 */
export function connectSecure(options: Options, make: (options: Options) => TLSSocket): TLSSocket {
  const socket = Reflect.apply(createConnection, undefined, [transportOf(options)]) as Socket
  let secure: TLSSocket
  try {
    secure = make({ ...options, socket })
  } catch (error) {
    socket.destroy()
    throw error
  }
  linkSecure(secure)
  hushAfterEnd(secure, socket)
  follow(secure, socket)
  const { timeout } = options
  if (typeof timeout === 'number' && timeout > 0) secure.setTimeout(timeout)
  return secure
}

/**
 * A peer that has ended may reset what is written to it after that. Core's TLS takes no notice of it
 * on a handle of core's, while its wrapper of a stream tells all errors.
 */
function hushAfterEnd(secure: TLSSocket, socket: Socket): void {
  for (const listener of socket.listeners('error')) {
    socket.removeListener('error', listener as () => void)
    socket.on('error', (error: Error) => {
      if (!secure.readableEnded && !secure.destroyed) Reflect.apply(listener, socket, [error])
    })
  }
}

/** What is about the connection below, and not about the stream above it. */
function transportOf(options: Options): Options {
  return {
    ...options,
    onread: undefined,
    timeout: undefined,
    signal: undefined,
    highWaterMark: undefined,
  }
}

/**
 * Core's TLS socket takes a stream that it did not open for a connected one, except where
 * `mio-js/register` has made ours known to it. Programs look whether it is connecting, and wait for
 * its `connect`.
 */
function follow(secure: TLSSocket, socket: Socket): void {
  const state = secure as { connecting: boolean; autoSelectFamilyAttemptedAddresses?: unknown }
  const isKnown = state.connecting
  state.connecting = true
  for (const event of told) socket.on(event, (...args: unknown[]) => secure.emit(event, ...args))
  socket.once('connect', () => {
    state.connecting = false
    state.autoSelectFamilyAttemptedAddresses = socket.autoSelectFamilyAttemptedAddresses
    if (!isKnown) secure.emit('connect')
    secure.emit('ready')
  })
}
