/**
 * Finds and loads the platform's binary. The only file that knows how packages are named.
 *
 * The names are fixed: no environment variable makes this load code from elsewhere. A binary of
 * another version than this package is refused, since the two share a private interface.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Native } from './native.ts'
import { tuple } from './platform.ts'

const require = createRequire(import.meta.url)

function load(): Native {
  const { version } = require('../../package.json') as { version: string }
  const local = fileURLToPath(new URL(`../../mio-js.${tuple()}.node`, import.meta.url))
  const installed = `@mio-js/binding-${tuple()}`
  const file = existsSync(local) ? local : installed
  let native: Native
  try {
    native = require(file) as Native
  } catch (cause) {
    throw notFound(`could not be loaded (tried ${local} and ${installed})`, cause)
  }
  if (native.version !== version) {
    throw notFound(`has version ${native.version}, but mio-js is ${version} (loaded ${file})`)
  }
  return native
}

function notFound(problem: string, cause?: unknown): Error {
  const message =
    `The binary of mio-js for ${tuple()} ${problem}. ` +
    'Install mio-js again with optional dependencies enabled, on the platform that runs it.'
  return Object.assign(new Error(message, { cause }), { code: 'ERR_MIO_BINDING_NOT_FOUND' })
}

/** The native functions. */
export const native: Native = load()
