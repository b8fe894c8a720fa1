/** Programs in which system calls of the native module fail: scripts/faults/shim.c does that. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildShim, compiler } from '../../scripts/faults/build-shim.js'
import { createControl } from '../../scripts/faults/control.js'
import { run } from './child.js'
import { type Run, isComplete, served, where } from './platforms.js'

function hasCompiler(): boolean {
  return spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0
}

const isHere = process.platform === 'linux' && (isComplete || hasCompiler())

/** Declares tests that need the shim. */
export const failing: Run = where(isHere, 'needs Linux and a C compiler')

/** The same with connections of HTTP. */
export const failingServed: Run = isHere ? served : failing

let shim: string | undefined

/** What comes of cases of programs/failing-calls.ts, by their names. */
export async function play(
  io: string,
  ...names: readonly string[]
): Promise<Readonly<Record<string, unknown>>> {
  shim ??= buildShim()
  const folder = mkdtempSync(path.join(tmpdir(), 'mio-js-'))
  const control = path.join(folder, 'control')
  createControl(control)
  const env = { LD_PRELOAD: shim, MIO_JS_FAULTS: control }
  try {
    const options = ['--expose-gc']
    const outcome = await run('failing-calls', [io, ...names], options, undefined, undefined, env)
    const { code, signal, stdout, stderr } = outcome
    if (code !== 0 || stderr !== '') throw new Error(`${signal ?? code}: ${stderr}`)
    return JSON.parse(stdout) as Record<string, unknown>
  } finally {
    rmSync(folder, { recursive: true })
  }
}
