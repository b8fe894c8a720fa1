/** What a worker of the tests is told by whoever starts it, and says to them. */
import { parentPort, workerData } from 'node:worker_threads'

export interface Situation {
  /** What it is to be doing: each door has its own names. */
  readonly what: string
  /** Where the engine makes its system calls. */
  readonly io: 'inline' | 'thread' | 'auto'
  /** Where somebody listens who takes everything, for those who connect. */
  readonly port: number
}

export const situation = workerData as Situation

/** It is there now; or about to be, where nothing can be said any more. */
export function ready(message: unknown = 'ready'): void {
  parentPort?.postMessage(message)
}

export function unknown(): never {
  throw new Error(`unknown situation ${situation.what}`)
}
