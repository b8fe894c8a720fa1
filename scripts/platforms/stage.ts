/**
 * A folder that is this repository with another binary: what the specs import is copied, since a
 * link would lead back to here, and what they read is linked.
 */
import { copyFileSync, cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const copied = ['build', 'dist', 'package.json']

const made = new Set<string>()

process.on('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

/** Makes the folder, with one binary as that of a platform. Whoever asks removes it. */
export function makeStage(binary: string, tuple: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mio-js-platforms-'))
  made.add(folder)
  try {
    for (const name of copied) cpSync(name, join(folder, name), { recursive: true })
    for (const name of readdirSync('.')) {
      if (copied.includes(name) || name.endsWith('.node') || name === '.git') continue
      symlinkSync(resolve(name), join(folder, name))
    }
    copyFileSync(binary, join(folder, `mio-js.${tuple}.node`))
    return folder
  } catch (error) {
    removeStage(folder)
    throw error
  }
}

export function removeStage(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
