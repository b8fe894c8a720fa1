/** Runs `mio-js` as it is compiled. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import path from 'node:path'

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export const main = path.resolve('dist/src/cli/main.js')

/** With a program before it, as `sh -c '…' PROGRAM ARGUMENTS` has it. */
export async function mioJs(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  program = main,
): Promise<Ran> {
  return runToEnd(process.execPath, [program, ...args], env)
}

export async function runToEnd(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  const child = spawn(command, args, {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 50_000,
  })
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}
