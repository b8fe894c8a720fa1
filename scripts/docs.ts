/**
 * Builds the site of the documentation from `docs/` and the doc comments, into `build/site` or the
 * folder that is named.
 *
 * usage: docs.js [--out DIR] [--base /PATH/]   `base` is where a server has it, `/` by default
 *        docs.js --dev                         serves it, and shows each change of `docs/`
 */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { copyPages, copySources, write } from './docs/pages.js'
import { generated } from './docs/places.js'
import { writeReference } from './docs/reference.js'

const { values: options } = parseArgs({
  options: {
    base: { type: 'string', default: '/' },
    dev: { type: 'boolean', default: false },
    out: { type: 'string', default: 'build/site' },
  },
})

function run(program: string, args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [program, ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

rmSync(generated, { recursive: true, force: true })
copyPages()
copySources()
write('reference.json', JSON.stringify(writeReference()))

const out = resolve(options.out)
const args = options.dev
  ? ['dev', 'docs']
  : ['build', 'docs', '--base', options.base, '--outDir', out]
// VitePress compiles its configuration, and does not check it.
run('node_modules/typescript/bin/tsc', ['-p', 'docs'])
run('docs/node_modules/vitepress/bin/vitepress.js', args)
if (!options.dev) console.log(`the site is in ${options.out}`)
