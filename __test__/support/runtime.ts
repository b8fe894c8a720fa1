/** What runs the tests. */

const { bun, deno } = process.versions as { bun?: string; deno?: string }

export const isBun = bun !== undefined
export const isDeno = deno !== undefined
export const isNode = !isBun && !isDeno

/** The runtime with its version, as it is written. */
export const runtime = isBun
  ? `Bun ${bun}`
  : isDeno
    ? `Deno ${deno}`
    : `Node.js ${process.versions.node}`

/** The values of `MIO_JS_WAKE` that it has. */
export const wakes: readonly string[] =
  isNode && process.platform !== 'win32' ? ['uv', 'thread'] : ['thread']
