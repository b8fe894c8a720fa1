/**
 * Looks for inputs after which something is not true that always must be, with cargo-fuzz, one target
 * after the other: see fuzz/README.md. Linux and macOS.
 *
 * usage: npm run fuzz [-- TARGET…] [--seconds N]      N for each target
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { cargoTool } from './cargo-tools.js'
import { cleanEnvironment } from './cross/compile.js'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '300' } },
})

// The stable compiler has what fuzzing needs, if it is told that it may.
const env = { ...cleanEnvironment(), RUSTC_BOOTSTRAP: '1' }

const all = readdirSync('fuzz/fuzz_targets').map((name) => name.replace(/\.rs$/, ''))
const targets = positionals.length > 0 ? positionals : all
const unknown = targets.find((name) => !all.includes(name))
if (unknown !== undefined) throw new Error(`there is no ${unknown}: ${all.join(', ')}`)

const tool = cargoTool('cargo-fuzz')
const failed = targets.filter((name) => {
  console.log(`== ${name}`)
  const corpus = `fuzz/corpus/${name}`
  mkdirSync(corpus, { recursive: true })
  const folders = ['--target-dir', 'target/fuzz', name, corpus, `fuzz/seeds/${name}`]
  const limits = [`-max_total_time=${values.seconds}`, '-timeout=30', '-print_final_stats=1']
  const args = ['run', ...folders, '--', ...limits]
  return spawnSync(tool, args, { env, stdio: 'inherit' }).status !== 0
})
for (const name of failed) console.log(`${name}: see fuzz/artifacts/${name}/`)
process.exitCode = failed.length === 0 ? 0 : 1
