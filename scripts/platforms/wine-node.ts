/**
 * Runs node.exe on Wine, in the folder that this is run in, and prints what it has written: its output
 * must not be a pipe. See `wine-root.ts`.
 *
 * usage: wine-node.js ENTRY NODE ARGUMENTS, where ENTRY is JSON
 */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Entry } from './wine-root.js'

const [entry = '', ...args] = process.argv.slice(2)
const { command, wine } = JSON.parse(entry) as Entry
const [program, ...before] = command
const folder = mkdtempSync(join(tmpdir(), 'mio-js-wine-'))
const files = [join(folder, 'stdout'), join(folder, 'stderr')] as const
const [out, err] = files.map((file) => openSync(file, 'w')) as [number, number]
try {
  const inside = ['dash', '-c', 'cd "$0" && exec "$@"', process.cwd(), wine, ...args]
  const { error, status } = spawnSync(program, [...before, ...inside], {
    stdio: ['ignore', out, err],
  })
  if (error !== undefined) throw error
  process.exitCode = status ?? 1
  process.stdout.write(readFileSync(files[0]))
  process.stderr.write(readFileSync(files[1]))
} finally {
  closeSync(out)
  closeSync(err)
  rmSync(folder, { recursive: true, force: true })
}
