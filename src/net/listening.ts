/** `listen`, for servers of this package and for core's: both keep their state in the same fields. */
import cluster from 'node:cluster'
import dns from 'node:dns'
import { type EventEmitter, addAbortListener } from 'node:events'
import { type BlockList, isIPv6 } from 'node:net'
import { getDefaultHighWaterMark } from 'node:stream'
import type { Engine } from '../engine/engine.ts'
import type { Handlers } from '../engine/handlers.ts'
import type { Socket as Link } from '../engine/socket.ts'
import { checkSignal } from './abort.ts'
import { accept } from './accepting.ts'
import { type Callback, type Normalized, isPipeName, normalizeArgs, numberOf } from './arguments.ts'
import { BoundSocket, closeBound } from './bound-socket.ts'
import { tellListenEnd, tellListenError, tellListenStart } from './channels.ts'
import { engineMark, unlimited } from './client-profile.ts'
import { engineOf } from './engine.ts'
import { alreadyListening, clusterSharing, wrongValue } from './errors.ts'
import { handlers } from './link.ts'
import { type ListeningHandle, addressesFree, handleOf } from './listening-handle.ts'
import {
  type Place,
  connectionKey,
  inWordsOfNet,
  isDescriptor,
  notShared,
  targetOf,
} from './place.ts'
import { canReusePort } from './reuse-port.ts'
import { portOf } from './validate.ts'
import { keepAliveTimes } from './wanted-options.ts'

const maxBacklog = 2 ** 31 - 1

/** A server, ours or core's. */
export interface ListeningServer extends EventEmitter {
  _handle: ListeningHandle | null
  _connections: number
  _connectionKey?: string
  _pipeName?: string
  _unref: boolean
  _listeningId: number
  _emitCloseIfDrained(): void
  allowHalfOpen: boolean
  pauseOnConnect: boolean
  noDelay: boolean
  keepAlive: boolean
  /** Seconds. */
  keepAliveInitialDelay: number
  highWaterMark: number | undefined
  maxConnections?: number | null
  blockList?: BlockList
  /** Ours alone. */
  engine?: Engine
  maxPending?: number
  onread?: unknown
  close(callback?: Callback): unknown
  unref(): unknown
}

/** What becomes of a connection that was accepted. */
export interface Acceptor {
  /** Whether nothing is to be read from it before it is asked for. */
  isPaused(server: ListeningServer): boolean
  readonly handlers: Handlers<never>
  accept(server: ListeningServer, link: Link<unknown>): void
}

/** It is a socket of ours. */
const streams: Acceptor = {
  isPaused: ({ pauseOnConnect }) => pauseOnConnect,
  handlers: handlers as Handlers<never>,
  accept,
}

interface Wanted {
  readonly acceptor: Acceptor
  readonly backlog: number
  readonly ipv6Only: boolean
  readonly reusePort: boolean
}

/** Makes a server listen, by all forms of `listen(…)`. */
export function listen<Server extends ListeningServer>(
  server: Server,
  args: readonly unknown[],
  acceptor: Acceptor = streams,
): Server {
  const [bag, callback] = normalizeArgs(args) as Normalized
  if (server._handle !== null) throw alreadyListening()
  tellListenStart(server, bag)
  if (callback !== null) server.once('listening', callback)
  const bound = boundOf(bag)
  const options = (bag['_handle'] || bag['handle'] || bag) as Record<string, unknown>
  server._listeningId += 1
  const wanted = { acceptor, ...wantedOf(options, args) }
  if (bound !== undefined) {
    const released = bound.release()
    if (released.path !== undefined) server._pipeName = released.path
    begin(server, { kind: 'bound', bound: released }, wanted)
    return server
  }
  closeOnAbort(server, options['signal'])
  const { fd } = options
  if (typeof fd === 'number' && fd >= 0) {
    begin(server, { kind: 'fd', fd }, wanted)
    return server
  }
  const isAnyPort =
    args.length === 0 ||
    typeof args[0] === 'function' ||
    (options['port'] === undefined && 'port' in options) ||
    options['port'] === null
  if (isAnyPort) options['port'] = 0
  const { port, path } = options
  if (typeof port === 'number' || typeof port === 'string') {
    listenOnPort(server, portOf(port, 'options.port'), options, wanted)
    return server
  }
  if (path && isPipeName(path)) {
    listenOnPath(server, path, options, wanted)
    return server
  }
  if (!('port' in options || 'path' in options)) {
    throw wrongValue('options', options, 'must have the property "port" or "path"')
  }
  throw wrongValue('options', options)
}

function boundOf(bag: Record<string, unknown>): BoundSocket | undefined {
  if (bag instanceof BoundSocket) return bag
  const { handle } = bag
  return handle instanceof BoundSocket ? handle : undefined
}

/** The backlog comes second or third, or by its name. */
function wantedOf(
  options: Record<string, unknown>,
  args: readonly unknown[],
): Omit<Wanted, 'acceptor'> {
  const [, second, third] = args
  const positional = numberOf(args.length > 1 && second) || numberOf(args.length > 2 && third) || 0
  return {
    backlog: Number(options['backlog'] || positional) || 511,
    ipv6Only: options['ipv6Only'] === true,
    reusePort: options['reusePort'] === true,
  }
}

function closeOnAbort(server: ListeningServer, signal: unknown): void {
  if (signal === undefined) return
  checkSignal(signal)
  const close = (): void => void server.close()
  if (signal.aborted) {
    process.nextTick(close)
    return
  }
  const listening = addAbortListener(signal, close)
  server.once('close', () => listening[Symbol.dispose]())
}

function listenOnPort(
  server: ListeningServer,
  port: number,
  options: Record<string, unknown>,
  wanted: Wanted,
): void {
  const { host, exclusive } = options
  const isExclusive = Boolean(exclusive) || wanted.reusePort
  if (!host) {
    begin(server, { kind: 'port', host: undefined, port }, wanted, isExclusive)
    return
  }
  const id = server._listeningId
  dns.lookup(host as string, { all: true }, (error, addresses) => {
    if (id !== server._listeningId) return
    if (error !== null) {
      server.emit('error', error)
      return
    }
    const found = addresses.find(({ address }) => !isLinkLocal(address)) ?? addresses[0]
    begin(server, { kind: 'port', host: found?.address, port }, wanted, isExclusive)
  })
}

function isLinkLocal(address: string): boolean {
  return isIPv6(address) && /^fe[89ab]/i.test(address)
}

function listenOnPath(
  server: ListeningServer,
  path: string,
  options: Record<string, unknown>,
  wanted: Wanted,
): void {
  const { readableAll, writableAll, exclusive } = options
  if (path.startsWith('\0') && (readableAll || writableAll)) {
    const reason =
      'can not set readableAll or writableAllt to true when path is abstract unix socket'
    throw wrongValue('options', options, reason)
  }
  server._pipeName = path
  const all = { readableAll: readableAll === true, writableAll: writableAll === true }
  begin(server, { kind: 'path', path, ...all }, wanted, Boolean(exclusive))
}

/** Listens now, or when an address of ours is free again that was given back. */
function begin(server: ListeningServer, place: Place, wanted: Wanted, isExclusive = true): void {
  if (cluster.isWorker && !isExclusive) {
    fail(server, clusterSharing())
    return
  }
  const error = tryListen(server, place, wanted)
  if (error === undefined) return
  // Where a descriptor is bound nobody can be in the way who would leave.
  const free = error.code === 'EADDRINUSE' && !isDescriptor(place) ? addressesFree() : undefined
  if (free === undefined) {
    if (place.kind === 'bound') closeBound(place.bound)
    fail(server, error)
    return
  }
  const id = server._listeningId
  const again = (): void => {
    if (id !== server._listeningId) return
    const last = tryListen(server, place, wanted)
    if (last !== undefined) fail(server, last)
  }
  void free.then(again)
}

function fail(server: ListeningServer, error: Error): void {
  tellListenError(server, error)
  process.nextTick(() => server.emit('error', error))
}

function tryListen(
  server: ListeningServer,
  place: Place,
  wanted: Wanted,
): NodeJS.ErrnoException | undefined {
  try {
    if (wanted.reusePort && place.kind === 'port' && !canReusePort()) throw notShared(place)
    open(server, place, wanted)
    return undefined
  } catch (error) {
    return inWordsOfNet(error as NodeJS.ErrnoException, place)
  }
}

function open(server: ListeningServer, place: Place, wanted: Wanted): void {
  const engine = engineOf(server)
  const listener = engine.listen({
    ...unlimited,
    ...targetOf(place),
    backlog: backlogOf(wanted),
    ipv6Only: wanted.ipv6Only,
    reusePort: wanted.reusePort,
    maxConnections: Infinity,
    // Deno's servers of HTTP have none, and their sockets that of every stream.
    highWaterMark: engineMark(server.highWaterMark ?? getDefaultHighWaterMark(false)),
    noDelay: server.noDelay,
    keepAlive: keepAliveOf(server),
    paused: wanted.acceptor.isPaused(server),
    socket: {
      ...wanted.acceptor.handlers,
      open: (link: Link<unknown>) => {
        // As what waits in the system when it stops to listen.
        if (handle.isClosed) link.terminate()
        else wanted.acceptor.accept(server, link)
      },
    },
  } as object)
  const boundPath = place.kind === 'bound' ? place.bound.path : undefined
  const handle = handleOf(listener, server, boundPath)
  server._handle = handle
  server._connectionKey = connectionKey(place)
  tellListenEnd(server)
  if (server._unref) server.unref()
  process.nextTick(() => {
    if (server._handle !== null) server.emit('listening')
  })
}

/** The system takes a negative number as one that is too large. */
function backlogOf({ backlog }: Wanted): number {
  return backlog >= 0 && backlog <= maxBacklog ? Math.trunc(backlog) : maxBacklog
}

function keepAliveOf({ keepAlive, keepAliveInitialDelay: seconds }: ListeningServer): unknown {
  if (!keepAlive) return false
  const { delay, interval, count } = keepAliveTimes(seconds)
  return { delay: delay * 1000, interval: interval * 1000, count }
}
