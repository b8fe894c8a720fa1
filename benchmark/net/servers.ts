/** One program, on `node:net` and on the drop-in. */
import { type Command, compiled } from '../process.js'
import type { Servers } from '../suite/workload.js'

export const baseline = 'node:net'
/** As it is without a word: the engine chooses its driver. */
export const auto = 'mio-js/net'
export const inline = 'mio-js/net, inline'
export const thread = 'mio-js/net, thread'

/** Servers that send back what they get. */
export function echo(node: string): Servers {
  const on = (module: string, io = 'auto'): Command => ({
    command: [node, compiled('net/servers/echo.js'), module],
    env: { MIO_JS_IO: io },
  })
  return new Map([
    [baseline, on('node:net')],
    [auto, on('mio-js/net')],
    [inline, on('mio-js/net', 'inline')],
    [thread, on('mio-js/net', 'thread')],
  ])
}
