import { Engine, type EngineOptions, machineOf } from './engine.ts'

/** An engine that is made when it is needed: first, and again when it has failed or was closed. */
export function onDemand(options?: EngineOptions): () => Engine {
  let engine: Engine | undefined
  return () => {
    if (engine === undefined || machineOf(engine).isClosing) engine = new Engine(options)
    return engine
  }
}
