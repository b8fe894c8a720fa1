/** Compiles with the oldest Rust that is supported: that of `rust-version` in Cargo.toml. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const floor = /^rust-version = "(.+)"$/m.exec(readFileSync('Cargo.toml', 'utf8'))?.[1]
if (floor === undefined) throw new Error('Cargo.toml has no rust-version')

function run(command: string, args: readonly string[]): void {
  const { error, status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status === 0) return
  console.error(`${command} ${args.join(' ')}: ${error?.message ?? `ended with ${status}`}`)
  process.exit(1)
}

run('rustup', ['toolchain', 'install', floor, '--profile', 'minimal', '--no-self-update'])
run('cargo', [`+${floor}`, 'check', '--workspace', '--locked'])
