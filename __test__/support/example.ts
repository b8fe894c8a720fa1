/** Examples in processes of their own. */
import path from 'node:path'
import process from 'node:process'
import { deadline } from '../examples/redis/deadline.ts'
import { type Running, run, watch } from '../examples/redis/processes.ts'

/** Starts an example, and waits until it says where it listens. */
export async function serving(
  name: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Running> {
  const program = path.resolve(`build/examples/${name}.js`)
  const child = run(process.execPath, [program, ...args], {
    env: { ...process.env, HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const running = watch(child, /^listening on 127\.0\.0\.1:(\d+)/)
  return deadline(running, `${name} did not say where it listens`)
}
