/** What a tarball of npm says of itself. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

export interface Tarball {
  readonly file: string
  readonly name: string
  readonly version: string
  readonly optionalDependencies: Readonly<Record<string, string>>
  /** As registries and lock files give it. */
  readonly integrity: string
}

export function readTarball(file: string): Tarball {
  const bytes = readFileSync(file)
  const text = entryOf(gunzipSync(bytes), 'package/package.json')
  if (text === undefined) throw new Error(`${file} has no manifest`)
  const { name, version, optionalDependencies = {} } = JSON.parse(text) as Tarball
  const digest = createHash('sha512').update(bytes).digest('base64')
  return { file, name, version, optionalDependencies, integrity: `sha512-${digest}` }
}

/** One file of an archive: a header of 512 bytes, then the contents, filled up to 512 bytes. */
function entryOf(archive: Buffer, name: string): string | undefined {
  for (let at = 0; at + 512 <= archive.length;) {
    const field = (from: number, length: number): string =>
      archive.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '')
    const size = Number.parseInt(field(124, 12) || '0', 8)
    const from = at + 512
    if (field(0, 100) === name) return archive.toString('utf8', from, from + size)
    at = from + Math.ceil(size / 512) * 512
  }
  return undefined
}
