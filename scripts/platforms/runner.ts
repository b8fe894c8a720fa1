/**
 * What a file of this folder gives: how one binary is run in one runtime, on this machine.
 */
import { readdirSync } from 'node:fs'

/**
 * Parts of the tests, as the folders of `__test__` are called; `mirror` is what is in none, `smoke` a
 * few of those and of others, for what is not worth more.
 */
export type Suite = (typeof suites)[number]

export const suites = [
  'smoke',
  'mirror',
  'engine',
  'net',
  'http',
  'register',
  'drop-in',
  'examples',
  'cli',
  'release',
] as const

/** All there is. */
export const everySuite: readonly Suite[] = suites.filter((suite) => suite !== 'smoke')

const smoke = [
  'api',
  'exports',
  'ledger',
  'platform',
  'poll',
  'tcp-stream',
  'udp-socket',
  'waker',
  'engine/delivery',
  'engine/ledger',
  'net/streams',
]

export interface Runner {
  /** As `npm run test:platforms -- NAME` calls it. */
  readonly name: string
  /** The platform whose binary is run, or for which a stand-in is. */
  readonly tuple: string
  /** Such as `Node.js 24`, for lists; the exact version is known once it is installed. */
  readonly runtime: string
  /** What runs foreign code, such as `qemu-s390x`. */
  readonly emulator?: string
  readonly suites: readonly Suite[]
  /** Specs of the bounded run, without folder and ending: `engine/threads`; nothing if it has none. */
  readonly bounded?: readonly string[]
  /** Makes the runtime ready, downloads it if it is not there. Throws what this machine lacks. */
  readonly prepare: () => Runtime | Promise<Runtime>
}

/** A runtime that is installed. */
export interface Runtime {
  /** With the exact version, as records have it. */
  readonly version: string
  /** What runs a file of JavaScript, up to where that is named. */
  readonly command: readonly [string, ...string[]]
  /** Beside that of this process. */
  readonly environment?: NodeJS.ProcessEnv
  /** The Node whose answers are the measure, for a runtime whose own modules are none. */
  readonly reference?: Runtime
  /** What is printed if the emulator itself has crashed: whatever it ran is run again then. */
  readonly crashed?: string
  /** How many times as long as elsewhere a test may wait, and a spec may take. */
  readonly patience?: number
}

/** The specs of a suite, without folder and ending. */
export function specsOf(suite: Suite): readonly string[] {
  if (suite === 'smoke') return smoke
  const folder = suite === 'mirror' ? '' : `${suite}/`
  return readdirSync(`build/__test__/${folder}`)
    .filter((name) => name.endsWith('.spec.js'))
    .map((name) => `${folder}${name.replace(/\.spec\.js$/, '')}`)
    .toSorted()
}
