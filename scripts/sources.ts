/** What the binaries are built of: a name for it that changes when any of it does. */
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const files = ['Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml', '.cargo/config.toml']

export function sourcesOfBinaries(): string {
  const sources = readdirSync('crates', { recursive: true, encoding: 'utf8' })
    .map((name) => join('crates', name))
    .filter((name) => /\.(rs|toml)$/.test(name))
  const hash = createHash('sha256')
  for (const name of [...files, ...sources.toSorted()]) hash.update(name).update(readFileSync(name))
  return hash.digest('hex')
}
