/** Programs that get things, and must not fail. */
import { spawnSync } from 'node:child_process'

/** Runs a program to its end, and returns what it prints; what it says goes where ours goes. */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): string {
  const { error, status, stdout } = spawnSync(command, args, {
    ...options,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status === 0) return stdout
  const how = error?.message ?? `ended with ${status}`
  throw new Error(`${[command, ...args].join(' ')}: ${how}`)
}
