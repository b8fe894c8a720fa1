/**
 * Tries every interleaving of the engine's hand-over between threads, with loom. It needs a build of
 * its own, which stays beside the others.
 */
import { spawnSync } from 'node:child_process'

const { status } = spawnSync(
  'cargo',
  ['test', '--locked', '--release', '--package', 'mio-js-core', '--test', 'handover'],
  {
    env: { ...process.env, CARGO_TARGET_DIR: 'target/loom', RUSTFLAGS: '--cfg loom' },
    stdio: 'inherit',
  },
)
process.exitCode = status ?? 1
