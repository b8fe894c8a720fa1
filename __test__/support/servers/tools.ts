/** Programs that tests start. Not all of them are in everybody's PATH. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { isComplete } from '../platforms.ts'
import { long } from '../patience.js'

/** Debian keeps servers where only the superuser looks, and PostgreSQL by its versions. */
function places(): string[] {
  const postgres = '/usr/lib/postgresql'
  const versions = existsSync(postgres) ? readdirSync(postgres) : []
  return [
    ...(process.env['PATH'] ?? '').split(path.delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    ...versions.toSorted((a, b) => Number(b) - Number(a)).map((v) => `${postgres}/${v}/bin`),
  ]
}

/** Where the program is; undefined if it is nowhere. */
export function find(tool: string): string | undefined {
  return places()
    .map((place) => path.join(place, tool))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** Why tests that use these are to be skipped, if they are: in CI on Linux they fail instead. */
export function missingOf(...tools: readonly string[]): string | undefined {
  if (process.platform === 'win32') return 'not on Windows'
  if (isComplete) return undefined
  const missing = tools.find((tool) => find(tool) === undefined)
  return missing === undefined ? undefined : `${missing} is not installed`
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a tool to its end, with bytes for its input if there are any. */
export async function runTool(
  tool: string,
  args: readonly string[],
  input?: Uint8Array,
): Promise<Finished> {
  const file = find(tool)
  if (file === undefined) throw new Error(`${tool} is not installed`)
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: long(30_000) })
  const closed = once(child, 'close')
  child.stdin.on('error', () => {}) // it may end without having read all
  child.stdin.end(input)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await closed) as [number | null]
  return { code, stdout, stderr }
}
