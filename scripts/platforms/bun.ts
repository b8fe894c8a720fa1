import { join } from 'node:path'
import { installTools } from '../tools.js'
import { node } from './node.js'
import type { Runner } from './runner.js'
import { versionOf } from './version.js'

export const bunRunners: readonly Runner[] = [
  {
    name: 'bun',
    tuple: 'linux-x64-gnu',
    runtime: 'Bun',
    suites: ['mirror', 'engine', 'net', 'http', 'register'],
    bounded: ['poll', 'tcp-stream', 'engine/delivery', 'engine/threads', 'net/streams'],
    prepare: () => {
      const command = [join(installTools(), '@oven/bun-linux-x64/bin/bun'), '--expose-gc'] as const
      return { version: versionOf('Bun', command), command, reference: node(26) }
    },
  },
]
