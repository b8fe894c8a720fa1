/**
 * Builds the native module for this machine and puts it where `src/binding.ts` looks first.
 *
 * The file is replaced by a rename: a process that has the old one mapped keeps it.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, renameSync } from 'node:fs'
import { tuple } from '#src/platform.js'

const libraries: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'libmio_js_binding.dylib',
  win32: 'mio_js_binding.dll',
}

const args = ['build', '--release', '--locked', '--package', 'mio-js-binding']
const { status } = spawnSync('cargo', args, { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

const library = libraries[process.platform] ?? 'libmio_js_binding.so'
const target = `mio-js.${tuple()}.node`
copyFileSync(`${process.env['CARGO_TARGET_DIR'] ?? 'target'}/release/${library}`, `${target}.new`)
renameSync(`${target}.new`, target)
