/** Workers of ../programs/worker, whose own thread alone loads the package. */
import { readFileSync, readdirSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Situation } from '../programs/worker/situation.js'

export interface Ended {
  code: number
  error: Error | undefined
}

export interface Started {
  worker: Worker
  ended: Promise<Ended>
  /** What it says first; rejects if it ends before. */
  ready: Promise<unknown>
}

/** Starts the worker of a door: `mirror`, `engine`, `net` or `http`. */
export function start(door: string, situation: Partial<Situation>): Started {
  const program = new URL(`../programs/worker/${door}.js`, import.meta.url)
  const worker = new Worker(program, { workerData: { io: 'auto', port: 0, ...situation } })
  let error: Error | undefined
  worker.on('error', (reason: Error) => (error = reason))
  const ended = new Promise<Ended>((resolve) => {
    worker.once('exit', (code) => {
      resolve({ code, error })
    })
  })
  // What it says just before it ends comes first.
  const ready = new Promise<unknown>((resolve, reject) => {
    worker.once('message', resolve)
    void ended.then(({ code }) =>
      reject(new Error(`a worker ended with ${code}`, { cause: error })),
    )
  })
  // Whoever only terminates it does not ask.
  ready.catch(() => {})
  return { worker, ended, ready }
}

/** Has a worker echo, and end by itself. */
export async function echoes(door: string, io?: Situation['io']): Promise<void> {
  const { ready, ended } = start(door, { what: 'echo', ...(io === undefined ? {} : { io }) })
  const echoed = await ready
  const { code, error } = await ended
  if (code !== 0 || echoed !== 'echo') {
    throw new Error(`a worker ended with ${code}, ${String(echoed)}`, { cause: error })
  }
}

/** Turns the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate()
}

/** What a process holds, in numbers; on Linux alone. */
export interface Held {
  descriptors: number
  threads: number
  /** Megabytes. */
  resident: number
}

export function held(): Held {
  if (process.platform !== 'linux') return { descriptors: 0, threads: 0, resident: 0 }
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    resident: Number(kilobytes) / 1024,
  }
}

/** Waits until as few descriptors and threads are there as before; returns what there is. */
export async function settled(before: Held): Promise<Held> {
  const deadline = performance.now() + 5000
  for (;;) {
    const now = held()
    const isBack = now.descriptors <= before.descriptors && now.threads <= before.threads
    if (isBack || performance.now() > deadline) return now
    await setImmediate()
  }
}
