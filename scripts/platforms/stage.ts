/**
 * A folder that is this repository with another binary: what the specs import is copied, since a
 * link would lead back to here, and so are single files, as npm packs no links. Other folders, which
 * they read, are linked.
 */
import { copyFileSync, cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const copied = new Set(['build', 'dist'])

const made = new Set<string>()

process.on('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

/** Makes the folder, with one binary as that of a platform. Whoever asks removes it. */
export function makeStage(binary: string, tuple: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'mio-js-platforms-'))
  made.add(folder)
  try {
    for (const entry of readdirSync('.', { withFileTypes: true })) {
      const { name } = entry
      if (name.endsWith('.node') || name === '.git') continue
      if (copied.has(name)) cpSync(name, join(folder, name), { recursive: true })
      else if (entry.isDirectory()) symlinkSync(resolve(name), join(folder, name))
      else if (entry.isFile()) copyFileSync(name, join(folder, name))
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
