/** Programs in a network of their own, where settings of the system can be changed. Linux only. */
import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { long } from './patience.js'

/** What a program of ../programs prints, which is JSON, in that network. */
type Inside = (program: string, args?: readonly string[]) => Promise<unknown>

const unshare = ['--net', '--map-root-user', 'sh', '-c']

/** In CI nothing is skipped: there, whoever may not make the network sees the test fail. */
function isPossible(script: string): boolean {
  if (process.platform !== 'linux') return false
  return process.env['CI'] === 'true' || spawnSync('unshare', [...unshare, script]).status === 0
}

/**
 * A test with a network in which these commands of the shell have run. It is skipped where nobody
 * may make such a network.
 */
export function inOwnNetwork(
  title: string,
  commands: readonly string[],
  body: (t: ExecutionContext, inside: Inside) => Promise<void>,
): void {
  const setUp = ['ip link set lo up', ...commands].join(' && ')
  const inside: Inside = async (program, args = []) => {
    const file = fileURLToPath(new URL(`../programs/${program}.js`, import.meta.url))
    const script = `${setUp} && exec "$@"`
    const command = [...unshare, script, 'sh', process.execPath, file, ...args]
    const { stdout } = await promisify(execFile)('unshare', command, { timeout: long(30_000) })
    return JSON.parse(stdout) as unknown
  }
  const run = async (t: ExecutionContext): Promise<void> => body(t, inside)
  if (isPossible(setUp)) test(title, run)
  else test.skip(`${title} (no such network can be made here)`, run)
}
