/** The binaries that are run: as they are published, built by `npm run cross` where they are not there. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { artifactFolder, type BuildRecord } from '../cross/record.js'
import { sourcesOfBinaries } from '../sources.js'

/** What is known of a binary; nothing if there is none that was built of what is here. */
export function artifactRecord(tuple: string): BuildRecord | undefined {
  const file = join(artifactFolder(tuple), 'record.json')
  if (!existsSync(file)) return undefined
  const record = JSON.parse(readFileSync(file, 'utf8')) as BuildRecord
  return record.sources === sourcesOfBinaries() ? record : undefined
}

/** The file of a platform's binary. */
export function artifactOf(tuple: string): string {
  if (artifactRecord(tuple) === undefined) {
    const args = ['build/scripts/cross/cross.js', tuple]
    const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] })
    if (status !== 0 || artifactRecord(tuple) === undefined) {
      throw new Error(`there is no binary for ${tuple}: npm run cross -- ${tuple}`)
    }
  }
  return join(artifactFolder(tuple), `mio-js.${tuple}.node`)
}
