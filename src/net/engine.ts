import { Engine, machineOf } from '../engine/engine.ts'

let engine: Engine | undefined

/**
 * The engine of this thread's sockets and servers, made when it is needed: first, and again when it
 * has failed or was closed. Its own, as streams bound what each socket has buffered, and none is to
 * be closed for what others do not read.
 */
export function netEngine(): Engine {
  const isUsable = engine !== undefined && !machineOf(engine).isClosing
  if (!isUsable) engine = new Engine({ maxPendingTotal: Infinity })
  return engine as Engine
}
