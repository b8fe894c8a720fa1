/** Sources that move to another thread. */
import { native } from './binding.ts'
import { checkInteger, own } from './check.ts'
import { check, invalidType } from './errors.ts'
import { Kind } from './kind.ts'
import { type IoSource, giveAway, handleOf } from './source.ts'

/**
 * The classes whose objects can move.
 *
 * @example
 * ```ts
 * import { type SharedKind, TcpListener } from 'mio-js'
 *
 * const shared = TcpListener.bind('127.0.0.1:0').share()
 * const kind: SharedKind = shared.kind
 * console.log(kind) // TcpListener
 * TcpListener.from(shared).close()
 * ```
 */
export type SharedKind =
  | 'TcpListener'
  | 'TcpStream'
  | 'UdpSocket'
  | 'UnixListener'
  | 'UnixStream'
  | 'UnixDatagram'
  | 'Sender'
  | 'Receiver'

/**
 * What `share()` of a source returns: plain data for `postMessage`. Whoever passes it to `from` of
 * the class that `kind` names has the source, in any thread of the process, and once.
 *
 * Until then the source belongs to the thread that shared it. It is closed when that thread ends,
 * and by nothing else: a message that is lost, or that a worker had not read when it was
 * terminated, leaves it open. Keep the value until the other side has answered, and take the
 * source back by `from` if it never will.
 *
 * @example
 * ```ts
 * import { Worker } from 'node:worker_threads'
 * import { type SharedSource, TcpListener } from 'mio-js'
 *
 * const listener = TcpListener.bind('127.0.0.1:0')
 * const shared: SharedSource<'TcpListener'> = listener.share() // closed here from now on
 *
 * const code = `
 *   const { parentPort, workerData } = require('node:worker_threads')
 *   const { TcpListener } = require('mio-js')
 *   const listener = TcpListener.from(workerData) // and here it goes on
 *   parentPort.postMessage(listener.localAddr().port > 0)
 *   listener.close()
 * `
 * const worker = new Worker(code, { eval: true, workerData: shared })
 * worker.once('message', (isListening) => console.log(isListening)) // true
 * await new Promise((resolve) => worker.once('exit', resolve))
 * ```
 */
export interface SharedSource<K extends SharedKind = SharedKind> {
  /** The name of the class whose `from` takes it. */
  readonly kind: K
  /** A number that names it in this process, and nothing any more once it was taken. */
  readonly source: number
}

/** Gives a source to whichever thread asks for it. */
export function share<K extends SharedKind>(source: IoSource, kind: K): SharedSource<K> {
  const id = check(native.sourceShare(handleOf(source), Kind[kind]), 'share')
  giveAway(source)
  return Object.freeze({ kind, source: id })
}

/** The handle of a source that is this thread's from now on. */
export function takeShared<K extends SharedKind>(shared: SharedSource<K>, kind: K): number {
  if (typeof shared !== 'object' || shared === null) {
    throw invalidType('shared', 'what share() returned', shared)
  }
  const id = own(shared, 'source')
  checkInteger('shared.source', id, 0, Number.MAX_SAFE_INTEGER)
  return check(native.sourceTake(id as number, Kind[kind]), 'share')
}
