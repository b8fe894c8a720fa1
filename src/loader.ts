/**
 * How the platform's binary is found, and what is said when it is not.
 *
 * There are two places: the folder of this package, where a clone builds it, and the platform's
 * package, which package managers install as an optional dependency. Both names are fixed: no
 * environment variable makes this load code from elsewhere. A binary of any other version than this
 * package is refused before its code is mapped, since the two share a private interface.
 *
 * The platform's package is required by a name that is put together here. Bundlers do not follow
 * that, which is what keeps them from failing over thirteen packages that are not installed.
 */
import type { Native } from './native.ts'
import { describe, packageName, type Platform, published } from './platform.ts'
import { version } from './version.ts'

/** A file or package that was tried, and why it was not loaded. */
interface Attempt {
  readonly file: string
  readonly reason: string
  readonly kind: 'missing' | 'version' | 'failed'
  readonly cause?: unknown
}

/** A binary that was loaded. */
export interface Loaded {
  readonly native: Native
  /** Where it is; the name of its package, if that is all that is known. */
  readonly file: string
}

/**
 * Loads the binary of a platform.
 *
 * @param require Loads from where the importing module is: `dist/src/binding.js`, or a bundle.
 */
export function load(require: NodeJS.Require, platform: Platform): Loaded {
  const attempts: Attempt[] = []
  for (const attempt of [loadBuilt, loadInstalled]) {
    const outcome = attempt(require, platform.tuple)
    if (outcome === undefined) continue
    if ('native' in outcome) return outcome
    attempts.push(outcome)
  }
  throw notFound(require, platform, attempts)
}

type Outcome = Loaded | Attempt

interface Manifest {
  readonly name?: unknown
  readonly version?: unknown
}

/** What a clone has built. Above a bundle lies somebody else's folder, of which nothing is loaded. */
function loadBuilt(require: NodeJS.Require, tuple: string): Outcome | undefined {
  let file: string
  try {
    file = require.resolve(`../../mio-js.${tuple}.node`)
    if ((require('../../package.json') as Manifest).name !== 'mio-js') return undefined
  } catch {
    return undefined
  }
  return loadFile(require, file, file)
}

function loadInstalled(require: NodeJS.Require, tuple: string): Outcome {
  const name = packageName(tuple)
  let manifest: Manifest
  try {
    manifest = require(`${name}/package.json`) as Manifest
  } catch (cause) {
    const missing = codeOf(cause) === 'MODULE_NOT_FOUND'
    if (missing) return { file: name, kind: 'missing', reason: 'is not installed', cause }
    return { file: name, kind: 'failed', reason: `cannot be read: ${firstLine(cause)}`, cause }
  }
  if (manifest.version !== version) return otherVersion(name, manifest.version)
  return loadFile(require, name, resolved(require, name))
}

function loadFile(require: NodeJS.Require, name: string, file: string): Outcome {
  let native: Native
  try {
    native = require(name) as Native
  } catch (cause) {
    return { file, kind: 'failed', reason: `cannot be loaded: ${firstLine(cause)}`, cause }
  }
  return native.version === version ? { native, file } : otherVersion(file, native.version)
}

function otherVersion(file: string, found: unknown): Attempt {
  const reason = `has version ${String(found)}, and mio-js ${version} needs ${version}`
  return { file, kind: 'version', reason }
}

function resolved(require: NodeJS.Require, name: string): string {
  try {
    return require.resolve(name)
  } catch {
    return name
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code
}

function firstLine(error: unknown): string {
  const { message } = error as { message?: unknown }
  return (
    String(message ?? error)
      .split('\n', 1)[0]
      ?.trim() ?? ''
  )
}

function notFound(
  require: NodeJS.Require,
  platform: Platform,
  attempts: readonly Attempt[],
): Error {
  const others = published.filter(
    (other) => other !== platform.tuple && isInstalled(require, packageName(other)),
  )
  const message = [
    `No binary could be loaded: ${describe(platform)}.`,
    'Tried:',
    ...attempts.map(({ file, reason }) => `  ${file} ${reason}`),
    ...(others.length === 0 ? [] : [`Installed for other platforms: ${others.join(', ')}.`]),
    ...advice(platform, attempts, others),
    'More: docs/install.md of mio-js.',
  ].join('\n')
  const { cause } = decisive(attempts) ?? {}
  const tried = attempts.map(({ file, reason }) => ({ file, reason }))
  const error = new Error(message, cause === undefined ? {} : { cause })
  const { libc, tuple } = platform
  return Object.assign(error, { code: 'ERR_MIO_BINDING_NOT_FOUND', tuple, libc, tried })
}

/** The attempt that tells most: where addons are off, nothing else matters. */
function decisive(attempts: readonly Attempt[]): Attempt | undefined {
  const isOff = ({ cause }: Attempt): boolean => codeOf(cause) === 'ERR_DLOPEN_DISABLED'
  return attempts.find(isOff) ?? attempts.at(-1)
}

function isInstalled(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(`${name}/package.json`)
    return true
  } catch {
    return false
  }
}

/** What can be done about it. The last place that was tried tells most. */
function advice(
  { libc, tuple }: Platform,
  attempts: readonly Attempt[],
  others: readonly string[],
): string[] {
  const last = decisive(attempts)
  if (last?.kind === 'version') {
    return [
      'Another version of the platform package is installed than the one that mio-js names.',
      'Install again, and see that nothing pins or overrides the platform package.',
    ]
  }
  if (last?.kind === 'failed') return [adviceOnFailure(last, libc)]
  if (!published.includes(tuple)) {
    return [
      `There is no package for ${tuple}; there are: ${published.join(', ')}.`,
      'A clone of mio-js builds on any platform that Rust and mio support: see CONTRIBUTING.md.',
    ]
  }
  return [
    ...(others.length === 0
      ? []
      : ['node_modules comes from another platform: install on the one that runs it.']),
    'Usual causes:',
    '  optional dependencies were left out: install without --no-optional and --omit=optional;',
    '  npm kept to a lock file or node_modules that was made on another platform (npm/cli#4828):',
    '  remove node_modules and package-lock.json, then install again;',
    '  the program was bundled or copied without its node_modules: see that',
    `  ${packageName(tuple)} can be found from where the program is.`,
  ]
}

function adviceOnFailure({ cause, reason }: Attempt, libc: Platform['libc']): string {
  if (codeOf(cause) === 'ERR_DLOPEN_DISABLED') {
    return 'Native addons are switched off here: --permission needs --allow-addons, and --no-addons must go.'
  }
  if (/allow-ffi/.test(reason)) return 'Deno needs --allow-ffi to load native addons.'
  if (/GLIBC_/.test(reason)) return 'The C library of this system is older than the binary needs.'
  if (libc === 'musl')
    return 'Install again on the platform that runs it; musl 1.2 or newer is needed.'
  return 'Install again, on the platform that runs it.'
}
