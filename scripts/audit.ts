/**
 * What this project is made of, held against its rules: licences, sources and duplicates of crates
 * (deny.toml). With `--advisories` against what is known to be vulnerable as well, which needs the
 * network: the database of RustSec, and what npm's registry knows of the tools of development.
 *
 * usage: npm run audit [-- --advisories]
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { cargoTool } from './cargo-tools.js'

const { values } = parseArgs({ options: { advisories: { type: 'boolean', default: false } } })

let failed = false

function step(command: string, ...args: string[]): void {
  console.log(`> ${[command.replace(/^.*[\\/]/, ''), ...args].join(' ')}`)
  const shell = process.platform === 'win32'
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], shell })
  if (status !== 0) failed = true
}

const deny = cargoTool('cargo-deny')
const advisories = values.advisories ? ['advisories'] : []
// The workspace has what is published, and what is measured against. Fuzzing is on its own, with a lock
// file of its own: of that it counts where it comes from.
for (const [manifest, ...checks] of [
  ['Cargo.toml', 'bans', 'licenses', 'sources'],
  ['fuzz/Cargo.toml', 'sources'],
] as const) {
  const options = ['--manifest-path', manifest, '--config', 'deny.toml', '--locked']
  step(deny, ...options, 'check', ...checks, ...advisories)
}
if (values.advisories) {
  step('npm', 'audit', '--package-lock-only')
  step('npm', 'audit', 'signatures')
}
process.exitCode = failed ? 1 : 0
