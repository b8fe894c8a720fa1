/** Programs in a network of their own, where settings of the system can be changed. Linux only. */
import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'

const unshare = ['--net', '--map-root-user', 'sh', '-c']
const isPossible =
  process.platform === 'linux' &&
  spawnSync('unshare', [...unshare, 'ip link set lo up']).status === 0

/** A test that is skipped where nobody may make a network. */
export function inOwnNetwork(title: string, body: (t: ExecutionContext) => Promise<void>): void {
  if (isPossible) test(title, body)
  else test.skip(`${title} (no network namespaces here)`, body)
}

/** What a program of ../programs prints, in a network with these settings of /proc/sys/net. */
export async function inNetwork(
  settings: Readonly<Record<string, number>>,
  program: string,
  args: readonly string[] = [],
): Promise<unknown> {
  const set = Object.entries(settings).map(
    ([name, value]) => `echo ${value} >/proc/sys/net/${name}`,
  )
  const script = ['ip link set lo up', ...set, 'exec "$@"'].join(' && ')
  const file = fileURLToPath(new URL(`../programs/${program}.js`, import.meta.url))
  const command = [...unshare, script, 'sh', process.execPath, file, ...args]
  const { stdout } = await promisify(execFile)('unshare', command, { timeout: 30_000 })
  return JSON.parse(stdout) as unknown
}
