import { join } from 'node:path'
import { cachePath } from '../cache.js'
import { installTools } from '../tools.js'
import { node } from './node.js'
import type { Runner } from './runner.js'
import { versionOf } from './version.js'

export const denoRunners: readonly Runner[] = [
  {
    name: 'deno',
    tuple: 'linux-x64-gnu',
    runtime: 'Deno',
    suites: ['mirror', 'engine', 'net', 'http', 'register'],
    bounded: ['poll', 'tcp-stream', 'engine/delivery', 'engine/threads', 'net/streams'],
    prepare: () => {
      const program = join(installTools(), '@deno/linux-x64-glibc/deno')
      return {
        version: versionOf('Deno', [program]),
        command: [program, 'run', '--allow-all', '--no-code-cache'],
        environment: {
          DENO_DIR: cachePath('platforms', 'deno-dir'),
          DENO_NO_UPDATE_CHECK: '1',
          DENO_V8_FLAGS: '--expose-gc',
        },
        reference: node(26),
        // It starts slowly, and ends workers by force after seconds, of which some specs have dozens.
        patience: 5,
      }
    },
  },
]
