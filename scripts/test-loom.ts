/**
 * Tries every interleaving of what threads share, with loom: the engine's hand-over, a waker, a selector
 * that is lent. It needs a build of its own, which stays beside the others.
 */
import { spawnSync } from 'node:child_process'

const tests = ['handover', 'wake_flag', 'hand'].flatMap((name) => ['--test', name])
const args = ['test', '--locked', '--release', '--package', 'mio-js-core', ...tests]
const { status } = spawnSync('cargo', args, {
  env: { ...process.env, CARGO_TARGET_DIR: 'target/loom', RUSTFLAGS: '--cfg loom' },
  stdio: 'inherit',
})
process.exitCode = status ?? 1
