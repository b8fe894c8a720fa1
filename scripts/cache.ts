/**
 * The folder outside of the repository where things are kept that take long to download, once for
 * all clones. What is there is complete: it is put together aside, and renamed.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** A path in the cache. */
export function cachePath(...parts: readonly string[]): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mio-js', ...parts)
}

/** Fills a folder of the cache, unless it is there; returns it. */
export function installOnce(folder: string, fill: (stage: string) => void): string {
  if (existsSync(folder)) return folder
  mkdirSync(dirname(folder), { recursive: true })
  const stage = mkdtempSync(join(dirname(folder), 'installing-'))
  try {
    fill(stage)
    // Somebody else may have been faster.
    if (!existsSync(folder)) renameSync(stage, folder)
    return folder
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}
