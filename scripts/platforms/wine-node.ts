/**
 * Runs node.exe on Wine, in the folder that this is run in, and prints what it has written: its output
 * must not be a pipe. See `wine-root.ts`.
 *
 * Wine's server crashes at times, when a process ends whose sockets wait. Then the first thread of each
 * process is gone and the others stay for ever: such a process is killed, and it is said.
 *
 * usage: wine-node.js ENTRY NODE ARGUMENTS, where ENTRY is JSON
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wineCrashed } from './wine-crash.js'
import type { Entry } from './wine-root.js'

const [entry = '', ...args] = process.argv.slice(2)
const { command, wine } = JSON.parse(entry) as Entry
const [program, ...before] = command
const folder = mkdtempSync(join(tmpdir(), 'mio-js-wine-'))
const files = [join(folder, 'stdout'), join(folder, 'stderr')] as const
const [out, err] = files.map((file) => openSync(file, 'w')) as [number, number]

/** Whether its first thread has ended and others have not: until they have, nobody is told. */
function isHalfDead({ pid }: ChildProcess): boolean {
  try {
    return /^Threads:\t(?!1$)\d+/m.test(status(pid)) && /^State:\tZ/m.test(status(pid))
  } catch {
    return false
  }
}

const status = (pid: number | undefined): string => readFileSync(`/proc/${pid}/status`, 'latin1')

try {
  // Each step of it is replaced by the next, so that the process is Wine's in the end.
  const inside = ['dash', '-c', 'cd "$0" && exec "$@"', process.cwd(), wine, ...args]
  const child = spawn(program, [...before, ...inside], { stdio: ['ignore', out, err] })
  let ticks = 0
  let hasCrashed = false
  const timer = setInterval(() => {
    ticks = isHalfDead(child) ? ticks + 1 : 0
    hasCrashed ||= ticks === 5 && child.kill('SIGKILL')
  }, 500)
  const [code] = (await once(child, 'exit')) as [number | null]
  clearInterval(timer)
  process.exitCode = code ?? 1
  process.stdout.write(readFileSync(files[0]))
  process.stderr.write(readFileSync(files[1]))
  if (hasCrashed) process.stderr.write(`${wineCrashed}\n`)
} finally {
  closeSync(out)
  closeSync(err)
  rmSync(folder, { recursive: true, force: true })
}
