/**
 * A folder that is this repository with another binary: what the specs import is copied, since a
 * link would lead back to here, and what they read is linked.
 */
import { copyFileSync, cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'

const copied = ['build', 'dist', 'package.json']

/** Makes the folder, with one binary under its own name. Whoever asks removes it. */
export function makeStage(binary: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mio-js-platforms-'))
  try {
    for (const name of copied) cpSync(name, join(folder, name), { recursive: true })
    for (const name of readdirSync('.')) {
      if (copied.includes(name) || name.endsWith('.node') || name.startsWith('.git')) continue
      symlinkSync(resolve(name), join(folder, name))
    }
    copyFileSync(binary, join(folder, basename(binary)))
    return folder
  } catch (error) {
    removeStage(folder)
    throw error
  }
}

export function removeStage(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
