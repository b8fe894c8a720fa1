/** What is needed to run the core on WASI: its example as a module, and wasmtime. */
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cleanEnvironment, denyWarnings } from './compile.js'
import { installFromPypi } from './python.js'
import { rustFor } from './rust.js'

const triple = 'wasm32-wasip1'

/** Compiles an example of the core; the path of the module. */
export function buildExample(name: string): string {
  const { environment, flags } = rustFor(triple, 'any', cleanEnvironment())
  const args = ['build', '--locked', '--target', triple, '--package', 'mio-js-core']
  args.push('--example', name, ...denyWarnings(triple), ...flags)
  const { error, status } = spawnSync('cargo', args, {
    env: environment,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error(`cargo: ${error?.message ?? `ended with ${status}`}`)
  const folder = join(process.env['CARGO_TARGET_DIR'] ?? 'target', triple, 'debug')
  return join(folder, 'examples', `${name}.wasm`)
}

/** The program; installs it if it is not there. */
export function wasmtime(): string {
  const folder = installFromPypi('wasmtime', 'scripts/tools/wasmtime.txt', (stage) => {
    chmodSync(programIn(stage), 0o755)
  })
  return programIn(folder)
}

function programIn(folder: string): string {
  const [version = ''] = readdirSync(join(folder, 'lib'))
  return join(folder, 'lib', version, 'site-packages', 'wasmtime_cli', 'wasmtime')
}
