import { Engine } from '../engine/engine.ts'

let engine: Engine | undefined

/**
 * The engine of this thread's sockets and servers, made when it is needed first. Its own, as streams
 * bound what each socket has buffered, and none is to be closed for what others do not read.
 */
export function netEngine(): Engine {
  return (engine ??= new Engine({ maxPendingTotal: Infinity }))
}
