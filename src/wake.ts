import { unavailableHere } from './errors.ts'

/**
 * How readiness reaches the event loop: libuv watches the selector (`uv`), or a thread waits
 * (`thread`). The essay in `crates/binding/src/wake` weighs them. With `turns`, which is `thread`
 * otherwise, engines are entered once in each turn of the event loop; see `Machine`.
 */
export const Wake = { uv: 0, thread: 1, turns: 2 } as const

export type Wake = (typeof Wake)[keyof typeof Wake]

/**
 * What `MIO_JS_WAKE` says, else what the runtime is best at. By the runtime, never by what symbols
 * the process has: Bun has libuv's, and they abort.
 *
 * Where selectors are kqueues, libuv would watch a kqueue by a kqueue. Its own documentation says
 * that this works on some systems and is silent for ever on others, so there it must be asked for.
 */
export function chooseWake(): Wake {
  const { bun, deno } = process.versions
  const isNode = bun === undefined && deno === undefined
  const forced = process.env['MIO_JS_WAKE']
  // Only the end of a turn has Deno run what the handlers of an engine have started.
  if (deno !== undefined && forced !== 'uv') return Wake.turns
  if (forced === 'thread') return Wake.thread
  if (forced === 'uv') {
    if (isNode && process.platform !== 'win32') return Wake.uv
    throw unavailableHere('MIO_JS_WAKE=uv needs Node on Unix, and is unavailable')
  }
  return isNode && process.platform === 'linux' ? Wake.uv : Wake.thread
}
