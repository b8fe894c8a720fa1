/** What `NODE_DEBUG=mio-js` prints on the standard error. */
import { debuglog } from 'node:util'

/** Prints a line, as `console.log` formats it, if {@link isTracing}. */
export const trace = debuglog('mio-js')

/** Known once, since the hot path must not ask. Bun prints as Node does, but does not tell. */
export const isTracing: boolean =
  (trace as { enabled?: boolean }).enabled ??
  /(?:^|,)mio-js(?:,|$)/i.test(process.env['NODE_DEBUG'] ?? '')
