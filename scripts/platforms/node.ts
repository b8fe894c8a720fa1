/** Node of each major version, from packages of npm. */
import { join } from 'node:path'
import { installTools } from '../tools.js'
import { everySuite, type Runner, type Runtime } from './runner.js'
import { versionOf } from './version.js'

const majors = [20, 22, 24, 26] as const

/** What one version runs in the bounded run: what depends on the version. */
const bounded = [
  'binding',
  'bytes',
  'lifecycle',
  'poll',
  'share-threads',
  'engine/delivery',
  'engine/engine-lifecycle',
  'engine/threads',
  'net/socket-events',
  'net/streams',
  'http/server',
  'register/programs',
]

/** Node of a major version; the newest is what other runtimes say they are like. */
export function node(major: (typeof majors)[number]): Runtime {
  const command = [join(installTools(), `node-${major}/bin/node`)] as const
  const environment = { NODE_OPTIONS: '--expose-gc' }
  return { version: versionOf('Node.js', command), command, environment }
}

export const nodeRunners: readonly Runner[] = majors.map((major) => ({
  name: `node-${major}`,
  tuple: 'linux-x64-gnu',
  runtime: `Node.js ${major}`,
  suites: everySuite,
  bounded,
  prepare: () => node(major),
}))
