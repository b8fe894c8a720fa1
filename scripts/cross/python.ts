/** Programs that PyPI has as packages: installed once, outside of the repository. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cachePath, installOnce } from '../cache.js'

/**
 * A virtual environment of Python with exactly what a file of requirements names. `finish` completes
 * one that was just installed.
 */
export function installFromPypi(
  name: string,
  requirements: string,
  finish: (folder: string) => void = () => {},
): string {
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  return installOnce(cachePath('cross', `${name}-${wanted.slice(0, 16)}`), (stage) => {
    run('python3', ['-m', 'venv', stage], 'python3 with venv is needed (Debian: python3-venv)')
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
    run(join(stage, 'bin', 'python3'), [...pip, '-r', requirements], `${name} cannot be installed`)
    finish(stage)
  })
}

function run(command: string, args: readonly string[], problem: string): void {
  const { error, status } = spawnSync(command, args, { stdio: ['ignore', 2, 2] })
  if (status !== 0)
    throw new Error(`${problem}: ${command} ${error?.message ?? `ended: ${status}`}`)
}
