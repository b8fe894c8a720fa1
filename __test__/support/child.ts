import { type ChildProcess, spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { long } from './patience.js'

export interface Outcome {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** Sends a signal, if it has not ended. In Deno `child.kill` sends no second one. */
export function sendSignal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  try {
    process.kill(pid!, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Long for any program of the tests. */
const deadline = long(30_000)

/** Runs a program of ../programs in a process of its own, to its end. */
export async function run(
  program: string,
  args: readonly string[] = [],
  nodeOptions: readonly string[] = [],
  started: (child: ChildProcess) => void = () => {},
  patience = deadline,
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const file = fileURLToPath(new URL(`../programs/${program}.js`, import.meta.url))
  const child = spawn(process.execPath, [...nodeOptions, file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patience,
  })
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      resolve([code, signal])
    })
  })
  started(child)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code, signal] = await ended
  return { code, signal, stdout, stderr }
}
