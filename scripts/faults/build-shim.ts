/** Builds shim.c by the system's compiler, beside what was compiled from TypeScript. */
import { spawnSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The name of the compiler. */
export const compiler = process.env['CC'] ?? 'cc'

/** The path of the library. */
export function buildShim(): string {
  const library = fileURLToPath(new URL('shim.so', import.meta.url))
  const strict = ['-std=c17', '-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC']
  // Renamed when it is complete: somebody else may load it meanwhile.
  const stage = `${library}.${process.pid}`
  const args = [...strict, '-o', stage, 'scripts/faults/shim.c']
  const { status, error } = spawnSync(compiler, args, { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${compiler} cannot build the shim`, { cause: error })
  renameSync(stage, library)
  return library
}
